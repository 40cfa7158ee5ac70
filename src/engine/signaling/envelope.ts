/**
 * What travels over a signaling connection. Binary: one sealed envelope, `version u8 = 1 |
 * salt 16 | sequence u32 | ciphertext and tag`. Text: `{"error": "used"}` and its like.
 *
 * Invariant: nothing in clear but a random salt and a count; a refusal is only ever taken as a
 * reason to give up, since anyone on the way can send it.
 */
import * as v from 'valibot';

import { SEALING_SALT_BYTES, SIGNALING_BYTES_MAX } from '../../shared/limits.ts';

/** Tag of AES-GCM at the end of `sealed`, bytes. */
export const SEALING_TAG_BYTES = 16;

const VERSION = 1;
const SEQUENCE_AT = 1 + SEALING_SALT_BYTES;
const SEALED_AT = SEQUENCE_AT + 4;

/** Bytes a plaintext in one envelope may have. */
export const SEALED_PLAINTEXT_BYTES_MAX = SIGNALING_BYTES_MAX - SEALED_AT - SEALING_TAG_BYTES;

/** What only the holders of the invite can read and make. */
export interface Envelope {
  /** Random, 16 bytes; one per sender and conversation. */
  readonly salt: Uint8Array;
  /** Counts the sender's envelopes from 0, u32. */
  readonly sequence: number;
  /** Ciphertext and 16 bytes of tag. */
  readonly sealed: Uint8Array;
}

const RefusalSchema = v.strictObject({ error: v.picklist(['used', 'expired', 'cancelled']) });

/** Why a room turns a joiner away. */
export type RefusalReason = v.InferOutput<typeof RefusalSchema>['error'];

export type SignalingMessage =
  | { readonly kind: 'envelope'; readonly envelope: Envelope }
  | { readonly kind: 'refusal'; readonly reason: RefusalReason };

/** The wire form: bytes go in a binary WebSocket message, a string in a text one. */
export function encodeSignalingMessage(message: SignalingMessage): Uint8Array | string {
  if (message.kind === 'refusal') return JSON.stringify({ error: message.reason });
  const { salt, sequence, sealed } = message.envelope;
  const head = Buffer.alloc(SEALED_AT);
  head.writeUInt8(VERSION);
  head.set(salt, 1);
  head.writeUInt32BE(sequence, SEQUENCE_AT);
  return Buffer.concat([head, sealed]);
}

/** Reads a message, bytes of a binary one or the string of a text one; `undefined` if it is none. */
export function parseSignalingMessage(data: Uint8Array | string): SignalingMessage | undefined {
  if (typeof data === 'string') return parseRefusal(data);
  if (data.length < SEALED_AT + SEALING_TAG_BYTES || data.length > SIGNALING_BYTES_MAX) {
    return undefined;
  }
  if (data[0] !== VERSION) return undefined;
  const view = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return {
    kind: 'envelope',
    envelope: {
      salt: Uint8Array.from(view.subarray(1, SEQUENCE_AT)),
      sequence: view.readUInt32BE(SEQUENCE_AT),
      sealed: Uint8Array.from(view.subarray(SEALED_AT)),
    },
  };
}

function parseRefusal(text: string): SignalingMessage | undefined {
  try {
    const parsed = v.safeParse(RefusalSchema, JSON.parse(text));
    return parsed.success ? { kind: 'refusal', reason: parsed.output.error } : undefined;
  } catch {
    return undefined;
  }
}
