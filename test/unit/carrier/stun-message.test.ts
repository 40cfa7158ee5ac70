/** The parser of what STUN and TURN servers answer, with the vectors of RFC 5769 and hostile bytes. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeStunRequest,
  isUsefulAnswer,
  stunTransaction,
} from '../../../src/engine/carrier/stun-message.ts';

/** RFC 5769 §2.2: a binding response with an IPv4 mapped address. */
const RESPONSE = Buffer.from(
  `0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220
   002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d78028
   0004c07d4c96`.replaceAll(/\s/g, ''),
  'hex',
);
const TRANSACTION = 'b7e7a701bc34d686fa87dfae';

describe('requests', () => {
  test('have a header and nothing more (RFC 8489 §5)', () => {
    const request = encodeStunRequest('binding', Buffer.from(TRANSACTION, 'hex'));
    expect(Buffer.from(request).toString('hex')).toBe(`000100002112a442${TRANSACTION}`);
    const allocate = encodeStunRequest('allocate', Buffer.from(TRANSACTION, 'hex'));
    expect(Buffer.from(allocate).toString('hex')).toBe(`000300002112a442${TRANSACTION}`);
  });
});

describe('answers', () => {
  test('of the RFC', () => {
    expect(stunTransaction(RESPONSE)).toBe(TRANSACTION);
    expect(isUsefulAnswer(RESPONSE, 'binding')).toBe(true);
    expect(isUsefulAnswer(RESPONSE, 'allocate')).toBe(false);
  });

  test('of a TURN server that wants a password', () => {
    const answer = Buffer.from(RESPONSE);
    answer.writeUInt16BE(0x0113, 0);
    expect(isUsefulAnswer(answer, 'allocate')).toBe(true);
    expect(isUsefulAnswer(answer, 'binding')).toBe(false);
  });

  test('a request sent back, or a success without an address, is none', () => {
    const request = encodeStunRequest('binding', Buffer.from(TRANSACTION, 'hex'));
    expect(isUsefulAnswer(request, 'binding')).toBe(false);
    const bare = Buffer.from(request);
    bare.writeUInt16BE(0x0101, 0);
    expect(stunTransaction(bare)).toBe(TRANSACTION);
    expect(isUsefulAnswer(bare, 'binding')).toBe(false);
  });

  test('cut off, too long or without the cookie are none', () => {
    for (let length = 0; length < RESPONSE.length; length++) {
      expect(stunTransaction(RESPONSE.subarray(0, length))).toBeUndefined();
    }
    expect(stunTransaction(Buffer.concat([RESPONSE, Buffer.alloc(4)]))).toBeUndefined();
    const other = Buffer.from(RESPONSE);
    other[4] = 0;
    expect(stunTransaction(other)).toBeUndefined();
  });

  test('any bytes do no harm', () => {
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 64 });
    fc.assert(
      fc.property(bytes, fc.boolean(), (rest, isWhole) => {
        const message = isWhole ? Buffer.concat([RESPONSE.subarray(0, 20), rest]) : rest;
        if (isWhole) (message as Buffer).writeUInt16BE(rest.length, 2);
        if (stunTransaction(message) === undefined) return;
        expect(typeof isUsefulAnswer(message, 'binding')).toBe('boolean');
      }),
      { numRuns: 2000 },
    );
  });
});
