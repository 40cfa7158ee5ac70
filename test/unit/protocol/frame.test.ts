/**
 * The frame codec against the published vectors. They are written by hand below; to print them anew
 * into test/vectors/frames.json: `UPDATE_VECTORS=1 npx vitest run test/unit/protocol/frame.test.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeArrived,
  encodeClose,
  encodeConnect,
  encodeCredit,
  encodeFin,
  encodeFrame,
  encodeMark,
  FRAME,
  parseClose,
  parseConnect,
  parseFrame,
  parseOffset,
  writeHeader,
} from '../../../src/engine/protocol/frame.ts';
import { PortholeError } from '../../../src/shared/errors.ts';
import {
  CLOSE_TEXT_BYTES_MAX,
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  SHARE_ID_BYTES_MAX,
} from '../../../src/shared/limits.ts';

const VECTORS_FILE = new URL('../../vectors/frames.json', import.meta.url);
const E_PROTOCOL = expect.objectContaining({ code: 'E_PROTOCOL' });
const SHARE_ID = Uint8Array.from({ length: 16 }, (_, index) => index);
const utf8 = new TextEncoder();

interface Vector {
  readonly name: string;
  readonly hex: string;
}

const VALID: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  [
    'CONNECT socket 1, credit 262144, share 000102…0f',
    encodeConnect(1, { shareId: SHARE_ID, credit: 262_144 }),
  ],
  [
    'DATA socket 1, seq 1, "hello"',
    encodeFrame({ type: FRAME.DATA, socketId: 1, seq: 1, payload: utf8.encode('hello') }),
  ],
  [
    'DATA socket 4294967294, seq 4294967295, one byte',
    encodeFrame({
      type: FRAME.DATA,
      socketId: 0xffff_fffe,
      seq: 0xffff_ffff,
      payload: Uint8Array.of(0xff),
    }),
  ],
  ['FIN socket 1, seq 2', encodeFin(1, 2)],
  [
    'CLOSE socket 1, seq 3, reason 2001, in order, no text',
    encodeClose(1, 3, { reason: 2001, order: 'in-order', text: '' }),
  ],
  [
    'CLOSE socket 2, seq 0, reason 2002, at once, "não"',
    encodeClose(2, 0, { reason: 2002, order: 'at-once', text: 'não' }),
  ],
  ['CREDIT socket 1, next 4, offset 0', encodeCredit(1, 4, 0)],
  ['CREDIT socket 1, next 0, offset 2^32 + 5', encodeCredit(1, 0, 2 ** 32 + 5)],
  ['CREDIT socket 1, next 7, offset 2^53 - 1', encodeCredit(1, 7, Number.MAX_SAFE_INTEGER)],
  ['CREDIT of the session, next 1', encodeCredit(0, 1, 0)],
  ['ARRIVED 32768', encodeArrived(32_768)],
  ['MARK 65545', encodeMark(65_545)],
  [
    'optional type 0x81, empty: ignored',
    encodeFrame({ type: 0x81, socketId: 0, seq: 0, payload: new Uint8Array(0) }),
  ],
];

/** Each must be refused with E_PROTOCOL, by the parser named. */
const INVALID: readonly (readonly [
  name: string,
  hex: string,
  parse: (message: Uint8Array) => unknown,
])[] = [
  ['empty message', '', parseFrame],
  ['header cut short', '0200000001000000', parseFrame],
  [
    'CONNECT without a share id',
    '0100000001000000000000000000040000',
    (m) => parseConnect(parseFrame(m).payload),
  ],
  [
    'CONNECT with half a credit',
    '01000000010000000000000000',
    (m) => parseConnect(parseFrame(m).payload),
  ],
  [
    'CONNECT with a share id of 65 bytes',
    `010000000100000000${'00'.repeat(8 + 65)}`,
    (m) => parseConnect(parseFrame(m).payload),
  ],
  [
    'CONNECT with a credit of 2^53',
    `0100000001000000000020000000000000${'00'.repeat(16)}`,
    (m) => parseConnect(parseFrame(m).payload),
  ],
  ['CLOSE without a flag', '03000000010000000307d1', (m) => parseClose(parseFrame(m).payload)],
  [
    'CLOSE with 201 bytes of text',
    `03000000010000000307d100${'61'.repeat(201)}`,
    (m) => parseClose(parseFrame(m).payload),
  ],
  ['CREDIT without an offset', '050000000100000004', (m) => parseOffset(parseFrame(m).payload)],
  [
    'CREDIT with seven bytes of offset',
    '05000000010000000400000000000000',
    (m) => parseOffset(parseFrame(m).payload),
  ],
  [
    'CREDIT with nine bytes of offset',
    '050000000100000004000000000000000000',
    (m) => parseOffset(parseFrame(m).payload),
  ],
  [
    'CREDIT with an offset of 2^53',
    '0500000001000000040020000000000000',
    (m) => parseOffset(parseFrame(m).payload),
  ],
  ['MARK without an offset', '800000000000000000', (m) => parseOffset(parseFrame(m).payload)],
  [
    'ARRIVED with an offset of 2^64 - 1',
    '070000000000000000ffffffffffffffff',
    (m) => parseOffset(parseFrame(m).payload),
  ],
];

function vectors(): { valid: Vector[]; invalid: Vector[] } {
  return {
    valid: VALID.map(([name, bytes]) => ({ name, hex: Buffer.from(bytes).toString('hex') })),
    invalid: INVALID.map(([name, hex]) => ({ name, hex })),
  };
}

describe('frame vectors', () => {
  it('are the published ones', () => {
    const text = `${JSON.stringify(vectors(), null, 2)}\n`;
    if (process.env['UPDATE_VECTORS'] === '1') writeFileSync(VECTORS_FILE, text);
    expect(JSON.parse(readFileSync(VECTORS_FILE, 'utf8'))).toEqual(vectors());
  });

  it('hold what the layout says, byte for byte', () => {
    const hex = Object.fromEntries(vectors().valid.map((vector) => [vector.name, vector.hex]));
    expect(hex['CONNECT socket 1, credit 262144, share 000102…0f']).toBe(
      '0100000001000000000000000000040000000102030405060708090a0b0c0d0e0f',
    );
    expect(hex['DATA socket 1, seq 1, "hello"']).toBe('02000000010000000168656c6c6f');
    expect(hex['DATA socket 4294967294, seq 4294967295, one byte']).toBe('02fffffffeffffffffff');
    expect(hex['FIN socket 1, seq 2']).toBe('040000000100000002');
    expect(hex['CLOSE socket 2, seq 0, reason 2002, at once, "não"']).toBe(
      '03000000020000000007d2016ec3a36f',
    );
    expect(hex['CREDIT socket 1, next 0, offset 2^32 + 5']).toBe(
      '0500000001000000000000000100000005',
    );
    expect(hex['CREDIT socket 1, next 7, offset 2^53 - 1']).toBe(
      '050000000100000007001fffffffffffff',
    );
    expect(hex['ARRIVED 32768']).toBe('0700000000000000000000000000008000');
  });

  it.each(VALID)('%s survives the round trip', (_name, bytes) => {
    expect(encodeFrame(parseFrame(bytes))).toEqual(bytes);
  });

  it.each(INVALID)('%s is refused', (_name, hex, parse) => {
    expect(() => parse(Uint8Array.from(Buffer.from(hex, 'hex')))).toThrow(E_PROTOCOL);
  });
});

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const offset = fc.maxSafeNat();

function cut(text: string): string {
  const message = encodeClose(1, 0, { reason: 1, order: 'in-order', text });
  return parseClose(parseFrame(message).payload).text;
}

/** The code of what `parse` throws, or `parsed`. */
function outcome(parse: () => unknown): string {
  try {
    parse();
    return 'parsed';
  } catch (thrown) {
    return thrown instanceof PortholeError ? thrown.code : String(thrown);
  }
}

describe('the frame codec', () => {
  it('gives back any frame', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }),
        u32,
        u32,
        fc.uint8Array({ maxLength: 300 }),
        (type, socketId, seq, payload) => {
          expect(parseFrame(encodeFrame({ type, socketId, seq, payload }))).toEqual({
            type,
            socketId,
            seq,
            payload,
          });
        },
      ),
    );
  });

  it('gives back any CONNECT, CREDIT, ARRIVED and CLOSE', () => {
    fc.assert(
      fc.property(
        u32,
        u32,
        offset,
        fc.uint8Array({ minLength: 1, maxLength: SHARE_ID_BYTES_MAX }),
        (id, seq, value, shareId) => {
          expect(
            parseConnect(parseFrame(encodeConnect(id, { shareId, credit: value })).payload),
          ).toEqual({ shareId, credit: value });
          const credit = parseFrame(encodeCredit(id, seq, value));
          expect([credit.seq, parseOffset(credit.payload)]).toEqual([seq, value]);
          expect(parseOffset(parseFrame(encodeArrived(value)).payload)).toBe(value);
        },
      ),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff }),
        fc.constantFrom('in-order' as const, 'at-once' as const),
        fc.string({ maxLength: 60 }),
        (reason, order, text) => {
          expect(
            parseClose(parseFrame(encodeClose(1, 2, { reason, order, text })).payload),
          ).toEqual({ reason, order, text });
        },
      ),
    );
  });

  it('parses any bytes or throws E_PROTOCOL, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        for (const parse of [parseFrame, parseConnect, parseClose, parseOffset]) {
          expect(['parsed', 'E_PROTOCOL']).toContain(outcome(() => parse(bytes)));
        }
      }),
    );
  });

  it('takes a payload as a view, and frames of exactly 64 KiB', () => {
    const message = new Uint8Array(FRAME_BYTES_MAX);
    const { payload } = parseFrame(message);
    expect(payload.buffer).toBe(message.buffer);
    expect(payload.length).toBe(FRAME_BYTES_MAX - FRAME_HEADER_BYTES);
    expect(() => parseFrame(new Uint8Array(FRAME_BYTES_MAX + 1))).toThrow(E_PROTOCOL);
  });

  it('writes a header in place', () => {
    const target = new Uint8Array(12).fill(9);
    writeHeader(target, { type: FRAME.DATA, socketId: 258, seq: 772 });
    expect([...target]).toEqual([2, 0, 0, 1, 2, 0, 0, 3, 4, 9, 9, 9]);
  });

  it('cuts the text of a CLOSE at 200 bytes, at a character', () => {
    expect(cut('a'.repeat(300))).toBe('a'.repeat(CLOSE_TEXT_BYTES_MAX));
    expect(cut('€'.repeat(100))).toBe('€'.repeat(66));
    expect(cut(`${'a'.repeat(199)}é`)).toBe('a'.repeat(199));
    expect(cut(`${'a'.repeat(198)}😀`)).toBe('a'.repeat(198));
  });

  it('bears a CLOSE whose text is no UTF-8, and flags it does not know', () => {
    const close = parseClose(Uint8Array.of(0x07, 0xd1, 0xfe, 0xff));
    expect(close).toEqual({ reason: 2001, order: 'in-order', text: '\ufffd' });
  });
});
