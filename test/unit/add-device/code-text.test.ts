import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { sealCode } from '../../../src/engine/pairing/code.ts';
import { createInvite, encodeInvite, INVITE_PREFIX } from '../../../src/engine/pairing/invite.ts';
import { codeTextOf } from '../../../src/renderer/screens/add-device/code-text.ts';

const link = encodeInvite(
  createInvite({
    publicKey: randomBytes(32),
    nowMs: 1_800_000_000_000,
    name: 'workbench',
    endpoints: [{ scheme: 'ws', host: '192.168.1.20', port: 40_123 }],
    trust: 'compare',
  }),
);
const bare = link.slice(INVITE_PREFIX.length);
/** As an offline offer begins: version 1, flags 2. */
const offer = sealCode(INVITE_PREFIX, Buffer.concat([Uint8Array.of(1, 2), randomBytes(200)]));
const answer = sealCode(
  'porthole://answer#',
  Buffer.concat([Uint8Array.of(1, 0x80), randomBytes(200)]),
);

test('an invite link is one, however it was pasted', () => {
  const ways = [
    link,
    `  ${link}\n`,
    `"${link}"`,
    `<${link}>`,
    link.replace('pair#', 'pair/#'),
    link.replace('porthole', 'PORTHOLE'),
    link.replaceAll(/(.{20})/g, '$1\n> '),
    `\u201c${link}\u201d`,
  ];
  expect(ways.filter((way) => codeTextOf(way).kind !== 'invite')).toEqual([]);
});

test('what follows the # is enough', () => {
  expect(codeTextOf(bare)).toEqual({ kind: 'invite' });
  expect(codeTextOf(offer.slice(INVITE_PREFIX.length))).toEqual({ kind: 'offline' });
  expect(codeTextOf(answer.slice(answer.indexOf('#') + 1))).toEqual({ kind: 'answer' });
});

test('offers and answers are told apart', () => {
  expect(codeTextOf(offer)).toEqual({ kind: 'offline' });
  expect(codeTextOf(answer)).toEqual({ kind: 'answer' });
});

test('one of ours with foreign letters, or of an impossible length, is damaged', () => {
  expect(codeTextOf(INVITE_PREFIX)).toEqual({ kind: 'damaged', of: 'pair' });
  expect(codeTextOf(link.replace(/.{9}$/, '…'))).toEqual({ kind: 'damaged', of: 'pair' });
  expect(codeTextOf(`${answer.slice(0, 40)} and so on.`)).toEqual({
    kind: 'damaged',
    of: 'answer',
  });
  const wrong = bare.slice(0, bare.length - ((bare.length + 3) % 4));
  expect(wrong.length % 4).toBe(1);
  expect(codeTextOf(INVITE_PREFIX + wrong)).toEqual({ kind: 'damaged', of: 'pair' });
});

test('anything else is something else', () => {
  const others = ['hello', 'https://example.org/pair#AQA', 'AQ', '482913', 'porthole://pear#AQ'];
  expect(others.filter((text) => codeTextOf(text).kind !== 'other')).toEqual([]);
  expect(codeTextOf(' \n\t')).toEqual({ kind: 'empty' });
});

test('a novel in the clipboard takes no time', () => {
  expect(codeTextOf('A'.repeat(10_000_000))).toEqual({ kind: 'other' });
  expect(codeTextOf(`${INVITE_PREFIX}${'A'.repeat(10_000_000)}`)).toEqual({
    kind: 'damaged',
    of: 'pair',
  });
});
