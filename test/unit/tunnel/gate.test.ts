/** The six things the essay in gate.ts asks of the gate, each by itself, then any schedule at all. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME as FRAME_TYPE } from '../../../src/engine/protocol/frame.ts';
import { Gate, type GateSender, type TurnResult } from '../../../src/engine/tunnel/gate.ts';
import { LaneGate } from '../../../src/engine/tunnel/lane-gate.ts';
import {
  GATE_FRESH_TURNS_MAX,
  GATE_HIGH_WATER_BYTES,
  GATE_IN_FLIGHT_MIN_BYTES,
  GATE_LOW_WATER_BYTES,
} from '../../../src/shared/limits.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const FRAME = 16_384;
const IN_FLIGHT_FRAMES = GATE_IN_FLIGHT_MIN_BYTES / FRAME;

/** A sender with so many frames left, on a bench that remembers whose turn it was. */
class Sender implements GateSender {
  readonly name: string;
  readonly #bench: Bench;
  readonly #frameBytes: number;
  frames: number;

  constructor(bench: Bench, name: string, options: { frames?: number; frameBytes?: number } = {}) {
    this.#bench = bench;
    this.name = name;
    this.frames = options.frames ?? Number.POSITIVE_INFINITY;
    this.#frameBytes = options.frameBytes ?? FRAME;
  }

  takeTurn(): TurnResult {
    if (this.frames === 0) return 'done';
    this.frames -= 1;
    this.#bench.turns.push(this.name);
    this.#bench.gate.send(new Uint8Array(this.#frameBytes));
    return this.frames > 0 ? 'more' : 'done';
  }

  want(): this {
    this.#bench.gate.want(this);
    return this;
  }
}

class Bench {
  readonly clock = new VirtualClock();
  readonly turns: string[] = [];
  readonly gate = new Gate();
  readonly lane: LaneGate;
  buffered = 0;
  sent = 0;
  arrived = 0;
  onSend: () => void = () => undefined;

  constructor(options: { buffers?: boolean } = {}) {
    this.lane = new LaneGate(
      {
        dataPayloadBytes: FRAME,
        send: (message) => {
          if (message[0] === FRAME_TYPE.MARK) return;
          this.sent += message.length;
          if (options.buffers === true) this.buffered += message.length;
          this.onSend();
        },
        bufferedAmount: () => this.buffered,
      },
      this.clock,
    );
    this.gate.use([this.lane]);
  }

  sender(name: string, options: { frames?: number; frameBytes?: number } = {}): Sender {
    return new Sender(this, name, options);
  }

  /** Everything in flight arrives. */
  arrive(bytes = this.sent - this.arrived): void {
    this.arrived += bytes;
    this.lane.onArrived(this.arrived);
    this.gate.checkInvariants();
  }

  /** The turns so far, and forgets them. */
  take(): string {
    return this.turns.splice(0).join('');
  }
}

describe('the gate', () => {
  it('is open until what is in flight reaches the limit, and opens again by ARRIVED', () => {
    const bench = new Bench();
    bench.sender('a').want();
    expect(bench.take()).toBe('a'.repeat(IN_FLIGHT_FRAMES));
    expect(bench.lane.inFlightBytes).toBe(GATE_IN_FLIGHT_MIN_BYTES);
    bench.arrive(FRAME);
    expect(bench.take()).toBe('a');
    bench.arrive(1);
    expect(bench.take()).toBe('a');
    bench.arrive(0);
    expect(bench.take()).toBe('');
  });

  it('is shut from the high water mark down to the low one', () => {
    const bench = new Bench({ buffers: true });
    bench.buffered = GATE_HIGH_WATER_BYTES + 1;
    bench.sender('a', { frames: 1 }).want();
    expect(bench.take()).toBe('');
    bench.buffered = GATE_LOW_WATER_BYTES + 1;
    bench.lane.onDrained();
    bench.gate.checkInvariants();
    expect(bench.take()).toBe('');
    bench.buffered = GATE_LOW_WATER_BYTES;
    bench.lane.onDrained();
    expect(bench.take()).toBe('a');
  });

  it('is still open at the high water mark itself', () => {
    const bench = new Bench({ buffers: true });
    bench.buffered = GATE_HIGH_WATER_BYTES;
    bench.sender('a', { frames: 1 }).want();
    expect(bench.take()).toBe('a');
  });

  it('gives streams one frame each in turn, whichever filled it', () => {
    const bench = new Bench();
    for (const name of ['a', 'b', 'c', 'd', 'e']) bench.sender(name).want();
    bench.arrive();
    bench.take();
    for (let round = 0; round < 100; round++) bench.arrive(FRAME * (1 + (round % 3)));
    const turns = bench.take();
    const shares = ['a', 'b', 'c', 'd', 'e'].map((name) => turns.split(name).length - 1);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    for (let at = 5; at < turns.length; at++) expect(turns[at]).toBe(turns[at - 5]);
  });

  it('lets an idle sender go first, once', () => {
    const bench = new Bench();
    bench.sender('a').want();
    bench.sender('b').want();
    bench.arrive();
    bench.take();
    bench.sender('k', { frames: 2, frameBytes: 50 }).want();
    bench.arrive(FRAME);
    const turns = bench.take();
    expect(turns[0]).toBe('k');
    expect(turns.indexOf('k', 1)).not.toBe(1);
  });

  it('takes a sender for idle only when all that it sent has arrived', () => {
    const bench = new Bench();
    bench.sender('a').want();
    bench.arrive();
    bench.take();
    const key = bench.sender('k', { frames: 1, frameBytes: 50 }).want();
    bench.arrive(FRAME);
    expect(bench.take()).toBe('ka');
    key.frames = 1;
    key.want();
    // Its first frame is not there yet: it stands behind the stream now.
    bench.arrive(FRAME);
    expect(bench.take()[0]).toBe('a');
    bench.arrive();
    bench.take();
    bench.arrive();
    bench.take();
    key.frames = 1;
    key.want();
    bench.arrive(FRAME);
    expect(bench.take()[0]).toBe('k');
  });

  it('starves no stream, however many idle ones come', () => {
    const bench = new Bench();
    bench.sender('s').want();
    bench.take();
    for (let count = 0; count < 10 * GATE_FRESH_TURNS_MAX; count++) {
      bench.sender('f', { frames: 1 }).want();
    }
    for (let count = 0; count < 12 * GATE_FRESH_TURNS_MAX; count++) bench.arrive(FRAME);
    const longest = Math.max(
      ...bench
        .take()
        .split('s')
        .slice(0, -1)
        .map((run) => run.length),
    );
    expect(longest).toBe(GATE_FRESH_TURNS_MAX);
  });

  it('forgets who leaves, wherever it stands, and wakes nobody for it', () => {
    const bench = new Bench();
    const streaming = bench.sender('a').want();
    const fresh = bench.sender('b').want();
    expect(bench.gate.waitingSenders).toBe(2);
    bench.gate.leave(fresh);
    bench.gate.leave(streaming);
    bench.gate.leave(streaming);
    expect(bench.gate.waitingSenders).toBe(0);
    bench.take();
    bench.arrive();
    expect(bench.take()).toBe('');
  });

  it('lets a sender leave in another’s turn', () => {
    const bench = new Bench();
    bench.sender('a', { frames: IN_FLIGHT_FRAMES }).want();
    const victim = bench.sender('v').want();
    bench.sender('b', { frames: 1 }).want();
    bench.take();
    bench.onSend = () => bench.gate.leave(victim);
    bench.gate.pass(new Uint8Array(1));
    bench.arrive();
    expect(bench.take()).toBe('b');
  });

  it('lets small frames pass when it is shut, and counts them', () => {
    const bench = new Bench();
    bench.sender('a').want();
    bench.gate.pass(new Uint8Array(17));
    expect(bench.lane.inFlightBytes).toBe(GATE_IN_FLIGHT_MIN_BYTES + 17);
  });

  it('sends nothing and keeps nobody once it is closed, also when closed in a turn', () => {
    const bench = new Bench();
    bench.onSend = () => bench.gate.close();
    bench.sender('a').want();
    bench.sender('b').want();
    expect(bench.take()).toBe('a');
    const { sent } = bench;
    bench.gate.pass(new Uint8Array(1));
    bench.arrive();
    bench.lane.onDrained();
    expect([bench.sent, bench.gate.waitingSenders]).toEqual([sent, 0]);
  });

  it('refuses an ARRIVED beyond what was sent, and ignores an old one', () => {
    const bench = new Bench();
    bench.gate.pass(new Uint8Array(10));
    expect(() => bench.lane.onArrived(11)).toThrow(expect.objectContaining({ code: 'E_PROTOCOL' }));
    bench.lane.onArrived(10);
    bench.lane.onArrived(4);
    expect(bench.lane.inFlightBytes).toBe(0);
  });

  it('notices its own invariants broken', () => {
    const bench = new Bench({ buffers: true });
    bench.buffered = GATE_HIGH_WATER_BYTES + 1;
    bench.sender('a').want();
    bench.gate.checkInvariants();
    bench.buffered = 0;
    expect(() => bench.gate.checkInvariants()).toThrow('a sender waits');
  });
});

type Step =
  | { readonly kind: 'want'; readonly sender: number; readonly frames: number }
  | { readonly kind: 'leave'; readonly sender: number }
  | { readonly kind: 'arrive'; readonly share: number }
  | { readonly kind: 'drain'; readonly share: number }
  | { readonly kind: 'pass'; readonly bytes: number }
  | { readonly kind: 'wait'; readonly ms: number };

const SENDERS = 6;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('want' as const),
    sender: fc.nat({ max: SENDERS - 1 }),
    frames: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({ kind: fc.constant('leave' as const), sender: fc.nat({ max: SENDERS - 1 }) }),
  fc.record({
    kind: fc.constant('arrive' as const),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant('drain' as const),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ kind: fc.constant('pass' as const), bytes: fc.integer({ min: 9, max: 100_000 }) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 50 }) }),
);

function perform(bench: Bench, senders: readonly Sender[], action: Step): void {
  switch (action.kind) {
    case 'want': {
      const sender = senders[action.sender] as Sender;
      sender.frames += action.frames;
      sender.want();
      return;
    }
    case 'leave': {
      const sender = senders[action.sender] as Sender;
      sender.frames = 0;
      bench.gate.leave(sender);
      return;
    }
    case 'arrive':
      return bench.arrive(Math.floor((bench.sent - bench.arrived) * action.share));
    case 'drain':
      bench.buffered = Math.floor(bench.buffered * action.share);
      // A carrier tells only of the fall to the low water mark.
      if (bench.buffered <= GATE_LOW_WATER_BYTES) bench.lane.onDrained();
      return;
    case 'pass':
      return bench.gate.pass(new Uint8Array(action.bytes));
    case 'wait':
      return bench.clock.advance(action.ms);
  }
}

describe('the gate under any schedule', () => {
  it('keeps its invariants at every step, and loses nobody’s wake-up', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const bench = new Bench({ buffers: true });
        const senders = Array.from({ length: SENDERS }, (_, index) =>
          bench.sender(String(index), { frames: 0 }),
        );
        for (const next of steps) {
          const before = bench.buffered;
          perform(bench, senders, next);
          if (
            next.kind !== 'drain' ||
            before === bench.buffered ||
            bench.buffered <= GATE_LOW_WATER_BYTES
          ) {
            bench.gate.checkInvariants();
          }
          const wanting = senders.filter(({ frames }) => frames > 0).length;
          expect(bench.gate.waitingSenders).toBe(wanting);
        }
        // Once everything arrives and drains, everybody has had all turns.
        for (let round = 0; round < 10_000 && senders.some(({ frames }) => frames > 0); round++) {
          bench.buffered = 0;
          bench.lane.onDrained();
          bench.arrive();
        }
        expect(senders.map(({ frames }) => frames)).toEqual(
          Array.from({ length: SENDERS }, () => 0),
        );
        expect(bench.gate.waitingSenders).toBe(0);
      }),
      { numRuns: 400 },
    );
  });
});
