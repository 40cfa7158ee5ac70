/**
 * The six digits that two people compare, and the commitment that keeps a computer between them from
 * choosing them (docs/protocol.md, digits). Pure.
 *
 * Invariant: the digits depend on the whole transcript and on one nonce of each side. The joining
 * side's is fixed by its commitment before it sees the sharing side's, and that one is shown before
 * the joining side's is: so nobody knows the digits while there still is something to choose.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

import { hkdfExpand, hkdfExtract } from './keys.ts';

/** Random bytes each side puts into the digits. */
export const DIGITS_NONCE_BYTES = 32;
/** Length of a commitment: SHA-256. */
export const COMMITMENT_BYTES = 32;

const COMMITMENT_LABEL = Buffer.from('porthole/commitment/1');
const DIGITS_LABEL = Buffer.from('porthole/digits/1');
const DIGITS = 6;
/** 2^48 is 281 million times 10^6: no number of six digits is noticeably likelier than another. */
const DIGITS_SOURCE_BYTES = 6;

export interface DigitsInput {
  /** Of the two HELLOs, 32 bytes. */
  readonly transcript: Uint8Array;
  /** What the offerer revealed, 32 bytes. */
  readonly offererNonce: Uint8Array;
  /** What the answerer revealed, 32 bytes. */
  readonly answererNonce: Uint8Array;
}

/** Commits the holder of `publicKey` (32 bytes) to `nonce` (32 bytes): it hides it and fits no other. */
export function commitmentTo(nonce: Uint8Array, publicKey: Uint8Array): Uint8Array {
  if (nonce.length !== DIGITS_NONCE_BYTES) throw new RangeError('wrong length of a nonce');
  return createHash('sha256').update(COMMITMENT_LABEL).update(publicKey).update(nonce).digest();
}

/** Whether `nonce` is what the holder of `publicKey` committed to; `false` for anything malformed. */
export function opensCommitment(
  commitment: Uint8Array,
  nonce: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  if (nonce.length !== DIGITS_NONCE_BYTES || commitment.length !== COMMITMENT_BYTES) return false;
  return timingSafeEqual(commitment, commitmentTo(nonce, publicKey));
}

/** The six decimal digits of a pairing, with their leading zeros. */
export function digitsOf({ transcript, offererNonce, answererNonce }: DigitsInput): string {
  const prk = hkdfExtract(transcript, Buffer.concat([offererNonce, answererNonce]));
  const source = Buffer.from(hkdfExpand(prk, DIGITS_LABEL, DIGITS_SOURCE_BYTES));
  const number = source.readUIntBE(0, DIGITS_SOURCE_BYTES) % 10 ** DIGITS;
  return String(number).padStart(DIGITS, '0');
}

/** The digits as a person reads them aloud: "482 913". */
export function formatDigits(digits: string): string {
  return `${digits.slice(0, DIGITS / 2)} ${digits.slice(DIGITS / 2)}`;
}
