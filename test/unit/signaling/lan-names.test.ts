/** The names on the local network: who can tell what from them. */
import { describe, expect, test } from 'vitest';
import { derivePeerKeys } from '../../../src/engine/pairing/keys.ts';
import { Secret } from '../../../src/engine/pairing/secret.ts';
import { deriveLanNames } from '../../../src/engine/signaling/lan-names.ts';

const pairKey = new Secret(Uint8Array.from({ length: 32 }, (_, index) => index));
const announcer = new Uint8Array(32).fill(7);
const names = (changes: Partial<Parameters<typeof deriveLanNames>[0]> = {}) =>
  deriveLanNames({ pairKey, announcer, utcDay: 20_000, ...changes });

describe('names', () => {
  // Computed once more in Python, from the description in docs/protocol.md.
  test('are frozen: other versions must find them', () => {
    expect(names()).toEqual({
      service: 'bab53b4483df4e7d321c9e974ca15845.local',
      host: '5de0fb56c42d03185a3fc59a52d55c2d.local',
    });
  });

  test('are labels of DNS that look like random', () => {
    for (const name of Object.values(names())) expect(name).toMatch(/^[0-9a-f]{32}\.local$/);
  });

  test('differ by day, direction, pair and purpose, and are no room tag', () => {
    const all = [
      ...Object.values(names()),
      ...Object.values(names({ utcDay: 20_001 })),
      ...Object.values(names({ announcer: new Uint8Array(32).fill(8) })),
      ...Object.values(names({ pairKey: new Secret(new Uint8Array(32)) })),
      `${Buffer.from(derivePeerKeys(pairKey, 20_000).room).toString('hex')}.local`,
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
