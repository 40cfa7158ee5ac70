import { createHash } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  commitmentTo,
  digitsOf,
  formatDigits,
  opensCommitment,
} from '../../src/engine/pairing/digits.ts';

const fill = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value);
const input = { transcript: fill(1), offererNonce: fill(2), answererNonce: fill(3) };

describe('the digits', () => {
  test('are six, zeros in front included, and depend on the transcript and both nonces', () => {
    const all = new Set([digitsOf(input)]);
    for (let value = 10; value < 200; value++) {
      all.add(digitsOf({ ...input, transcript: fill(value) }));
      all.add(digitsOf({ ...input, offererNonce: fill(value) }));
      all.add(digitsOf({ ...input, answererNonce: fill(value) }));
    }
    for (const digits of all) expect(digits).toMatch(/^\d{6}$/);
    expect([...all].some((digits) => digits.startsWith('0'))).toBe(true);
    // 571 numbers of a million: two are equal by chance now and then, here never.
    expect(all.size).toBe(571);
  });

  test('are others when the nonces change places', () => {
    const swapped = { ...input, offererNonce: fill(3), answererNonce: fill(2) };
    expect(digitsOf(swapped)).not.toBe(digitsOf(input));
  });

  test('are spread evenly', () => {
    const RUNS = 20_000;
    const counts = Array.from({ length: 10 }, () => 0);
    const nonce = Buffer.alloc(32);
    for (let run = 0; run < RUNS; run++) {
      nonce.writeUInt32BE(run);
      const first = Number(digitsOf({ ...input, answererNonce: nonce })[0]);
      counts[first] = (counts[first] ?? 0) + 1;
    }
    const expected = RUNS / 10;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 9 degrees of freedom: above 33.7 once in 10,000, and the inputs are always the same.
    expect(chiSquare).toBeLessThan(33.7);
  });

  test('are read in two groups', () => {
    expect(formatDigits('482913')).toBe('482 913');
    expect(formatDigits('000007')).toBe('000 007');
  });
});

describe('a commitment', () => {
  const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

  test('is SHA-256 over label, key and nonce', () => {
    const hash = createHash('sha256')
      .update('porthole/commitment/1')
      .update(fill(1))
      .update(fill(2));
    expect(Buffer.from(commitmentTo(fill(2), fill(1))).equals(hash.digest())).toBe(true);
  });

  test('opens to its nonce, for its owner, and to nothing else', () => {
    fc.assert(
      fc.property(bytes32, bytes32, bytes32, (nonce, publicKey, other) => {
        fc.pre(!Buffer.from(nonce).equals(other) && !Buffer.from(publicKey).equals(other));
        const commitment = commitmentTo(nonce, publicKey);
        expect(opensCommitment(commitment, nonce, publicKey)).toBe(true);
        expect(opensCommitment(commitment, other, publicKey)).toBe(false);
        expect(opensCommitment(commitment, nonce, other)).toBe(false);
        expect(opensCommitment(other, nonce, publicKey)).toBe(false);
      }),
    );
  });

  test('cannot be moved: no byte of the nonce may change, none may be added or left out', () => {
    const nonce = fill(5);
    const commitment = commitmentTo(nonce, fill(1));
    for (let at = 0; at < 256; at++) {
      const flipped = Uint8Array.from(nonce);
      flipped[at >> 3] = (flipped[at >> 3] as number) ^ (1 << (at & 7));
      expect(opensCommitment(commitment, flipped, fill(1))).toBe(false);
    }
    // A byte that wandered from the key into the nonce.
    expect(opensCommitment(commitment, fill(5, 33), fill(1, 31))).toBe(false);
    expect(opensCommitment(commitment, fill(5, 31), fill(1))).toBe(false);
    expect(opensCommitment(new Uint8Array(0), nonce, fill(1))).toBe(false);
    expect(() => commitmentTo(fill(5, 31), fill(1))).toThrow(RangeError);
  });
});
