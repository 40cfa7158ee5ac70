import { inspect } from 'node:util';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { cutName } from '../../src/engine/pairing/device-name.ts';
import {
  createIdentity,
  deviceIdOf,
  shortDeviceId,
  verifySignature,
} from '../../src/engine/pairing/identity.ts';
import { compareDeviceIds } from '../../src/shared/device-id.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

// RFC 8032 §7.1, tests 1 to 3.
const RFC_8032 = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
];

describe('identity', () => {
  test.each(RFC_8032)('signs as RFC 8032 says ($message)', (vector) => {
    const identity = createIdentity(hex(vector.seed));
    expect(Buffer.from(identity.publicKey).toString('hex')).toBe(vector.publicKey);
    const signature = identity.sign(hex(vector.message));
    expect(Buffer.from(signature).toString('hex')).toBe(vector.signature);
    expect(verifySignature(identity.publicKey, hex(vector.message), signature)).toBe(true);
  });

  test('two identities differ', () => {
    expect(createIdentity().deviceId).not.toBe(createIdentity().deviceId);
  });

  test('the private key does not show', () => {
    const seed = Buffer.alloc(32, 0xab);
    const identity = createIdentity(seed);
    const shown = inspect(identity, { depth: 9, showHidden: true }) + JSON.stringify(identity);
    expect(shown).not.toContain(seed.toString('hex'));
    expect(shown).not.toContain('171, 171, 171');
    expect(shown.toLowerCase()).not.toContain('private');
  });

  test('a changed bit anywhere makes a signature invalid', () => {
    const identity = createIdentity();
    const message = Buffer.from('a message');
    const signature = Buffer.from(identity.sign(message));
    for (let bit = 0; bit < 8 * signature.length; bit++) {
      const changed = Buffer.from(signature);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verifySignature(identity.publicKey, message, changed)).toBe(false);
    }
  });

  test('anything malformed is false, never an exception', () => {
    const bytes = fc.uint8Array({ maxLength: 80 });
    fc.assert(
      fc.property(bytes, bytes, bytes, (publicKey, message, signature) => {
        expect(verifySignature(publicKey, message, signature)).toBe(false);
      }),
    );
    const key32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const signature64 = fc.uint8Array({ minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(key32, bytes, signature64, (publicKey, message, signature) => {
        expect(typeof verifySignature(publicKey, message, signature)).toBe('boolean');
      }),
    );
  });
});

describe('device id', () => {
  test('is 52 characters of base32 and compares the same from both sides', () => {
    const [a, b] = [createIdentity().deviceId, createIdentity().deviceId];
    expect(a).toMatch(/^[A-Z2-7]{52}$/);
    expect(compareDeviceIds(a, b)).toBe(-compareDeviceIds(b, a));
    expect(compareDeviceIds(a, a)).toBe(0);
  });

  test('short form: four groups of five and a check character', () => {
    const id = deviceIdOf(new Uint8Array(32));
    expect(shortDeviceId(id)).toMatch(/^([A-Z2-7]{5}-){4}[A-Z2-7]$/);
  });

  test('the check character finds every single mistyped character', () => {
    const id = createIdentity().deviceId;
    const check = shortDeviceId(id).at(-1);
    for (let at = 0; at < 20; at++) {
      for (const other of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567') {
        if (other === id[at]) continue;
        const mistyped = id.slice(0, at) + other + id.slice(at + 1);
        expect(shortDeviceId(mistyped).at(-1)).not.toBe(check);
      }
    }
  });
});

describe('device name', () => {
  test('cuts between graphemes', () => {
    const family = '👩‍👩‍👧‍👦';
    expect(cutName(`ab${family}`, 26)).toBe('ab');
    expect(cutName(`ab${family}`, 27)).toBe(`ab${family}`);
    expect(cutName('e\u0301', 2)).toBe('é');
    expect(cutName('日本語', 8)).toBe('日本');
  });

  test('drops controls, line ends and bidi overrides', () => {
    expect(cutName('a\u0000b\u001b[31mc\u009f\u202ed\u2066e\nf\u2028g', 64)).toBe('ab[31mcdefg');
    expect(cutName('\ud800x', 64)).toBe('\ufffdx');
  });

  test('fits, is NFC and stays what it is, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 0, max: 64 }), (name, max) => {
        const cut = cutName(name, max);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(max);
        expect(cut.normalize('NFC')).toBe(cut);
        expect(cutName(cut, max)).toBe(cut);
      }),
      { numRuns: 1000 },
    );
  });
});
