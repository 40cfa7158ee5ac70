/**
 * Nine cells of the loss × round-trip matrix and every odd line, short: each byte right, and none
 * that makes wait. How fast it is depends on the machine; `npm run lab` judges that.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canEmulateLinks } from '../../lab/emulator/emulated-link.ts';
import { measurePorthole, STALL_MS } from '../../lab/matrix/cell.ts';
import { cellsOf, QUICK } from '../../lab/matrix/matrix.ts';
import { SHAPES, transferThrough } from '../../lab/matrix/shapes.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { runSeed } from '../support/seeded-bytes.ts';

const { can, note } = await canEmulateLinks();
const SHAPE_BYTES = 500_000;
const TEST_MS = 180_000;
const seed = runSeed();

let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterAll(async () => expectNothingLeft());

describe('loss and round trip', () => {
  test.skipIf(!can).each(cellsOf(QUICK))(
    `$lossPercent % at $roundTripMs ms${note}`,
    async (cell) => {
      const { fault, longestGapMs, megabits } = await measurePorthole(cell, {
        seed,
        countedMs: QUICK.countedMs,
      });
      expect(fault).toBeUndefined();
      expect(longestGapMs).toBeLessThan(STALL_MS);
      expect(megabits).toBeGreaterThan(0);
    },
    TEST_MS,
  );
});

describe('odd lines', () => {
  test.skipIf(!can).each(SHAPES)(
    `$name${note}`,
    async (shape) => {
      const taken = await transferThrough(shape, { seed, bytes: SHAPE_BYTES });
      expect(taken).toMatchObject({ bytes: SHAPE_BYTES, ending: 'end' });
    },
    TEST_MS,
  );
});
