/** The gate in front of several carriers, and of none. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME as FRAME_TYPE } from '../../../src/engine/protocol/frame.ts';
import { Gate, type GateSender, type TurnResult } from '../../../src/engine/tunnel/gate.ts';
import { LaneGate } from '../../../src/engine/tunnel/lane-gate.ts';
import { GATE_HIGH_WATER_BYTES, GATE_IN_FLIGHT_MIN_BYTES } from '../../../src/shared/limits.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const FRAME = 16_384;
const IN_FLIGHT_FRAMES = GATE_IN_FLIGHT_MIN_BYTES / FRAME;

class Path {
  readonly name: string;
  readonly lane: LaneGate;
  buffered = 0;

  constructor(bench: Bench, name: string) {
    this.name = name;
    this.lane = new LaneGate(
      {
        dataPayloadBytes: name.codePointAt(0) as number,
        send: (message) => {
          if (message[0] !== FRAME_TYPE.MARK) bench.log.push(name);
        },
        bufferedAmount: () => this.buffered,
      },
      bench.clock,
    );
  }

  /** So many of the bytes in flight arrive. */
  arrive(bytes = this.lane.inFlightBytes): void {
    this.lane.onArrived(this.lane.arrivedBytes + bytes);
  }
}

class Bench {
  readonly clock = new VirtualClock();
  readonly gate = new Gate();
  /** On which path each message went, in order. */
  readonly log: string[] = [];
  readonly paths: Path[];

  constructor(count: number) {
    this.paths = Array.from({ length: count }, (_, at) => new Path(this, 'ABCD'[at] as string));
  }

  path(at: number): Path {
    return this.paths[at] as Path;
  }

  use(...at: number[]): void {
    this.gate.use(at.map((index) => this.path(index).lane));
    this.gate.checkInvariants();
  }

  /** A sender of so many frames. */
  sender(frames: number): { left: number } & GateSender {
    const sender = {
      left: frames,
      takeTurn: (): TurnResult => {
        if (sender.left === 0) return 'done';
        sender.left -= 1;
        this.gate.send(new Uint8Array(FRAME));
        return sender.left > 0 ? 'more' : 'done';
      },
    };
    this.gate.want(sender);
    return sender;
  }

  take(): string {
    return this.log.splice(0).join('');
  }
}

describe('the gate with several lanes', () => {
  it('gives each frame to the lane that is least full', () => {
    const bench = new Bench(3);
    bench.use(0, 1, 2);
    bench.sender(3);
    expect(bench.take()).toBe('ABC');
    bench.path(1).arrive();
    bench.sender(1);
    expect(bench.take()).toBe('B');
    bench.path(2).arrive();
    bench.path(0).arrive();
    bench.gate.pass(new Uint8Array(9));
    bench.gate.pass(new Uint8Array(9));
    expect(bench.take()).toBe('AC');
  });

  it('fills all of them, then waits; whichever has room again takes the next', () => {
    const bench = new Bench(2);
    bench.use(0, 1);
    const sender = bench.sender(100);
    expect(bench.take()).toBe('AB'.repeat(IN_FLIGHT_FRAMES));
    bench.path(1).arrive(2 * FRAME);
    expect(bench.take()).toBe('BB');
    bench.path(0).arrive(FRAME);
    expect(bench.take()).toBe('A');
    expect(sender.left).toBe(100 - 2 * IN_FLIGHT_FRAMES - 3);
    bench.gate.checkInvariants();
  });

  it('passes over a lane above its high water mark, but for what never waits', () => {
    const bench = new Bench(2);
    bench.use(0, 1);
    bench.path(0).buffered = GATE_HIGH_WATER_BYTES + 1;
    bench.sender(3);
    expect(bench.take()).toBe('BBB');
    bench.gate.pass(new Uint8Array(9));
    expect(bench.take()).toBe('A');
  });

  it('asks the lane of the turn how large a frame may be', () => {
    const bench = new Bench(2);
    bench.use(0, 1);
    const sizes: number[] = [];
    const sender: GateSender = {
      takeTurn: () => {
        sizes.push(bench.gate.dataPayloadBytes);
        bench.gate.send(new Uint8Array(FRAME));
        return sizes.length < 2 ? 'more' : 'done';
      },
    };
    bench.gate.want(sender);
    expect(sizes).toEqual(['A', 'B'].map((name) => name.codePointAt(0)));
    expect(bench.gate.dataPayloadBytes).toBe(0);
  });

  it('sends nothing while there is none, and goes on with the first', () => {
    const bench = new Bench(2);
    const sender = bench.sender(2);
    bench.gate.pass(new Uint8Array(9));
    bench.gate.checkInvariants();
    expect([bench.take(), sender.left, bench.gate.waitingSenders]).toEqual(['', 2, 1]);
    bench.use(1);
    expect(bench.take()).toBe('BB');
    bench.use();
    bench.sender(1);
    bench.gate.pass(new Uint8Array(9));
    expect([bench.take(), bench.gate.waitingSenders]).toEqual(['', 1]);
    // One that is not used any more wakes nobody.
    bench.path(1).arrive();
    bench.path(1).lane.onDrained();
    expect(bench.take()).toBe('');
    bench.use(0, 1);
    expect(bench.take()).toBe('A');
  });

  it('changes lanes in the middle of a stream, and sends nothing more on the old', () => {
    const bench = new Bench(2);
    bench.use(0);
    bench.sender(20);
    expect(bench.take()).toBe('A'.repeat(IN_FLIGHT_FRAMES));
    bench.use(1);
    expect(bench.take()).toBe('B'.repeat(IN_FLIGHT_FRAMES));
    bench.path(0).arrive();
    expect(bench.take()).toBe('');
    bench.path(1).arrive();
    expect(bench.take()).toBe('B'.repeat(IN_FLIGHT_FRAMES));
  });

  it('takes a sender for idle when its last frame arrived, on whichever lane it went', () => {
    const bench = new Bench(2);
    bench.use(0, 1);
    const one = bench.sender(1);
    expect(bench.take()).toBe('A');
    bench.sender(100);
    bench.take();
    // Its frame on A is there: it goes before the stream. Not so when only B has arrived.
    one.left = 1;
    bench.path(0).arrive(FRAME);
    expect(bench.take()).toBe('A');
    bench.gate.want(one);
    bench.path(1).arrive(FRAME);
    expect(one.left).toBe(0);
  });

  it('knows the round trip of the quickest', () => {
    const bench = new Bench(3);
    bench.use(0, 1, 2);
    expect(bench.gate.roundTripMs).toBe(0);
    bench.sender(2);
    bench.clock.advance(30);
    bench.path(0).arrive();
    expect(bench.gate.roundTripMs).toBe(30);
    bench.clock.advance(10);
    bench.path(1).arrive();
    expect(bench.gate.roundTripMs).toBe(30);
    bench.use(1, 2);
    expect(bench.gate.roundTripMs).toBe(40);
    bench.use();
    expect(bench.gate.roundTripMs).toBe(0);
  });
});

type Step =
  | { readonly kind: 'want'; readonly sender: number; readonly frames: number }
  | { readonly kind: 'use'; readonly lanes: readonly number[] }
  | { readonly kind: 'arrive'; readonly lane: number; readonly share: number }
  | { readonly kind: 'pass' };

const LANES = 4;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('want' as const),
    sender: fc.nat({ max: 4 }),
    frames: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({
    kind: fc.constant('use' as const),
    lanes: fc.subarray(Array.from({ length: LANES }, (_, at) => at)),
  }),
  fc.record({
    kind: fc.constant('arrive' as const),
    lane: fc.nat({ max: LANES - 1 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ kind: fc.constant('pass' as const) }),
);

describe('the gate under any schedule of lanes', () => {
  it('keeps its invariants, sends on used lanes only, and loses nobody’s wake-up', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const bench = new Bench(LANES);
        const senders = Array.from({ length: 5 }, () => bench.sender(0));
        let used: readonly number[] = [];
        for (const next of steps) {
          if (next.kind === 'use') used = next.lanes;
          perform(bench, senders, next);
          bench.gate.checkInvariants();
          const names = used.map((at) => bench.path(at).name);
          for (const name of bench.log.splice(0)) expect(names).toContain(name);
        }
        bench.use(0, 1, 2, 3);
        for (let round = 0; round < 1000 && senders.some(({ left }) => left > 0); round++) {
          for (const path of bench.paths) path.arrive();
        }
        expect(senders.map(({ left }) => left)).toEqual([0, 0, 0, 0, 0]);
        expect(bench.gate.waitingSenders).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

function perform(bench: Bench, senders: ({ left: number } & GateSender)[], next: Step): void {
  switch (next.kind) {
    case 'want': {
      const sender = senders[next.sender] as { left: number } & GateSender;
      sender.left += next.frames;
      return bench.gate.want(sender);
    }
    case 'use':
      return bench.use(...next.lanes);
    case 'arrive': {
      const path = bench.path(next.lane);
      return path.arrive(Math.floor(path.lane.inFlightBytes * next.share));
    }
    case 'pass':
      return bench.gate.pass(new Uint8Array(9));
  }
}
