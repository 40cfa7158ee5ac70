/** How long a session waits for a carrier, carriers in doubt, and many that come and go. */
import { describe, expect, it } from 'vitest';
import {
  HOLD_LEAST_MS,
  NUDGE_PATIENCE_MS,
  PING_ACTIVE_MS,
  SUSPECT_ACTIVE_MS,
} from '../../../src/shared/limits.ts';
import { seededRandom } from '../../../src/shared/random.ts';
import type { FakeLocal } from '../../support/fake-local.ts';
import { PeerPair } from '../../support/peer-pair.ts';
import {
  STREAM,
  BOTH,
  codes,
  send,
  expectWhole,
  expectNothingLeft,
  sequenced,
} from '../../support/peer-talk.ts';

const HOLD_MS = 60_000;

describe('the hold', () => {
  it('ends after its time: both applications see a reset, and the next carrier begins anew', () => {
    const pair = new PeerPair();
    const first = pair.connect();
    const session = pair.sides[0].link.session?.id;
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    send(app, 1000);
    first.sever();
    pair.clock.advance(HOLD_MS - 1);
    expect([pair.states, app.seen]).toEqual([['held', 'held'], 'open']);
    pair.clock.advance(2);
    expect(pair.states).toEqual(['idle', 'idle']);
    expect([app.seen, pair.sides[1].target().seen]).toEqual(['reset', 'reset']);
    for (const { log } of pair.sides) expect(codes(log.overs)).toEqual(['E_SESSION_LOST']);
    expect(pair.sides[0].log.overs[0]?.message).not.toMatch(/[{}]/);
    expect(pair.sides.map(({ link }) => link.hasRoom)).toEqual([false, false]);
    const late = pair.sides[0].open();
    pair.clock.advance(0);
    expect(late.seen).toBe('reset');
    expect(pair.clock.pendingTimers).toBe(0);
    pair.connect();
    expect(pair.states).toEqual(['up', 'up']);
    expect(pair.sides[0].link.session?.id).not.toBe(session);
    pair.close();
    expect(pair.clock.pendingTimers).toBe(0);
  });

  it.each([0, 1] as const)('is the shorter one of both (side %i has 5 s)', (short) => {
    const sides = [{}, {}].map((_, side) => (side === short ? { holdMs: 5000 } : {}));
    const pair = new PeerPair({ sides: [sides[0] ?? {}, sides[1] ?? {}] });
    pair.connect().sever();
    pair.clock.advance(5001);
    expect(pair.states).toEqual(['idle', 'idle']);
  });

  it.each([0, 1] as const)('that ended on side %i alone is over for the other, too', (ended) => {
    const pair = new PeerPair();
    const first = pair.connect();
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    const target = pair.sides[1].target();
    // One side notices the loss later than the other, so its hold ends later.
    first.stall(ended === 0 ? 1 : 0);
    first.lanes[ended].leave();
    pair.clock.advance(HOLD_MS);
    expect(pair.sides[ended].link.state).toBe('idle');
    expect(pair.sides[ended === 0 ? 1 : 0].link.state).toBe('held');
    pair.connect();
    expect(pair.states).toEqual(['up', 'up']);
    expect([app.seen, target.seen]).toEqual(['reset', 'reset']);
    for (const { log } of pair.sides) expect(codes(log.overs)).toEqual(['E_SESSION_LOST']);
    expect(pair.sides[0].link.session?.id).toBe(pair.sides[1].link.session?.id);
    pair.close();
    expect(pair.clock.pendingTimers).toBe(0);
  });

  it.each([
    [0, 0],
    [0, HOLD_MS],
    [HOLD_MS, 0],
  ])('of %i and %i ms is none: the session ends with its carrier', (one, other) => {
    const pair = new PeerPair({ sides: [{ holdMs: one }, { holdMs: other }] });
    const first = pair.connect();
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    first.sever();
    pair.clock.advance(100);
    expect(pair.states).toEqual(['idle', 'idle']);
    expect([app.seen, pair.sides[1].target().seen]).toEqual(['reset', 'reset']);
    for (const { log } of pair.sides) expect(codes(log.overs)).toEqual(['E_LINK_LOST']);
    expect(pair.clock.pendingTimers).toBe(0);
  });

  it('of 0 gives a silent carrier a moment to be heard again, and no more', () => {
    const pair = new PeerPair({ sides: [{ holdMs: 0 }, { holdMs: 0 }] });
    const first = pair.connect();
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    first.stall();
    pair.clock.runUntil(() => pair.states.includes('held'), 10_000);
    pair.clock.advance(HOLD_LEAST_MS / 10);
    first.heal();
    pair.clock.advance(100);
    expect(pair.states).toEqual(['up', 'up']);
    first.stall();
    pair.clock.advance(SUSPECT_ACTIVE_MS + 2 * PING_ACTIVE_MS + HOLD_LEAST_MS);
    expect(pair.states).toEqual(['idle', 'idle']);
    expect(app.seen).toBe('reset');
    pair.close();
  });
});

describe('a carrier in doubt', () => {
  it('is held, and up again when it is heard; nothing is sent twice', () => {
    const pair = new PeerPair();
    const first = pair.connect();
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    send(app, 100_000);
    pair.clock.advance(3);
    first.stall();
    pair.clock.advance(SUSPECT_ACTIVE_MS + 2 * PING_ACTIVE_MS);
    expect(pair.states).toEqual(['held', 'held']);
    first.heal();
    pair.clock.advance(1000);
    expect(pair.states).toEqual(['up', 'up']);
    expectWhole(pair.sides[1].target(), 100_000);
    const frames = sequenced([first], 0);
    expect(new Set(frames).size).toBe(frames.length);
    app.finish();
    pair.sides[1].target().finish();
    pair.clock.advance(1000);
    expectNothingLeft(pair);
  });

  it('proves itself after a nudge, and no call begins', () => {
    let calls = 0;
    const call = (): Promise<void> => {
      calls += 1;
      return Promise.reject(new Error('nobody'));
    };
    const pair = new PeerPair({ sides: [{ call }, { call }] });
    pair.connect();
    pair.sides[0].link.nudge();
    expect(pair.sides[0].link.state).toBe('held');
    pair.clock.advance(NUDGE_PATIENCE_MS);
    expect(pair.states).toEqual(['up', 'up']);
    pair.clock.advance(10_000);
    expect(calls).toBe(0);
    expectNothingLeft(pair);
  });

  it('that does not after a nudge is not waited for', () => {
    let calledAt = Number.POSITIVE_INFINITY;
    const call = (): Promise<void> => {
      calledAt = Math.min(calledAt, pair.clock.now());
      return new Promise(() => {});
    };
    const pair = new PeerPair({ sides: [{ call }, {}] });
    const first = pair.connect();
    first.stall();
    const before = pair.clock.now();
    pair.sides[0].link.nudge();
    pair.clock.advance(1000);
    expect(calledAt - before).toBeLessThanOrEqual(NUDGE_PATIENCE_MS);
    pair.close();
  });
});

describe('carriers that come and go at random', () => {
  it.each(Array.from({ length: 40 }, (_, index) => index + 1))(
    'seed %i: every stream is whole, and nothing is left',
    (seed) => {
      const random = seededRandom(seed);
      const below = (end: number): number => Math.floor(random() * end);
      const pair = new PeerPair({ seed });
      const faults = { delayMs: [1, 1 + below(40)] as [number, number], bytesPerSecond: 3_000_000 };
      let now = pair.connect('call', faults);
      const talks: { app: FakeLocal; side: 0 | 1; bytes: number; back: number }[] = [];
      for (let count = 0; count < 8; count++) {
        pair.clock.after(below(1500), () => {
          const side = below(2) as 0 | 1;
          const talk = { app: pair.sides[side].open(), side, bytes: below(600_000), back: 0 };
          talks.push(talk);
          send(talk.app, talk.bytes);
          pair.clock.after(below(3000), () => talk.app.finish());
        });
      }
      const answered = [new Set<FakeLocal>(), new Set<FakeLocal>()];
      const sentBack = new Map<FakeLocal, number>();
      const answer = (): void => {
        for (const side of BOTH) {
          for (const target of pair.sides[side].targets) {
            if (answered[side]?.has(target)) continue;
            answered[side]?.add(target);
            const bytes = below(400_000);
            sentBack.set(target, bytes);
            send(target, bytes);
            pair.clock.after(below(2000), () => target.finish());
          }
        }
      };
      for (let cut = 0; cut < 10; cut++) {
        pair.clock.advance(below(400));
        answer();
        now.sever();
        pair.clock.advance(below(3) === 0 ? 0 : below(2000));
        answer();
        now = pair.begin('call', faults);
        // Some are cut before they have joined.
        pair.clock.advance(below(3) === 0 ? below(100) : 600);
      }
      for (let round = 0; round < 20; round++) {
        pair.clock.advance(1000);
        answer();
      }
      expect(pair.states).toEqual(['up', 'up']);
      expect(talks).toHaveLength(8);
      for (const { app, bytes, side } of talks) {
        expect([app.seen, app.closed]).toEqual(['end', true]);
        // Sockets of one side are dialed in the order of their CONNECTs, so bytes tell them apart.
        const targets = pair.sides[side === 0 ? 1 : 0].targets;
        expect(targets.some(({ receivedBytes }) => receivedBytes === bytes)).toBe(true);
        expect(app.received.equals(STREAM.take(app.receivedBytes))).toBe(true);
      }
      for (const [target, bytes] of sentBack) {
        expect(target.seen).toBe('end');
        expect(target.received.equals(STREAM.take(target.receivedBytes))).toBe(true);
        expect(talks.some(({ app }) => app.receivedBytes === bytes)).toBe(true);
      }
      expectNothingLeft(pair);
    },
  );
});
