/**
 * Sealed envelopes between the two computers of a pairing: AES-256-GCM (NIST SP 800-38D), through
 * servers and networks nobody trusts.
 *
 * Invariant: `open` returns a plaintext at most once, in the order it was sent, and only if it was
 * sealed by the holder of the secret, for this direction, in answer to this very conversation. A
 * key is never used again: each sender derives its own from a random salt, and its counter only
 * grows.
 *
 * AAD: room | direction | sequence | salt of the receiver, empty in the joiner's first envelope.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

import { SEALING_SALT_BYTES, SEALING_SALTS_MAX } from '../../shared/limits.ts';
import { type Envelope, SEALING_TAG_BYTES } from '../signaling/envelope.ts';
import { deriveSealingKey, directionOf, type PairingKeys, type PairingRole } from './keys.ts';
import type { Secret } from './secret.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;

/** The salts one room has seen, so that nothing recorded in one connection opens in another. */
export class SaltMemory {
  readonly #seen = new Set<string>();
  readonly #max: number;
  readonly #whenFull: 'refuse' | 'forget-oldest';

  constructor(max = SEALING_SALTS_MAX, whenFull: 'refuse' | 'forget-oldest' = 'refuse') {
    this.#max = max;
    this.#whenFull = whenFull;
  }

  /** Remembers `salt`; `refused` if it was seen before or there is no room for more. */
  remember(salt: Uint8Array): 'new' | 'refused' {
    const key = Buffer.from(salt).toString('hex');
    if (this.#seen.has(key)) return 'refused';
    if (this.#seen.size >= this.#max) {
      if (this.#whenFull === 'refuse') return 'refused';
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    }
    this.#seen.add(key);
    return 'new';
  }
}

export interface ConversationOptions {
  readonly keys: PairingKeys;
  /** The role of this end. */
  readonly role: PairingRole;
  /** What is shared by all conversations in this room at this end. */
  readonly salts?: SaltMemory;
  /** 16 bytes never used before. @default random ones */
  readonly salt?: Uint8Array;
}

/** One end of one conversation in a room: seals what it sends, opens what it receives. */
export class SealedConversation {
  readonly #keys: PairingKeys;
  readonly #role: PairingRole;
  readonly #salts: SaltMemory;
  readonly #salt: Uint8Array;
  readonly #key: Secret;
  #peer: { readonly salt: Uint8Array; readonly key: Secret } | undefined;
  #sent = 0;
  #opened = 0;

  constructor(options: ConversationOptions) {
    this.#keys = options.keys;
    this.#role = options.role;
    this.#salts = options.salts ?? new SaltMemory();
    this.#salt = options.salt ?? randomBytes(SEALING_SALT_BYTES);
    this.#key = deriveSealingKey(this.#keys.prk, this.#role, this.#salt);
  }

  /** Seals the next plaintext to the other end. */
  seal(plaintext: Uint8Array): Envelope {
    const sequence = this.#sent++;
    const cipher = createCipheriv(CIPHER, this.#key.reveal(), nonceOf(sequence));
    cipher.setAAD(this.#associatedData(this.#role, sequence, this.#peer?.salt));
    const sealed = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    return { salt: this.#salt, sequence, sealed };
  }

  /** Opens the other end's next envelope; `undefined` for anything that is not exactly that. */
  open(envelope: Envelope): Uint8Array | undefined {
    if (envelope.sequence !== this.#opened) return undefined;
    const peer = this.#peer ?? this.#peerOf(envelope.salt);
    if (!sameBytes(envelope.salt, peer.salt)) return undefined;
    const plaintext = this.#decrypt(envelope, peer.key);
    if (plaintext === undefined) return undefined;
    if (this.#peer === undefined && this.#salts.remember(peer.salt) === 'refused') return undefined;
    this.#peer = peer;
    this.#opened++;
    return plaintext;
  }

  #peerOf(salt: Uint8Array): { readonly salt: Uint8Array; readonly key: Secret } {
    return { salt, key: deriveSealingKey(this.#keys.prk, this.#other, salt) };
  }

  #decrypt(envelope: Envelope, key: Secret): Uint8Array | undefined {
    const { sequence, sealed } = envelope;
    const end = sealed.length - SEALING_TAG_BYTES;
    if (end < 0) return undefined;
    try {
      const decipher = createDecipheriv(CIPHER, key.reveal(), nonceOf(sequence), {
        authTagLength: SEALING_TAG_BYTES,
      });
      decipher.setAAD(this.#associatedData(this.#other, sequence, this.#salt));
      decipher.setAuthTag(sealed.subarray(end));
      return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()]);
    } catch {
      return undefined;
    }
  }

  get #other(): PairingRole {
    return this.#role === 'sharer' ? 'joiner' : 'sharer';
  }

  #associatedData(
    sender: PairingRole,
    sequence: number,
    receiverSalt: Uint8Array | undefined,
  ): Uint8Array {
    const isFirst = sender === 'joiner' && sequence === 0;
    const answersTo = isFirst ? new Uint8Array(0) : (receiverSalt ?? new Uint8Array(0));
    return Buffer.concat([this.#keys.room, directionOf(sender), u32(sequence), answersTo]);
  }
}

function nonceOf(sequence: number): Uint8Array {
  return Buffer.concat([new Uint8Array(NONCE_BYTES - 4), u32(sequence)]);
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Not for secrets: takes as long as the bytes are alike. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
