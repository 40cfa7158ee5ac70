import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  initialWindow,
  ReceiveWindow,
  SendCredit,
  WindowBudget,
} from '../../../src/engine/protocol/credit.ts';
import {
  CREDIT_WINDOW_FRACTION,
  EARLY_CREDIT_BYTES,
  GATE_QUEUE_MS,
  GROWN_WINDOWS_TOTAL_BYTES,
  INITIAL_WINDOW_BYTES,
  INITIAL_WINDOWS_TOTAL_BYTES,
  WINDOW_BYTES_MAX,
} from '../../../src/shared/limits.ts';

const E_PROTOCOL = expect.objectContaining({ code: 'E_PROTOCOL' });

describe('the first window', () => {
  it('is the fair share of 32 MiB, between 16 KiB and 256 KiB', () => {
    expect(initialWindow(0)).toBe(INITIAL_WINDOW_BYTES);
    expect(initialWindow(1)).toBe(INITIAL_WINDOW_BYTES);
    expect(initialWindow(128)).toBe(INITIAL_WINDOW_BYTES);
    expect(initialWindow(256)).toBe(INITIAL_WINDOWS_TOTAL_BYTES / 256);
    expect(initialWindow(2048)).toBe(EARLY_CREDIT_BYTES);
    expect(initialWindow(16_384)).toBe(EARLY_CREDIT_BYTES);
  });
});

describe('the credit of a sender', () => {
  it('keeps the larger limit, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), (limits) => {
        const credit = new SendCredit(0);
        for (const limit of limits) credit.raise(limit);
        expect(credit.available).toBe(Math.max(...limits));
      }),
    );
  });

  it('is what may be sent less what was', () => {
    const credit = new SendCredit(10);
    credit.spend(4);
    credit.raise(12);
    expect(credit.available).toBe(8);
  });
});

describe('the window of a receiver', () => {
  it('takes what was granted and not one byte more', () => {
    const window = new ReceiveWindow(1000, 400, new WindowBudget());
    window.receive(400);
    expect(() => window.receive(1)).toThrow(E_PROTOCOL);
    expect(window.grant(0, 10)).toBe(1000);
    window.receive(600);
    expect(() => window.receive(1)).toThrow(E_PROTOCOL);
  });

  it('is due when a quarter of it was consumed', () => {
    const window = new ReceiveWindow(1000, 1000, new WindowBudget());
    window.receive(1000);
    window.consumeTo(1000 / CREDIT_WINDOW_FRACTION - 1);
    expect(window.isDue).toBe(false);
    window.consumeTo(1000 / CREDIT_WINDOW_FRACTION);
    expect(window.isDue).toBe(true);
    expect(window.grant(0, 10)).toBe(1250);
    expect(window.isDue).toBe(false);
  });

  it('doubles when used up within two round trips, to 4 MiB', () => {
    const window = new ReceiveWindow(
      INITIAL_WINDOW_BYTES,
      INITIAL_WINDOW_BYTES,
      new WindowBudget(),
    );
    let granted = window.grant(0, 50);
    const sizes: number[] = [];
    for (let round = 1; round <= 6; round++) {
      window.consumeTo(granted);
      granted = window.grant(round * 100, 50);
      sizes.push(window.windowBytes);
    }
    expect(sizes.map((size) => size / INITIAL_WINDOW_BYTES)).toEqual([2, 4, 8, 16, 16, 16]);
    expect(window.windowBytes).toBe(WINDOW_BYTES_MAX);
  });

  it('does not grow when it lasted longer', () => {
    const roundTrip = 50;
    const slow = 2 * (roundTrip + GATE_QUEUE_MS) + 1;
    const window = new ReceiveWindow(1000, 1000, new WindowBudget());
    window.grant(0, roundTrip);
    window.consumeTo(1000);
    window.grant(slow, roundTrip);
    expect(window.windowBytes).toBe(1000);
    window.consumeTo(2000);
    window.grant(2 * slow - 1, roundTrip);
    expect(window.windowBytes).toBe(2000);
  });

  it('grows only while the peer has some of its 64 MiB, and gives it back', () => {
    const budget = new WindowBudget();
    const grow = () => {
      const window = new ReceiveWindow(INITIAL_WINDOW_BYTES, INITIAL_WINDOW_BYTES, budget);
      let granted = window.grant(0, 50);
      for (let round = 1; round <= 4; round++) {
        window.consumeTo(granted);
        granted = window.grant(round, 50);
      }
      return window;
    };
    const windows = Array.from({ length: 40 }, grow);
    const grown = windows.reduce(
      (sum, { windowBytes }) => sum + windowBytes - INITIAL_WINDOW_BYTES,
      0,
    );
    expect(grown).toBeLessThanOrEqual(GROWN_WINDOWS_TOTAL_BYTES);
    expect(grown).toBeGreaterThan(GROWN_WINDOWS_TOTAL_BYTES - WINDOW_BYTES_MAX);
    expect(grow().windowBytes).toBeLessThan(WINDOW_BYTES_MAX);
    for (const window of windows) window.release();
    windows[0]?.release();
    expect(budget.take(GROWN_WINDOWS_TOTAL_BYTES + 1)).toBe('spent');
    expect(grow().windowBytes).toBe(WINDOW_BYTES_MAX);
  });

  it('never announces less than before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 5000 }), fc.nat({ max: 200 }))), (steps) => {
        const window = new ReceiveWindow(4096, 4096, new WindowBudget(10_000));
        let [now, consumed, last] = [0, 0, window.grant(0, 20)];
        for (const [bytes, ms] of steps) {
          now += ms;
          consumed = Math.min(consumed + bytes, last);
          window.consumeTo(consumed);
          const granted = window.grant(now, 20);
          expect(granted).toBeGreaterThanOrEqual(last);
          expect(granted - consumed).toBeLessThanOrEqual(window.windowBytes);
          last = granted;
        }
      }),
    );
  });
});
