/**
 * What people carry from one computer to the other: bytes in base64url behind a prefix, and how to
 * find them in what was pasted.
 *
 * Invariant: one changed, missing or added character is found. Every code begins with version and
 * flags and ends with a check; `openCode(sealCode(…))` is the same body.
 */
import { createHash } from 'node:crypto';

import { portholeError } from '../../shared/errors.ts';
import { INVITE_CHARS_MAX } from '../../shared/limits.ts';

/** Version of every code of this Porthole. */
export const CODE_VERSION = 1;

/** Set in the flags of an answer and of nothing else. */
export const FLAG_ANSWER = 0x80;

const CHECK_BYTES = 4;

/** What the beginning of a text says it is. */
type CodeOrigin = 'invite' | 'answer' | 'unknown';

export interface CodeText {
  /** What follows the prefix, without what chats and terminals put around and into it. */
  readonly code: string;
  readonly origin: CodeOrigin;
}

// How version 1 without unknown flags begins: the bytes 01 00 to 01 03, and 01 80.
const BARE_INVITE = /^AQ[A-P]/;
const BARE_ANSWER = /^AY[A-D]/;

/** Finds the code in pasted text; a prefix is not needed. */
export function extractCode(text: string): CodeText {
  // Looked at up to twice the limit, so that wrapping and quotes do not count against it.
  const dense = text
    .slice(0, 2 * INVITE_CHARS_MAX)
    .replaceAll(/[\s\u200b-\u200d\u2060"'`<>\u2018-\u201f\u00ab\u00bb]/gu, '');
  const [prefix, kind] = /^porthole:\/\/(pair|answer)\/?#/i.exec(dense) ?? [];
  if (prefix !== undefined) {
    const origin = kind?.toLowerCase() === 'answer' ? 'answer' : 'invite';
    return { code: dense.slice(prefix.length), origin };
  }
  return { code: dense, origin: bareOrigin(dense) };
}

function bareOrigin(code: string): CodeOrigin {
  if (BARE_INVITE.test(code)) return 'invite';
  return BARE_ANSWER.test(code) ? 'answer' : 'unknown';
}

/** Writes a body, which begins with version and flags, as text behind `prefix`. */
export function sealCode(prefix: string, body: Uint8Array): string {
  return prefix + Buffer.concat([body, checkOf(body)]).toString('base64url');
}

/**
 * The body of a code; `undefined` when it was cut short or mistyped. Throws E_VERSION when a newer
 * version made it: a flag that is not in `knownFlags` changes what follows, so it counts as one.
 */
export function openCode(code: string, knownFlags: number): Uint8Array | undefined {
  const blob = decodeBase64url(code);
  if (blob === undefined) return undefined;
  const body = blob.subarray(0, -CHECK_BYTES);
  if (Buffer.compare(blob.subarray(-CHECK_BYTES), checkOf(body)) !== 0) return undefined;
  requireKnownVersion(body, knownFlags);
  return body;
}

/** Decodes base64url (RFC 4648 §5), accepting only the one canonical spelling of the bytes. */
function decodeBase64url(code: string): Buffer | undefined {
  if (code.length > INVITE_CHARS_MAX || !/^[\w-]+=*$/.test(code)) return undefined;
  const unpadded = code.replace(/=+$/, '');
  const bytes = Buffer.from(unpadded, 'base64url');
  return bytes.length > CHECK_BYTES && bytes.toString('base64url') === unpadded ? bytes : undefined;
}

function requireKnownVersion(body: Uint8Array, knownFlags: number): void {
  const [version = 0, flags = 0] = body;
  if (version === CODE_VERSION && (flags & ~knownFlags) === 0) return;
  const theirs = version === CODE_VERSION ? `newer than ${CODE_VERSION}` : version;
  throw portholeError('E_VERSION', { theirs, ours: CODE_VERSION });
}

function checkOf(body: Uint8Array): Uint8Array {
  return createHash('sha256').update(body).digest().subarray(0, CHECK_BYTES);
}
