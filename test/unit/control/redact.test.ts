/** Row 26 of the threat model: secrets that are planted in texts do not come out. */
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { redact, redactTyped } from '../../../src/control/redact.ts';

/** 8 characters in a row of a secret are 48 bits of it: a hit. */
const TELLING = 8;

function telling(text: string, secret: string): string | undefined {
  for (let at = 0; at + TELLING <= secret.length; at++) {
    const piece = secret.slice(at, at + TELLING);
    if (text.includes(piece)) return piece;
  }
  return undefined;
}

function wrapped(text: string, columns: number, by: string): string {
  return text.match(new RegExp(`.{1,${columns}}`, 'g'))?.join(by) ?? '';
}

describe('row 26: planted secrets', () => {
  const key = randomBytes(32);
  const long = Buffer.concat([Buffer.from([1, 1]), randomBytes(138)]).toString('base64url');
  const url = key.toString('base64url');
  const hex = key.toString('hex');
  const base64 = Buffer.from([...key, 0xfb, 0xff]).toString('base64');
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
  const pemBody = String(pem).split('\n')[1] ?? '';
  const jwk = createPrivateKey(pem).export({ format: 'jwk' });
  const link = `porthole://pair#${long}`;

  test.each([
    ['a link', link, long],
    ['a link in quotes', `"${link}"`, long],
    ['a link in upper case', link.toUpperCase(), long.toUpperCase()],
    ['a link with a slash', link.replace('pair#', 'pair/#'), long],
    ['a link, percent-encoded', encodeURIComponent(link), long],
    ['a link in JSON with escaped slashes', link.replaceAll('/', '\\/'), long],
    ['a link wrapped after 76 columns', wrapped(link, 76, '\r\n'), long],
    ['a link wrapped after 40 columns', wrapped(link, 40, '\n  '), long],
    ['a link cut short', link.slice(0, 40), long.slice(0, 24)],
    ['a bare code', long, long],
    ['a bare code cut short', long.slice(0, 30), long.slice(0, 30)],
    ['a code of one line among text', `before ${long} behind`, long],
    ['a code wrapped', wrapped(long, 24, '\n'), long],
    ['32 bytes in base64url', url, url],
    ['32 bytes in base64url, padded', `${url}=`, url],
    ['32 bytes in base64', base64, base64],
    ['32 bytes in hexadecimal', hex, hex],
    ['32 bytes in upper-case hexadecimal', hex.toUpperCase(), hex.toUpperCase()],
    ['32 bytes with colons', wrapped(hex, 2, ':'), wrapped(hex, 2, ':')],
    ['32 bytes with blanks', wrapped(hex, 2, ' '), wrapped(hex, 2, ' ')],
    ['32 bytes as numbers', inspect([...key]), [...key].join(', ')],
    ['32 bytes as compact numbers', JSON.stringify([...key]), [...key].join(',')],
    ['32 bytes as 0x numbers', wrapped(hex, 2, ', 0x'), wrapped(hex, 2, ', 0x')],
    ['a Buffer', inspect(key), wrapped(hex, 2, ' ')],
    ['a Buffer in JSON', JSON.stringify(key), [...key].join(',')],
    ['a private key in PEM', String(pem), pemBody],
    ['a private key in PEM, escaped', JSON.stringify(String(pem)), pemBody],
    ['a private key in PEM, cut short', String(pem).slice(0, 60), pemBody.slice(0, 32)],
    ['a private key in JWK', JSON.stringify(jwk), jwk.d ?? ''],
    ['a named token', `token=${url.slice(0, 20)}`, url.slice(0, 20)],
    ['a named token in JSON', `{"token": "${url.slice(0, 20)}"}`, url.slice(0, 20)],
    ['a token in an address', `http://127.0.0.1:1/?token=${url.slice(0, 20)}`, url.slice(0, 20)],
    ['a bearer', `Authorization: Bearer ${url.slice(0, 20)}`, url.slice(0, 20)],
    ['a password in an address', `wss://me:${url.slice(0, 20)}@host:1`, url.slice(0, 20)],
    ['a password of TURN', `turn:me:${url.slice(0, 20)}@host:1`, url.slice(0, 20)],
    ['a passphrase', "passphrase: 'correct horse battery'", 'correct horse battery'],
    ['a pair key', `pair_key = ${url.slice(0, 16)}`, url.slice(0, 16)],
    ['a pairKey', `pairKey: ${url.slice(0, 16)},`, url.slice(0, 16)],
  ])('%s', (_what, text, secret) => {
    expect(telling(text, secret)).toBeDefined();
    for (const around of [text, `Failed: ${text} (E_INTERNAL)`, `x\n${text}\ny`, `(${text})`]) {
      expect({ around, left: telling(redact(around), secret) }).toEqual({ around });
      expect(redact(redact(around))).toBe(redact(around));
    }
  });

  test('random keys, whatever characters they have', () => {
    for (let round = 0; round < 500; round++) {
      const bytes = randomBytes(32 + (round % 40));
      for (const encoding of ['base64url', 'hex', 'base64'] as const) {
        const secret = bytes.toString(encoding);
        const left = telling(redact(`key ${secret} was read`), secret);
        expect({ secret, left }).toEqual({ secret });
      }
    }
  });
});

test.each([
  'Connected to laptop (datachannel).',
  '127.0.0.1:3000 leads to "web" on laptop.',
  'Write the TURN server as turn:USER@HOST:PORT, or turn:USER:PASSWORD@HOST:PORT.',
  'Device ABCDE-FGHIJ-KLMNO-PQRST-U turned a connection down (E_TARGET_REFUSED).',
  'Share 00112233445566778899aabbccddeeff is used by [2001:db8:1:2:3:4:5:6]:65535.',
  'The data folder /home/alice/.local/share/porthole/very/long/path/to/the/data cannot be written.',
  'Cannot read /Users/Alice/Documents/Projects/porthole/settings/peers today.',
  'The token was wrong, and the passphrase too.',
  '2026-03-04T14:02:00.000Z 1, 2, 3, 4, 5, 6, 7, 8',
])('what is no secret stays: %s', (text) => {
  expect(redact(text)).toBe(text);
});

test.each(['a', 'a ', 'ab:', '1,', '-----BEGIN ', 'porthole://', 'token=', 'Aa0/', ' ', 'x-'])(
  'a text that is made to be slow is not: %j',
  (unit) => {
    const startedAt = performance.now();
    redact(unit.repeat(100_000));
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  },
);

test('what a person typed in the wrong place goes, and our own sentences stay', () => {
  const code = Buffer.concat([Buffer.from([1, 1]), randomBytes(138)]).toString('base64url');
  for (const typed of [code, `porthole://pair#${code}`, `wss://me:${code}@host`]) {
    expect(telling(redactTyped(`unknown command '${typed}'`), code)).toBeUndefined();
  }
  const sentences = [
    'Copy the whole link that starts with porthole://pair#',
    'Run: chmod 700 /tmp/porthole-home-a1B2c3/porthole/identity-of-Anna/0123456789abcdef',
  ];
  for (const sentence of sentences) expect(redactTyped(sentence)).toBe(sentence);
});
