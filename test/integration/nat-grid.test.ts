/**
 * Cells of the NAT grid: which way two paired computers find through NATs, and what a person reads
 * where there is none. The lab (`npm run lab`) has the whole grid. Needs Linux, root, conntrack and
 * coturn.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { watchForLeaks } from '../support/leaks.ts';
import { canMakeGrid } from '../support/lab/capability.ts';
import { joinInVain, Wanderers, wayBetween } from '../support/lab/nat-cells.ts';

/** Many times what it takes on a computer that does nothing else. */
const CONNECT_MS = 60_000;
const JOIN_MS = 120_000;

const { can, note } = await canMakeGrid();
let expectNothingLeft: () => Promise<void>;
let wanderers: Wanderers;

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

beforeAll(async () => {
  expectNothingLeft = watchForLeaks();
  if (can) wanderers = await Wanderers.start();
});
afterAll(async () => {
  if (can) await wanderers.remove();
  await expectNothingLeft();
});

describe.skipIf(!can)(`two homes and the internet between${note}`, () => {
  test.each([
    { desk: 'easy', laptop: 'easy' },
    { desk: 'open', laptop: 'hard' },
    { desk: 'hard', laptop: 'open' },
  ] as const)('$desk and $laptop find a direct way', async (kinds) => {
    expect(await wanderers.try(kinds, { times: 1, ms: CONNECT_MS })).toEqual({
      way: 'direct',
      connectMs: [expect.any(Number)],
    });
  });

  test('hard and hard find the way that a relay makes', async () => {
    const kinds = { desk: 'hard', laptop: 'hard' } as const;
    expect(wayBetween(kinds)).toBe('relayed');
    expect(await wanderers.try(kinds, { times: 1, ms: CONNECT_MS })).toEqual({
      way: 'relayed',
      connectMs: [expect.any(Number)],
    });
  });

  test('where UDP is blocked, a person reads that there is no way', async () => {
    const refusal = await joinInVain({ desk: 'open', laptop: 'udp-blocked' }, JOIN_MS);
    expect(refusal).toMatchObject({ code: 1 });
    expect(refusal.words).toMatch(/\(E_UDP_BLOCKED\)$/);
  });
});
