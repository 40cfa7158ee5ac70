import { expect, test } from 'vitest';
import { findNamed } from '../../../src/engine/peers/find-named.ts';

const PEERS = [
  { id: 'ABCDE-FGHIJ-KLMNO-PQRST-U', name: 'laptop' },
  { id: 'ABCDE-ZZZZZ-KLMNO-PQRST-V', name: 'Desk' },
  { id: 'QRSTU-FGHIJ-KLMNO-PQRST-W', name: 'abcde' },
];

function find(text: string): string | undefined {
  return findNamed(text, PEERS, (peer) => peer)?.id;
}

test.each([
  ['laptop', PEERS[0]?.id],
  ['LAPTOP', PEERS[0]?.id],
  [' desk ', PEERS[1]?.id],
  ['abcde-fghij-klmno-pqrst-u', PEERS[0]?.id],
  ['ABCDEZZZZZKLMNOPQRSTV', PEERS[1]?.id],
  ['qrst', PEERS[2]?.id],
  ['abcdez', PEERS[1]?.id],
  // A name wins over the beginning of an id.
  ['abcde', PEERS[2]?.id],
  // Too short to be the beginning of an id.
  ['qrs', undefined],
  ['nobody', undefined],
  ['', undefined],
])('%j', (text, id) => {
  expect(find(text)).toBe(id);
});

test('what can mean two is told, with both', () => {
  expect(() => find('abcd')).toThrowError(
    expect.objectContaining({
      code: 'E_AMBIGUOUS',
      message: expect.stringContaining('ABCDE-ZZZZZ'),
    }),
  );
  const twins = [
    { id: 'AAAAA', name: 'twin' },
    { id: 'BBBBB', name: 'Twin' },
  ];
  expect(() => findNamed('twin', twins, (twin) => twin)).toThrowError(
    expect.objectContaining({ code: 'E_AMBIGUOUS' }),
  );
});
