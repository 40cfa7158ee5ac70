import { hkdfSync } from 'node:crypto';
import { inspect } from 'node:util';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  derivePairingKeys,
  derivePairKey,
  derivePeerKeys,
  hkdfExpand,
  hkdfExtract,
} from '../../src/engine/pairing/keys.ts';
import { SaltMemory, SealedConversation } from '../../src/engine/pairing/sealing.ts';
import { Secret } from '../../src/engine/pairing/secret.ts';
import type { Envelope } from '../../src/engine/signaling/envelope.ts';
import { SEALING_SALTS_MAX } from '../../src/shared/limits.ts';

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const range = (from: number, to: number): Uint8Array =>
  Uint8Array.from({ length: to - from }, (_, index) => from + index);

// RFC 5869 appendix A, the cases with SHA-256.
const RFC_5869 = [
  {
    material: new Uint8Array(22).fill(0x0b),
    salt: range(0, 0x0d),
    info: range(0xf0, 0xfa),
    prk: '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5',
    output: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  },
  {
    material: range(0, 0x50),
    salt: range(0x60, 0xb0),
    info: range(0xb0, 0x100),
    prk: '06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244',
    output:
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
  },
  {
    material: new Uint8Array(22).fill(0x0b),
    salt: new Uint8Array(0),
    info: new Uint8Array(0),
    prk: '19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04',
    output: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  },
];

describe('keys', () => {
  test.each(RFC_5869)('HKDF as in RFC 5869 ($prk)', (vector) => {
    const prk = hkdfExtract(vector.salt, vector.material);
    expect(toHex(prk)).toBe(vector.prk);
    const output = hkdfExpand(prk, vector.info, vector.output.length / 2);
    expect(toHex(output)).toBe(vector.output);
  });

  test("HKDF is that of Node's own", () => {
    const any = fc.uint8Array({ maxLength: 80 });
    fc.assert(
      fc.property(any, any, any, fc.integer({ min: 1, max: 200 }), (...given) => {
        const [material, salt, info, length] = given;
        const ours = hkdfExpand(hkdfExtract(salt, material), info, length);
        const theirs = new Uint8Array(hkdfSync('sha256', material, salt, info, length));
        expect(toHex(ours)).toBe(toHex(theirs));
      }),
    );
  });

  test('all but the room print masked', () => {
    const keys = derivePairingKeys(new Secret(new Uint8Array(16)));
    expect(String(keys.prk) + String(keys.mac)).toBe('[secret][secret]');
    expect(inspect(keys)).toContain('[secret]');
    expect(JSON.parse(JSON.stringify(keys))).toMatchObject({ prk: '[secret]', mac: '[secret]' });
  });

  test('the pair key takes the invite, the ephemeral keys and the transcript', () => {
    const material = { transcript: bytes(1), prk: new Secret(bytes(2)), shared: bytes(3) };
    const key = derivePairKey(material);
    expect(key.reveal()).toHaveLength(32);
    expect(String(key)).toBe('[secret]');
    const input = Buffer.concat([bytes(2), bytes(3)]);
    const theirs = hkdfSync('sha256', input, bytes(1), 'porthole/pair-key/1', 32);
    expect(toHex(key.reveal())).toBe(toHex(new Uint8Array(theirs)));
    const others = [
      { ...material, transcript: bytes(9) },
      { ...material, prk: new Secret(bytes(9)) },
      { ...material, shared: bytes(9) },
    ];
    const all = [material, ...others].map((each) => toHex(derivePairKey(each).reveal()));
    expect(new Set(all).size).toBe(4);
  });

  test('the keys of a pair are others each day in the room, and only there', () => {
    const pairKey = new Secret(new Uint8Array(32).fill(4));
    const [today, tomorrow] = [derivePeerKeys(pairKey, 20_000), derivePeerKeys(pairKey, 20_001)];
    expect(today.room).toHaveLength(16);
    expect(toHex(today.room)).not.toBe(toHex(tomorrow.room));
    expect(toHex(today.room)).toBe(toHex(derivePeerKeys(pairKey, 20_000).room));
    expect(toHex(today.mac.reveal())).toBe(toHex(tomorrow.mac.reveal()));
    const all = [pairKey, today.prk, today.mac].map((secret) => toHex(secret.reveal()));
    expect(new Set(all).size).toBe(3);
    expect(all.every((key) => !key.startsWith(toHex(today.room)))).toBe(true);
  });

  test('a secret of another length is refused', () => {
    expect(() => derivePairingKeys(new Secret(new Uint8Array(15)))).toThrow(RangeError);
  });
});

interface Pair {
  readonly joiner: SealedConversation;
  readonly sharer: SealedConversation;
}

const keys = derivePairingKeys(new Secret(range(1, 17)));
const text = (value: string): Uint8Array => Buffer.from(value);

function pair(salts = new SaltMemory()): Pair {
  return {
    joiner: new SealedConversation({ keys, role: 'joiner' }),
    sharer: new SealedConversation({ keys, role: 'sharer', salts }),
  };
}

function opened(conversation: SealedConversation, envelope: Envelope): string | undefined {
  const plaintext = conversation.open(envelope);
  return plaintext === undefined ? undefined : Buffer.from(plaintext).toString();
}

describe('sealing', () => {
  test('carries messages both ways', () => {
    const { joiner, sharer } = pair();
    expect(opened(sharer, joiner.seal(text('claim')))).toBe('claim');
    expect(opened(joiner, sharer.seal(text('offer')))).toBe('offer');
    expect(opened(sharer, joiner.seal(text('answer')))).toBe('answer');
  });

  test('the same plaintext never looks the same', () => {
    const { joiner } = pair();
    const seals = [joiner.seal(text('x')), joiner.seal(text('x')), pair().joiner.seal(text('x'))];
    expect(new Set(seals.map(({ sealed }) => toHex(sealed))).size).toBe(3);
  });

  test('a duplicate, a reordered and a reflected envelope do not open', () => {
    const { joiner, sharer } = pair();
    const claim = joiner.seal(text('claim'));
    expect(opened(joiner, claim)).toBeUndefined();
    expect(opened(sharer, claim)).toBe('claim');
    expect(opened(sharer, claim)).toBeUndefined();
    const [first, second] = [sharer.seal(text('1')), sharer.seal(text('2'))];
    expect(opened(joiner, second)).toBeUndefined();
    expect(opened(joiner, first)).toBe('1');
    expect(opened(joiner, second)).toBe('2');
  });

  test('what was recorded in one conversation does not open in another', () => {
    const salts = new SaltMemory();
    const old = pair(salts);
    const claim = old.joiner.seal(text('claim'));
    expect(opened(old.sharer, claim)).toBe('claim');
    const offer = old.sharer.seal(text('offer'));
    expect(opened(old.joiner, offer)).toBe('offer');
    const answer = old.joiner.seal(text('answer'));

    const fresh = pair(salts);
    expect(opened(fresh.sharer, claim)).toBeUndefined();
    expect(opened(fresh.sharer, fresh.joiner.seal(text('again')))).toBe('again');
    expect(opened(fresh.joiner, offer)).toBeUndefined();
    expect(opened(fresh.sharer, answer)).toBeUndefined();
  });

  test('a room remembers a bounded number of salts, then takes no more', () => {
    const salts = new SaltMemory();
    for (let index = 0; index < SEALING_SALTS_MAX; index++) {
      const { joiner, sharer } = pair(salts);
      expect(opened(sharer, joiner.seal(text('claim')))).toBe('claim');
    }
    const { joiner, sharer } = pair(salts);
    expect(opened(sharer, joiner.seal(text('claim')))).toBeUndefined();
  });

  test('any changed bit, cut or other secret makes it not open', () => {
    const { joiner, sharer } = pair();
    const envelope = joiner.seal(text('claim'));
    const { sealed, salt } = envelope;
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(opened(sharer, { ...envelope, sealed: changed })).toBeUndefined();
      expect(opened(sharer, { ...envelope, sealed: sealed.subarray(0, at) })).toBeUndefined();
    }
    const otherSalt = Uint8Array.from(salt).fill(0);
    expect(opened(sharer, { ...envelope, salt: otherSalt })).toBeUndefined();
    expect(opened(sharer, { ...envelope, sequence: 1 })).toBeUndefined();
    const stranger = derivePairingKeys(new Secret(range(2, 18)));
    const elsewhere = new SealedConversation({ keys: stranger, role: 'sharer' });
    expect(opened(elsewhere, envelope)).toBeUndefined();
    // Failed attempts have not spoiled the conversation.
    expect(opened(sharer, envelope)).toBe('claim');
  });
});
