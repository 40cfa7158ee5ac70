import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serialAdd, serialDistance } from '../../../src/engine/protocol/serial.ts';

describe('serial numbers', () => {
  it('keep their order across the wrap', () => {
    expect(serialAdd(0xffff_ffff, 1)).toBe(0);
    expect(serialAdd(0xffff_fffe, 5)).toBe(3);
    expect(serialDistance(0, 0xffff_ffff)).toBe(1);
    expect(serialDistance(0xffff_ffff, 0)).toBe(-1);
    expect(serialDistance(0x7fff_ffff, 0)).toBe(0x7fff_ffff);
    expect(serialDistance(0x8000_0001, 0)).toBeLessThan(0);
  });

  it('measure any step below 2^31 both ways', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.integer({ min: 0, max: 0x7fff_ffff }),
        (start, step) => {
          expect(serialDistance(serialAdd(start, step), start)).toBe(step);
          expect(serialDistance(start, serialAdd(start, step))).toBe(step === 0 ? 0 : -step);
        },
      ),
    );
  });
});
