/**
 * The answer to an offline code, carried back by hand: `ver u8 = 1 | flags u8 = 128 | salt 16 |
 * sealed | check 4` in base64url behind `porthole://answer#`. Sealed as a joiner's first envelope
 * (sealing.ts): claim, then the answering description.
 *
 * Invariant: an answer opens only with the code it was made from, offer included. The key comes from
 * the invite's secret, and in place of the room the associated data has SHA-256(`porthole/answer/1` |
 * room | public key of the sharer | offer).
 */
import { createHash } from 'node:crypto';

import { portholeError } from '../../shared/errors.ts';
import { INVITE_NAME_BYTES_MAX, SEALING_SALT_BYTES } from '../../shared/limits.ts';
import { ByteReader } from './byte-reader.ts';
import { type Claimant, encodeClaim, parseClaim } from './claim-messages.ts';
import { CODE_VERSION, extractCode, FLAG_ANSWER, openCode, sealCode } from './code.ts';
import { packDescription, type SessionDescription, unpackDescription } from './description.ts';
import { cutName } from './device-name.ts';
import { PUBLIC_KEY_BYTES } from './identity.ts';
import type { OfflineCode } from './invite.ts';
import { derivePairingKeys, type PairingKeys } from './keys.ts';
import { SealedConversation } from './sealing.ts';

/** What an answer begins with. */
export const ANSWER_PREFIX = 'porthole://answer#';

// Behind the kind of the message and the public key.
const CLAIM_NAME_AT = 1 + PUBLIC_KEY_BYTES;

/** What an answer tells. */
export interface OfflineAnswer {
  /** Who answers; proved only on the channel. Its name has at most 24 bytes. */
  readonly claimant: Claimant;
  readonly description: SessionDescription;
}

export interface EncodeAnswerOptions extends OfflineAnswer {
  /** What is answered. */
  readonly code: OfflineCode;
  /** 16 bytes never used before. @default random ones */
  readonly salt?: Uint8Array;
}

/** Writes an answer as text. Its bytes: see the module header. */
export function encodeAnswer({ code, claimant, description, salt }: EncodeAnswerOptions): string {
  const conversation = new SealedConversation({
    keys: keysOf(code),
    role: 'joiner',
    ...(salt === undefined ? {} : { salt }),
  });
  const name = cutName(claimant.name, INVITE_NAME_BYTES_MAX);
  const envelope = conversation.seal(
    Buffer.concat([encodeClaim({ ...claimant, name }), packDescription(description)]),
  );
  const head = Uint8Array.of(CODE_VERSION, FLAG_ANSWER);
  return sealCode(ANSWER_PREFIX, Buffer.concat([head, envelope.salt, envelope.sealed]));
}

/**
 * Reads the answer to `code`, or what follows its `#`, as people paste it. Throws E_ANSWER_EXPECTED
 * for what is no answer, E_INVITE_DAMAGED for one that is cut short or mistyped, E_VERSION for one
 * of a newer version, and E_ANSWER_MISMATCH for one that was made from another code.
 */
export function parseAnswer(text: string, code: OfflineCode): OfflineAnswer {
  const { code: blob, origin } = extractCode(text);
  if (origin === 'invite')
    throw portholeError('E_ANSWER_EXPECTED', { given: 'a code to pair with' });
  const body = openCode(blob, FLAG_ANSWER);
  if (body === undefined && origin === 'answer') throw portholeError('E_INVITE_DAMAGED');
  if (body === undefined || body[1] !== FLAG_ANSWER) {
    throw portholeError('E_ANSWER_EXPECTED', { given: 'something else' });
  }
  const plaintext = openSealed(body, code);
  if (plaintext === undefined) throw portholeError('E_ANSWER_MISMATCH');
  const answer = readAnswer(plaintext);
  if (answer === undefined) throw portholeError('E_INVITE_DAMAGED');
  return answer;
}

function openSealed(body: Uint8Array, code: OfflineCode): Uint8Array | undefined {
  const reader = new ByteReader(body.subarray(2));
  const salt = reader.bytes(SEALING_SALT_BYTES);
  const sealed = reader.bytes(reader.left);
  if (salt === undefined || sealed === undefined) return undefined;
  const conversation = new SealedConversation({ keys: keysOf(code), role: 'sharer' });
  return conversation.open({ salt, sequence: 0, sealed });
}

/** The claim tells its own length; all after it is the description. */
function readAnswer(plaintext: Uint8Array): OfflineAnswer | undefined {
  const nameLength = plaintext[CLAIM_NAME_AT] ?? 0;
  const end = CLAIM_NAME_AT + 1 + nameLength;
  const claimant = parseClaim(plaintext.subarray(0, end));
  const description = readDescription(plaintext.subarray(end));
  return claimant && description ? { claimant, description } : undefined;
}

function readDescription(bytes: Uint8Array): SessionDescription | undefined {
  try {
    const description = unpackDescription(bytes);
    return description.kind === 'answer' ? description : undefined;
  } catch {
    return undefined;
  }
}

/** The keys of the invite, with this very code in place of the room. */
function keysOf({ invite, offer }: OfflineCode): PairingKeys {
  const keys = derivePairingKeys(invite.secret);
  const hash = createHash('sha256').update('porthole/answer/1').update(keys.room);
  const room = hash.update(invite.publicKey).update(packDescription(offer)).digest();
  return { ...keys, room };
}
