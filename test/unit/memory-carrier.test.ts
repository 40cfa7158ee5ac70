import { describe, expect, it } from 'vitest';
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import { memoryCarrierPair, type MemoryFaults } from '../../src/engine/carrier/memory.ts';
import type { Clock } from '../../src/shared/clock.ts';
import type { PortholeError } from '../../src/shared/errors.ts';
import { BEFORE_READY_BYTES_MAX, GATE_LOW_WATER_BYTES } from '../../src/shared/limits.ts';
import { seededRandom } from '../../src/shared/random.ts';

/** A clock that jumps from timer to timer. */
class JumpingClock implements Clock {
  #now = 0;
  #timers: { readonly at: number; readonly callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  soon(callback: () => void): void {
    this.after(0, callback);
  }

  /** Runs every timer due until `end`, those they start too. */
  run(end = Infinity): void {
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.at - b.at);
      if (!next || next.at > end) return;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = next.at;
      next.callback();
    }
  }
}

interface Log {
  readonly messages: number[];
  readonly endings: (PortholeError | undefined)[];
  drained: number;
}

function listen(carrier: Carrier, log: Log = { messages: [], endings: [], drained: 0 }): Log {
  carrier.start({
    onMessage: (message) => log.messages.push(message[0] ?? -1),
    onDrained: () => log.drained++,
    onClosed: (cause) => log.endings.push(cause),
  });
  return log;
}

function pair(faults?: MemoryFaults, seed = 1) {
  const clock = new JumpingClock();
  const made = memoryCarrierPair({
    clock,
    random: seededRandom(seed),
    ...(faults ? { faults } : {}),
  });
  const [first, second] = made.ends;
  return { clock, first, second, sever: () => made.sever() };
}

/** What arrives of a hundred messages when everything goes wrong. */
function messy(seed: number): number[] {
  const { clock, first, second } = pair({ delayMs: [1, 50], duplicates: 0.2 }, seed);
  const log = listen(second);
  for (let value = 0; value < 100; value++) first.send(Uint8Array.of(value));
  clock.run();
  return log.messages;
}

describe('carriers in memory', () => {
  it('deliver what is sent, copied, in order when nothing is wrong', () => {
    const { clock, first, second } = pair();
    const log = listen(second);
    const message = new Uint8Array(1);
    for (let value = 0; value < 100; value++) {
      message[0] = value;
      first.send(message);
    }
    expect(log.messages).toEqual([]);
    clock.run();
    expect(log.messages).toEqual(Array.from({ length: 100 }, (_, value) => value));
  });

  it('know the same two certificates', () => {
    const { first, second } = pair();
    expect(first.binding.local).toHaveLength(32);
    expect(first.binding.local).toEqual(second.binding.remote);
    expect(first.binding.remote).toEqual(second.binding.local);
  });

  it('reorder and duplicate, the same way for the same seed', () => {
    const messages = messy(7);
    expect(new Set(messages).size).toBe(100);
    expect(messages.length).toBeGreaterThan(105);
    expect(messages).not.toEqual(messages.toSorted((a, b) => a - b));
    expect(messy(7)).toEqual(messages);
    expect(messy(8)).not.toEqual(messages);
  });

  it('hold back what is above their rate, and say when they drained', () => {
    const { clock, first, second } = pair({ bytesPerSecond: 100_000 });
    const received = listen(second);
    const log = listen(first);
    for (let sent = 0; sent < 10; sent++) first.send(new Uint8Array(10_000));
    expect(first.bufferedAmount()).toBe(100_000);
    clock.run(499);
    expect(first.bufferedAmount()).toBe(60_000);
    expect(first.bufferedAmount()).toBeLessThanOrEqual(GATE_LOW_WATER_BYTES);
    expect(received.messages).toHaveLength(4);
    clock.run();
    expect(clock.now()).toBe(1000);
    expect(received.messages).toHaveLength(10);
    expect(log.drained).toBe(1);
    expect(first.bufferedAmount()).toBe(0);
  });

  it('end both, once each, when one closes', () => {
    const { clock, first, second } = pair();
    const firstLog = listen(first);
    const secondLog = listen(second);
    second.send(Uint8Array.of(1));
    first.close();
    first.close();
    first.send(Uint8Array.of(2));
    expect(firstLog.endings).toEqual([]);
    clock.run();
    second.close();
    clock.run();
    expect(firstLog).toEqual({ messages: [], endings: [undefined], drained: 0 });
    expect(secondLog.messages).toEqual([]);
    expect(secondLog.endings).toEqual([expect.objectContaining({ code: 'E_LINK_LOST' })]);
  });

  it('end both with a reason when severed, and lose what was under way', () => {
    const { clock, first, second, sever } = pair({ delayMs: [5, 5] });
    const logs = [listen(first), listen(second)];
    first.send(Uint8Array.of(1));
    sever();
    sever();
    clock.run();
    for (const log of logs) {
      expect(log.messages).toEqual([]);
      expect(log.endings).toEqual([expect.objectContaining({ code: 'E_LINK_LOST' })]);
    }
  });

  it('keep what comes before the start, and the end too', () => {
    const { clock, first, second } = pair();
    first.send(Uint8Array.of(1));
    clock.run();
    first.close();
    clock.run();
    const log = listen(second);
    expect(log.messages).toEqual([1]);
    expect(log.endings).toEqual([]);
    clock.run();
    expect(log.endings).toEqual([expect.objectContaining({ code: 'E_LINK_LOST' })]);
  });

  it('end once when the receiver closes while it gets what was kept', () => {
    const { clock, first, second } = pair();
    first.send(Uint8Array.of(1));
    first.send(Uint8Array.of(2));
    clock.run();
    const messages: Uint8Array[] = [];
    const endings: unknown[] = [];
    second.start({
      onMessage: (message) => {
        messages.push(message);
        second.close();
      },
      onDrained: () => undefined,
      onClosed: (cause) => endings.push(cause),
    });
    clock.run();
    expect(messages).toHaveLength(1);
    expect(endings).toEqual([undefined]);
  });

  it('end when more comes before the start than may wait', () => {
    const { clock, first, second } = pair();
    first.send(new Uint8Array(BEFORE_READY_BYTES_MAX));
    first.send(new Uint8Array(1));
    clock.run();
    const log = listen(second);
    clock.run();
    expect(log.messages).toHaveLength(1);
    expect(log.endings).toEqual([expect.objectContaining({ code: 'E_LINK_LOST' })]);
  });

  it('start once', () => {
    const { first } = pair();
    listen(first);
    expect(() => listen(first)).toThrow(expect.objectContaining({ code: 'E_INTERNAL' }));
  });
});

describe('seeded random numbers', () => {
  it('repeat for the same seed, spread over [0, 1)', () => {
    const values = Array.from({ length: 10_000 }, seededRandom(42));
    expect(Array.from({ length: 10_000 }, seededRandom(42))).toEqual(values);
    expect(Array.from({ length: 10_000 }, seededRandom(43))).not.toEqual(values);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean).toBeCloseTo(0.5, 1);
  });
});
