/**
 * An X25519 key (RFC 7748) that lives for one handshake.
 *
 * Invariant: the private key leaves this object nowhere, and after `agree()` or `forget()` nothing
 * refers to it any more.
 */
import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { portholeError } from '../../shared/errors.ts';

/** Length of an X25519 public key, bytes. */
export const EPHEMERAL_KEY_BYTES = 32;

// What stands before the 32 bytes of an X25519 public key in SPKI (RFC 8410 §4).
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

export class EphemeralKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  #privateKey: KeyObject | undefined;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('x25519');
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    this.publicKey = Uint8Array.from(spki.subarray(SPKI_PREFIX.length));
    this.#privateKey = privateKey;
  }

  /**
   * The secret shared with the holder of `peerPublicKey` (32 bytes), 32 bytes; once. Throws
   * `E_IDENTITY` for a point of low order, with which everybody would share the same one (RFC 7748
   * §6.1).
   */
  agree(peerPublicKey: Uint8Array): Uint8Array {
    const privateKey = this.#privateKey;
    this.forget();
    if (privateKey === undefined) throw new Error('an ephemeral key was used twice');
    const shared = sharedSecret(privateKey, peerPublicKey);
    if (shared.every((byte) => byte === 0)) throw portholeError('E_IDENTITY');
    return shared;
  }

  forget(): void {
    this.#privateKey = undefined;
  }
}

/** Some versions of OpenSSL refuse points of low order themselves, others give zeros. */
function sharedSecret(privateKey: KeyObject, peerPublicKey: Uint8Array): Uint8Array {
  try {
    const key = Buffer.concat([SPKI_PREFIX, peerPublicKey]);
    const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
    return diffieHellman({ privateKey, publicKey });
  } catch (cause) {
    throw portholeError('E_IDENTITY', undefined, { cause });
  }
}
