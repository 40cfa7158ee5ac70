import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { peerHostLabel, peerHostLabelAmong } from '../../src/shared/peer-host.ts';

const ID = 'ABCDE-FGHIJ-KLMNO-PQRST-U';
const BY_ID = 'device-abcde-fghij-klmno-pqrst-u';

describe('the label of a peer', () => {
  test.each([
    ['laptop', 'laptop'],
    ['Anna’s MacBook Pro', 'annas-macbook-pro'],
    ["Anna's PC", 'annas-pc'],
    ['Büro (2. Stock)', 'buro-2-stock'],
    ['  --a__b..c--  ', 'a-b-c'],
    ['xn--80ak6aa92e', 'xn-80ak6aa92e'],
    ['evil.example/..:80@x', 'evil-example-80-x'],
    ['筆電', BY_ID],
    ['', BY_ID],
    ['192.168.1.7', BY_ID],
    ['0x7f', '0x7f'],
    ['1', BY_ID],
    ['x'.repeat(200), 'x'.repeat(63)],
    [`${'x'.repeat(62)} y`, 'x'.repeat(62)],
  ])('%j is %s', (name, label) => {
    expect(peerHostLabel({ id: ID, name })).toBe(label);
  });

  test('is a label, and no address, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, other) => {
        const peer = { id: ID, name };
        const label = peerHostLabelAmong(peer, [peer, { id: 'other', name: other }]);
        expect(label).toMatch(/^(?=.*[a-z])[a-z0-9](?:-?[a-z0-9]){0,62}$/);
        expect(label.length).toBeLessThanOrEqual(63);
        expect(isIP(label)).toBe(0);
        expect(new URL(`http://${label}.localhost:80/`).hostname).toBe(`${label}.localhost`);
      }),
      { numRuns: 500 },
    );
  });

  test('is no other peer’s, though that has taken the name', () => {
    const [real, copy] = [
      { id: ID, name: 'laptop' },
      { id: 'ZZZZZ-A', name: 'LAPTOP' },
    ];
    expect(peerHostLabelAmong(real, [real])).toBe('laptop');
    const both = [real, copy].map((peer) => peerHostLabelAmong(peer, [real, copy]));
    expect(both).toEqual(['laptop-abcde-fghij-klmno-pqrst-u', 'laptop-zzzzz-a']);
  });
});
