/**
 * One side's part in what a pairing agrees on beyond the proof: the digits and the pair key.
 *
 * Invariant: all that is random here is made once, in the constructor, and serves one carrier.
 */
import { randomBytes } from 'node:crypto';

import { portholeError } from '../../shared/errors.ts';
import type { AuthRole, Hello } from './authentication.ts';
import { commitmentTo, DIGITS_NONCE_BYTES, digitsOf, opensCommitment } from './digits.ts';
import { EphemeralKey } from './ephemeral-key.ts';
import { derivePairKey } from './keys.ts';
import type { Secret } from './secret.ts';

interface PairKeyAgreement {
  readonly peer: Hello;
  readonly transcript: Uint8Array;
  /** The prk of the invite. */
  readonly prk: Secret;
}

interface Reveal {
  readonly peer: Hello;
  readonly transcript: Uint8Array;
  /** What the peer's READY revealed. */
  readonly nonce: Uint8Array;
}

export class PairingExchange {
  /** For READY: this side's nonce of the digits, 32 bytes. */
  readonly reveal: Uint8Array = randomBytes(DIGITS_NONCE_BYTES);
  /** For HELLO: what the answerer commits itself to, 32 bytes; nothing for the offerer. */
  readonly commitment: Uint8Array;
  readonly #role: AuthRole;
  readonly #ephemeral = new EphemeralKey();

  constructor(role: AuthRole, publicKey: Uint8Array) {
    this.#role = role;
    this.commitment =
      role === 'answerer' ? commitmentTo(this.reveal, publicKey) : new Uint8Array(0);
  }

  /** For HELLO: an X25519 public key, 32 bytes. */
  get ephemeral(): Uint8Array {
    return this.#ephemeral.publicKey;
  }

  /** The key both computers will know each other by; once. Throws `E_IDENTITY`. */
  agreePairKey({ peer, transcript, prk }: PairKeyAgreement): Secret {
    const shared = this.#ephemeral.agree(peer.ephemeral);
    return derivePairKey({ transcript, prk, shared });
  }

  /** The digits to compare. Throws `E_IDENTITY` for a nonce the peer had not committed itself to. */
  digits({ peer, transcript, nonce }: Reveal): string {
    const isOfferer = this.#role === 'offerer';
    const isHonest = isOfferer
      ? opensCommitment(peer.commitment, nonce, peer.publicKey)
      : nonce.length === DIGITS_NONCE_BYTES;
    if (!isHonest) throw portholeError('E_IDENTITY');
    return digitsOf({
      transcript,
      offererNonce: isOfferer ? this.reveal : nonce,
      answererNonce: isOfferer ? nonce : this.reveal,
    });
  }

  /** Drops the private key, used or not. */
  forget(): void {
    this.#ephemeral.forget();
  }
}
