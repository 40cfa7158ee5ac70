import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdSequence, parityOf, SeenIds } from '../../../src/engine/protocol/socket-ids.ts';
import { SKIPPED_IDS_MAX } from '../../../src/shared/limits.ts';

const E_PROTOCOL = expect.objectContaining({ code: 'E_PROTOCOL' });

describe('ids that are handed out', () => {
  it('count up by two, odd or even', () => {
    const odd = new IdSequence('odd');
    const even = new IdSequence('even');
    expect([odd.take(), odd.take(), odd.take()]).toEqual([1, 3, 5]);
    expect([even.take(), even.take(), even.take()]).toEqual([2, 4, 6]);
    expect([parityOf(1), parityOf(2), parityOf(0xffff_ffff)]).toEqual(['odd', 'even', 'odd']);
    expect([odd.wasTaken(5), odd.wasTaken(7)]).toEqual([true, false]);
  });
});

describe('ids that were seen', () => {
  it('are known by a watermark and its gaps', () => {
    const seen = new SeenIds('even');
    seen.markSeen(2);
    seen.markSeen(10);
    expect([2, 4, 6, 8, 10, 12].map((id) => seen.wasSeen(id))).toEqual([
      true,
      false,
      false,
      false,
      true,
      false,
    ]);
    seen.markSeen(6);
    expect([4, 6, 8].map((id) => seen.wasSeen(id))).toEqual([false, true, false]);
  });

  it('are the same in whatever order they come', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { maxLength: 100 }),
        (indexes) => {
          const seen = new SeenIds('odd');
          for (const index of indexes) seen.markSeen(2 * index + 1);
          for (let index = 0; index <= 301; index++)
            expect(seen.wasSeen(2 * index + 1)).toBe(indexes.includes(index));
        },
      ),
    );
  });

  it('may skip so many and no more, all gaps together', () => {
    const seen = new SeenIds('odd');
    seen.markSeen(1 + 2 * (SKIPPED_IDS_MAX - 1));
    expect(() => seen.markSeen(1 + 2 * (SKIPPED_IDS_MAX + 2))).toThrow(E_PROTOCOL);
    seen.markSeen(1);
    seen.markSeen(3);
    seen.markSeen(1 + 2 * (SKIPPED_IDS_MAX + 2));
    expect(() => seen.markSeen(0xffff_ffff)).toThrow(E_PROTOCOL);
  });
});
