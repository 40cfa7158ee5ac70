import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

import * as fc from 'fast-check';
import { encodeQR } from 'qr';
import { describe, expect, test } from 'vitest';

import { packDescription } from '../../src/engine/pairing/description.ts';
import { createIdentity } from '../../src/engine/pairing/identity.ts';
import {
  createInvite,
  encodeCode,
  encodeInvite,
  INVITE_PREFIX,
  type OfflineCode,
  parseCode,
  parseInvite,
} from '../../src/engine/pairing/invite.ts';
import {
  ANSWER_PREFIX,
  encodeAnswer,
  type OfflineAnswer,
  parseAnswer,
} from '../../src/engine/pairing/offline-answer.ts';
import { Secret } from '../../src/engine/pairing/secret.ts';
import { type ErrorCode, PortholeError } from '../../src/shared/errors.ts';
import {
  INVITE_CHARS_MAX,
  INVITE_CLOCK_SKEW_MS,
  INVITE_NAME_BYTES_MAX,
  OFFLINE_INVITE_LIFE_MS,
  QR_VERSION_MAX,
} from '../../src/shared/limits.ts';
import { anyDescription, describing, MOST, NOW, offlineCode } from '../support/offline-codes.ts';

const claimant = { publicKey: createIdentity().publicKey, name: 'n'.repeat(24) };
const code = offlineCode();
const link = encodeCode(code);
const description = describing('answer');
const answer = encodeAnswer({ code, claimant, description });

const readCode = (text: string): unknown => plain(parseCode(text, NOW) as OfflineCode);
const readAnswer = (text: string): OfflineAnswer => parseAnswer(text, code);

/** As plain values, the secret too. */
function plain({ kind, invite, offer }: OfflineCode): unknown {
  const { secret, publicKey, ...rest } = invite;
  return { kind, offer, ...rest, secret: [...secret.reveal()], publicKey: [...publicKey] };
}

function failureOf(read: () => unknown): ErrorCode | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof PortholeError) return error.code;
    throw error;
  }
}

const sideOf = (text: string): number =>
  encodeQR(text, 'raw', { ecc: 'low', encoding: 'byte', border: 4 }).length - 8;
const versionOf = (text: string): number => (sideOf(text) - 17) / 4;

/** Puts a right check behind fields. */
function checked(prefix: string, body: Uint8Array): string {
  const check = createHash('sha256').update(body).digest().subarray(0, 4);
  return prefix + Buffer.concat([body, check]).toString('base64url');
}

describe('an offline code', () => {
  test('comes back as it was', () => {
    const trust = fc.constantFrom('compare' as const, 'trust-invite' as const);
    fc.assert(
      fc.property(anyDescription('offer'), trust, (offer, trusted) => {
        const invite = { ...code.invite, trust: trusted };
        const original = offlineCode({ offer, invite });
        expect(readCode(encodeCode(original))).toEqual(plain(original));
      }),
    );
  });

  test('lives OFFLINE_INVITE_LIFE_MS and has no endpoints', () => {
    expect(code.invite.expiresAt - NOW).toBe(OFFLINE_INVITE_LIFE_MS);
    expect(code.invite.endpoints).toEqual([]);
    const late = code.invite.expiresAt + INVITE_CLOCK_SKEW_MS;
    expect(failureOf(() => parseCode(link, late - 1))).toBeUndefined();
    expect(failureOf(() => parseCode(link, late))).toBe('E_INVITE_EXPIRED');
  });

  test('is not taken for an online one', () => {
    expect(failureOf(() => parseInvite(link, NOW))).toBe('E_INVITE_INVALID');
    const online = createInvite({ ...code.invite, nowMs: NOW, endpoints: [] });
    expect(parseCode(encodeInvite(online), NOW).kind).toBe('online');
  });

  test('with endpoints, with an answer in it or without an offer is damaged', () => {
    const blob = Buffer.from(link.slice(INVITE_PREFIX.length), 'base64url').subarray(0, -4);
    const offerAt = blob.length - packDescription(code.offer).length;
    const withoutOffer = blob.subarray(0, offerAt);
    const withEndpoint = Buffer.concat([
      withoutOffer.subarray(0, -1),
      Uint8Array.of(1, 4, 192, 0, 2, 1, 0, 80),
      blob.subarray(offerAt),
    ]);
    const withAnswer = Buffer.concat([withoutOffer, packDescription(description)]);
    for (const body of [withoutOffer, withEndpoint, withAnswer]) {
      expect(failureOf(() => readCode(checked(INVITE_PREFIX, body)))).toBe('E_INVITE_DAMAGED');
    }
  });
});

describe('an answer', () => {
  test('comes back as it was, its name bounded', () => {
    const name = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(anyDescription('answer'), name, (original, called) => {
        const made = encodeAnswer({
          code,
          claimant: { ...claimant, name: called },
          description: original,
        });
        const read = readAnswer(made);
        expect(read.description).toEqual(original);
        expect(read.claimant.publicKey).toEqual(Uint8Array.from(claimant.publicKey));
        expect(Buffer.byteLength(read.claimant.name)).toBeLessThanOrEqual(INVITE_NAME_BYTES_MAX);
      }),
    );
  });

  test('opens with nothing but the code it was made from', () => {
    const others: OfflineCode[] = [
      offlineCode(),
      { ...code, offer: describing('offer') },
      { ...code, invite: { ...code.invite, publicKey: createIdentity().publicKey } },
      { ...code, invite: { ...code.invite, secret: new Secret(new Uint8Array(16)) } },
    ];
    for (const other of others) {
      expect(failureOf(() => parseAnswer(answer, other))).toBe('E_ANSWER_MISMATCH');
    }
    expect(readAnswer(answer).claimant.name).toBe(claimant.name);
  });

  test('is sealed: neither name, key, addresses nor fingerprint show', () => {
    const blob = Buffer.from(answer.slice(ANSWER_PREFIX.length), 'base64url');
    const packed = Buffer.from(packDescription(description));
    const secrets = [Buffer.from(claimant.name), claimant.publicKey, packed.subarray(1, 33)];
    for (const secret of [...secrets, packed.subarray(50)]) {
      expect(blob.includes(Buffer.from(secret))).toBe(false);
    }
    expect(encodeAnswer({ code, claimant, description })).not.toBe(answer);
  });

  test('with an offer in it is damaged', () => {
    const offering = encodeAnswer({ code, claimant, description: describing('offer') });
    expect(failureOf(() => readAnswer(offering))).toBe('E_INVITE_DAMAGED');
  });

  test('too short to be sealed does not match', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (rest) => {
        const text = checked(ANSWER_PREFIX, Buffer.concat([Uint8Array.of(1, 0x80), rest]));
        expect(failureOf(() => readAnswer(text))).toBe('E_ANSWER_MISMATCH');
      }),
    );
  });
});

describe.each([
  { what: 'code', text: link, prefix: INVITE_PREFIX, read: readCode },
  { what: 'answer', text: answer, prefix: ANSWER_PREFIX, read: readAnswer },
])('a pasted offline $what', ({ text, prefix, read }) => {
  const expected = read(text);

  test.each([
    ['white space around', `  ${text}\r\n`],
    ['wrapped lines', text.replaceAll(/.{40}/g, '$&\n')],
    ['quotes', `"${text}"`],
    ['curly quotes', `“${text}”`],
    ['angle brackets', `<${text}>`],
    ['the bare code', text.slice(prefix.length)],
    ['padding', `${text}=`],
    ['another case of the scheme', text.replace('porthole', 'Porthole')],
    ['a slash before the #', text.replace('#', '/#')],
    ['zero width characters', `\u200b${text}\ufeff`],
  ])('is read through %s', (_what, pasted) => {
    expect(read(pasted)).toEqual(expected);
  });

  test('every cut is noticed', () => {
    for (let length = prefix.length; length < text.length; length++) {
      expect(failureOf(() => read(text.slice(0, length)))).toBe('E_INVITE_DAMAGED');
    }
    const bare = text.slice(prefix.length);
    for (let length = 8; length < bare.length; length++) {
      expect(failureOf(() => read(bare.slice(0, length)))).toBe('E_INVITE_DAMAGED');
    }
  });

  test('every single mistyped character is noticed', () => {
    for (let at = prefix.length; at < text.length; at++) {
      for (const other of 'Ax0_-.é=') {
        if (text[at] === other) continue;
        const pasted = text.slice(0, at) + other + text.slice(at + 1);
        expect(failureOf(() => read(pasted))).toBe('E_INVITE_DAMAGED');
      }
    }
  });

  test('any one character changed anywhere never gives something else', () => {
    const position = fc.nat({ max: text.length - 1 });
    fc.assert(
      fc.property(position, fc.string({ unit: 'binary', maxLength: 2 }), (at, other) => {
        const pasted = text.slice(0, at) + other + text.slice(at + 1);
        const isRead = failureOf(() => read(pasted)) === undefined;
        expect(isRead ? read(pasted) : expected).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('of another version or with an unknown flag is of a newer Porthole', () => {
    const blob = Buffer.from(text.slice(prefix.length), 'base64url');
    for (const [at, value] of [
      [0, 2],
      [1, 0x44],
    ] as const) {
      const body = Buffer.from(blob.subarray(0, -4));
      body[at] = value;
      expect(failureOf(() => read(checked(prefix, body)))).toBe('E_VERSION');
    }
  });

  test('too much text', () => {
    expect(failureOf(() => read(prefix + 'A'.repeat(INVITE_CHARS_MAX + 1)))).toBe(
      'E_INVITE_DAMAGED',
    );
  });
});

describe('the wrong thing pasted', () => {
  test.each([
    ['an answer', answer],
    ['a bare answer', answer.slice(ANSWER_PREFIX.length)],
    ['a damaged answer', answer.slice(0, -1)],
    ['the beginning of an answer', ANSWER_PREFIX],
  ])('%s where a code is expected', (_what, text) => {
    expect(failureOf(() => parseCode(text, NOW))).toBe('E_CODE_EXPECTED');
  });

  test.each([
    ['the very code', link],
    ['a bare code', link.slice(INVITE_PREFIX.length)],
    ['a damaged code', link.slice(0, -1)],
    ['words', 'hello'],
    ['nothing', ''],
  ])('%s where an answer is expected', (_what, text) => {
    expect(failureOf(() => readAnswer(text))).toBe('E_ANSWER_EXPECTED');
  });

  test('any garbage gets a code of its own kind', () => {
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.base64String(),
      fc.string({ unit: 'binary' }).map((text) => INVITE_PREFIX + text),
      fc.base64String().map((text) => ANSWER_PREFIX + text),
    );
    const ofCodes = ['E_INVITE_INVALID', 'E_INVITE_DAMAGED', 'E_VERSION', 'E_CODE_EXPECTED'];
    const ofAnswers = ['E_ANSWER_EXPECTED', 'E_INVITE_DAMAGED', 'E_VERSION', 'E_ANSWER_MISMATCH'];
    fc.assert(
      fc.property(garbage, (text) => {
        expect(ofCodes).toContain(failureOf(() => parseCode(text, NOW)));
        expect(ofAnswers).toContain(failureOf(() => readAnswer(text)));
      }),
      { numRuns: 2000 },
    );
  });

  test('a right check over wrong fields does not crash', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), fc.uint8Array({ maxLength: 300 }), (...given) => {
        const [flags, fields] = given;
        const text = checked(INVITE_PREFIX, Buffer.concat([Uint8Array.of(1, flags), fields]));
        expect(failureOf(() => parseCode(text, NOW))).toMatch(/^E_INVITE_(DAMAGED|EXPIRED)$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the size of what is carried', () => {
  test('a usual description takes less than 120 bytes', () => {
    expect(packDescription(description)).toHaveLength(90);
  });

  test('of usual computers: a QR code of version 10', () => {
    expect([link.length, versionOf(link)]).toEqual([248, 10]);
    expect([answer.length, versionOf(answer)]).toEqual([266, 10]);
  });

  test('of computers with more addresses than there is room for: still drawn', () => {
    const large = offlineCode({ offer: describing('offer', MOST) });
    const largest = encodeAnswer({ code, claimant, description: describing('answer', MOST) });
    expect(versionOf(encodeCode(large))).toBeLessThanOrEqual(QR_VERSION_MAX);
    expect(versionOf(largest)).toBeLessThanOrEqual(QR_VERSION_MAX);
  });
});

test('the secret of an offline code does not show', () => {
  const invite = { ...code.invite, secret: new Secret(Buffer.alloc(16, 0xcd)) };
  const shown = inspect({ ...code, invite }, { depth: 9 }) + JSON.stringify({ ...code, invite });
  expect(shown).toContain('[secret]');
  expect(shown).not.toMatch(/cdcd|205,\s*205|zc3N/i);
});
