/** Two carriers at once, changes from one to another, and several lanes side by side. */
import { describe, expect, it } from 'vitest';
import {
  DRAIN_TIMEOUT_MS,
  JOIN_TIMEOUT_MS,
  LINK_SILENCE_MS,
  NUDGE_PATIENCE_MS,
  PING_ACTIVE_MS,
  SUSPECT_ACTIVE_MS,
} from '../../../src/shared/limits.ts';
import { PeerPair } from '../../support/peer-pair.ts';
import {
  BOTH,
  send,
  expectWhole,
  expectNothingLeft,
  sequenced,
  isResume,
} from '../../support/peer-talk.ts';

/** A session with so many lanes. */
function grown(lanes: number, faults = { delayMs: [5, 5] as [number, number] }) {
  const pair = new PeerPair();
  const connections = [pair.connect('call', faults)];
  for (let count = 1; count < lanes; count++) connections.push(pair.connect('growth', faults));
  return { pair, connections };
}

describe('two carriers at once', () => {
  const delays = [
    [
      [1, 3],
      [1, 3],
    ],
    [
      [1, 3],
      [30, 90],
    ],
    [
      [30, 90],
      [1, 3],
    ],
    [
      [200, 600],
      [5, 15],
    ],
    // What is said on the one overtakes what is said on the other at every step.
    [
      [1, 400],
      [1, 400],
    ],
  ] as [number, number][][];

  it.each(delays)(
    'before there is a session, of %j and %j ms: both agree on the lanes',
    (one = [0, 0], two = [0, 0]) => {
      for (let seed = 1; seed <= 40; seed++) {
        const pair = new PeerPair({ seed });
        pair.begin('call', { delayMs: one });
        pair.clock.advance(seed % 7);
        pair.begin('call', { delayMs: two });
        pair.clock.advance(5000);
        expect(pair.states).toEqual(['up', 'up']);
        expect(pair.sending[0]).toHaveLength(1);
        expect(pair.sending[1]).toEqual(pair.sending[0]);
        // What is not sent on was left by both.
        expect(pair.lanes).toEqual(pair.sending);
        expect(pair.sides.flatMap(({ log }) => log.overs)).toEqual([]);
        pair.close();
        expect(pair.clock.pendingTimers).toBe(0);
      }
    },
  );

  it.each(delays)(
    'while held, of %j and %j ms: nothing is lost, both agree',
    (one = [0, 0], two = [0, 0]) => {
      for (let seed = 1; seed <= 40; seed++) {
        const pair = new PeerPair({ seed });
        const first = pair.connect();
        const app = pair.sides[seed % 2 === 0 ? 0 : 1].open();
        pair.clock.advance(100);
        send(app, 500_000);
        pair.clock.advance(5);
        first.sever();
        pair.clock.advance(100);
        pair.begin('call', { delayMs: one });
        pair.clock.advance(seed % 7);
        pair.begin('call', { delayMs: two });
        pair.clock.advance(8000);
        const target = pair.sides[seed % 2 === 0 ? 1 : 0].target();
        expectWhole(target, 500_000);
        expect(pair.sending[1]).toEqual(pair.sending[0]);
        expect(pair.lanes).toEqual(pair.sending);
        app.finish();
        target.finish();
        pair.clock.advance(1000);
        expectNothingLeft(pair);
      }
    },
  );

  it('a call that nobody needs is turned away, and its lane says so', async () => {
    const pair = new PeerPair();
    const { id } = pair.connect();
    const second = pair.begin();
    pair.clock.advance(1000);
    expect(pair.sending).toEqual([[id], [id]]);
    expect(pair.lanes).toEqual(pair.sending);
    // Not needed is as good as joined.
    await Promise.all(second.lanes.map(({ joined }) => joined));
    expectNothingLeft(pair);
  });

  it('a call is taken where one side alone doubts the carrier there is', () => {
    for (const doubting of BOTH) {
      const pair = new PeerPair();
      const first = pair.connect();
      const app = pair.sides[0].open();
      pair.clock.advance(100);
      send(app, 20_000);
      first.stall(doubting);
      pair.clock.advance(SUSPECT_ACTIVE_MS + 2 * PING_ACTIVE_MS);
      expect(pair.sides[doubting].link.state).toBe('held');
      const second = pair.connect();
      expect(pair.sending).toEqual([[second.id], [second.id]]);
      expect(pair.states).toEqual(['up', 'up']);
      expectWhole(pair.sides[1].target(), 20_000);
      app.finish();
      pair.sides[1].target().finish();
      pair.clock.advance(DRAIN_TIMEOUT_MS + 1000);
      expect(pair.lanes).toEqual([[second.id], [second.id]]);
      expectNothingLeft(pair);
    }
  });

  it.each(['pairing', 'change'] as const)('one for %s takes the place of a good one', (purpose) => {
    const pair = new PeerPair();
    // BYE may overtake what was sent before it.
    const first = pair.connect('call', { delayMs: [1, 60] });
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    const target = pair.sides[1].target();
    send(app, 2_000_000);
    send(target, 2_000_000);
    pair.clock.advance(20);
    const second = pair.connect(purpose);
    expect(pair.sending).toEqual([[second.id], [second.id]]);
    pair.clock.advance(3000);
    expectWhole(target, 2_000_000);
    expectWhole(app, 2_000_000);
    expect(pair.lanes).toEqual(pair.sending);
    // The old one drained, so nothing had to be sent twice.
    for (const side of BOTH) {
      const frames = sequenced([first, second], side);
      expect(sequenced([second], side).length).toBeGreaterThan(0);
      expect(new Set(frames).size).toBe(frames.length);
    }
    app.finish();
    target.finish();
    pair.clock.advance(1000);
    expectNothingLeft(pair);
  });

  it.each([0, 1] as const)(
    'one that stalls toward side %i while it joins ends by itself',
    (deaf) => {
      const pair = new PeerPair();
      const first = pair.connect();
      const app = pair.sides[0].open();
      pair.clock.advance(100);
      first.sever();
      pair.clock.advance(100);
      const second = pair.begin();
      pair.clock.runUntil(() => second.sent[1 - deaf]?.some(isResume) === true);
      second.stall(deaf);
      send(app, 5000);
      pair.clock.advance(JOIN_TIMEOUT_MS + 100);
      second.heal();
      pair.clock.advance(1000);
      const target = pair.sides[1].target();
      expect([app.seen, target.seen]).toEqual(['open', 'open']);
      pair.connect();
      pair.clock.advance(1000);
      expectWhole(target, 5000);
      app.finish();
      target.finish();
      pair.clock.advance(LINK_SILENCE_MS);
      expectNothingLeft(pair);
    },
  );

  it('a call that is given up after the other side took it ends nothing', () => {
    let taken = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const call = (): Promise<void> => {
        pair.begin();
        return new Promise(() => {});
      };
      const pair = new PeerPair({ seed, sides: [{}, { call }] });
      const first = pair.connect();
      const app = pair.sides[0].open();
      pair.clock.advance(100);
      const target = pair.sides[1].target();
      send(app, 100_000);
      pair.clock.advance(3);
      first.sever();
      // The follower calls twice at once, reaches the other by the one, and gives the other up.
      const faults = { delayMs: [1, 40] as [number, number] };
      const tries = [pair.begin('call', faults), pair.begin('call', faults)];
      pair.clock.runUntil(() => pair.sides[1].link.state === 'up');
      const given = tries.find(({ lanes }) => !lanes[1].isOpen);
      if (given !== undefined && pair.sides[0].link.session?.lanes.has(given.lanes[0])) taken += 1;
      given?.lanes[1].cancel();
      pair.clock.advance(100);
      send(app, 100_000);
      send(target, 50_000);
      pair.clock.advance(5000);
      expect([app.seen, target.seen]).toEqual(['open', 'open']);
      expectWhole(target, 200_000);
      expectWhole(app, 50_000);
      app.finish();
      target.finish();
      pair.clock.advance(1000);
      expectNothingLeft(pair);
    }
    expect(taken).toBeGreaterThan(3);
  });

  it('a change whose old carrier dies before it has drained loses nothing', () => {
    const pair = new PeerPair();
    const first = pair.connect('call', { delayMs: [5, 5], bytesPerSecond: 500_000 });
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    send(app, 1_000_000);
    pair.clock.advance(50);
    const second = pair.begin('change');
    pair.clock.runUntil(() => pair.sending[1]?.includes(second.id) === true);
    first.sever();
    pair.clock.advance(5000);
    expectWhole(pair.sides[1].target(), 1_000_000);
    expect(pair.states).toEqual(['up', 'up']);
    app.finish();
    pair.sides[1].target().finish();
    pair.clock.advance(1000);
    expectNothingLeft(pair);
  });

  it('a change whose old carrier goes silent is finished after a while', () => {
    const pair = new PeerPair();
    const first = pair.connect();
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    send(app, 1_000_000);
    pair.clock.advance(6);
    first.stall();
    const second = pair.begin('change');
    pair.clock.advance(DRAIN_TIMEOUT_MS + 5000);
    expectWhole(pair.sides[1].target(), 1_000_000);
    expect(pair.lanes).toEqual([[second.id], [second.id]]);
    app.finish();
    pair.sides[1].target().finish();
    pair.clock.advance(1000);
    expectNothingLeft(pair);
  });
});

describe('several lanes', () => {
  it('grow one by one, and all of them carry', () => {
    const { pair, connections } = grown(4, { delayMs: [5, 5] });
    const ids = connections.map(({ id }) => id).toSorted();
    expect(pair.sending).toEqual([ids, ids]);
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    send(app, 4_000_000);
    send(pair.sides[1].target(), 4_000_000);
    pair.clock.advance(5000);
    expectWhole(pair.sides[1].target(), 4_000_000);
    expectWhole(app, 4_000_000);
    for (const side of BOTH) {
      const frames = sequenced(connections, side);
      expect(new Set(frames).size).toBe(frames.length);
      for (const connection of connections) {
        expect(sequenced([connection], side).length).toBeGreaterThan(frames.length / 20);
      }
    }
    app.finish();
    pair.sides[1].target().finish();
    pair.clock.advance(1000);
    expectNothingLeft(pair);
  });

  it('of which one is lost under load: the others go on, nothing is lost', () => {
    for (const lost of [0, 1, 2]) {
      const { pair, connections } = grown(3);
      const app = pair.sides[0].open();
      pair.clock.advance(100);
      send(app, 3_000_000);
      send(pair.sides[1].target(), 3_000_000);
      pair.clock.advance(30);
      connections[lost]?.sever();
      pair.clock.advance(100);
      expect(pair.states).toEqual(['up', 'up']);
      pair.clock.advance(5000);
      expectWhole(pair.sides[1].target(), 3_000_000);
      expectWhole(app, 3_000_000);
      const left = connections.filter((_, at) => at !== lost).map(({ id }) => id);
      expect(pair.sending).toEqual([left.toSorted(), left.toSorted()]);
      app.finish();
      pair.sides[1].target().finish();
      pair.clock.advance(1000);
      expectNothingLeft(pair);
    }
  });

  it('of which one goes silent under load: it is given up, and the rest goes on', () => {
    const { pair, connections } = grown(3);
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    send(app, 3_000_000);
    pair.clock.advance(30);
    connections[1]?.stall();
    pair.clock.advance(SUSPECT_ACTIVE_MS + 3 * PING_ACTIVE_MS);
    expectWhole(pair.sides[1].target(), 3_000_000);
    expect(pair.lanes.map((lanes) => lanes.length)).toEqual([2, 2]);
    app.finish();
    pair.sides[1].target().finish();
    pair.clock.advance(1000);
    expectNothingLeft(pair);
  });

  it('that are all lost at once are held, and one carrier is enough to go on', () => {
    const { pair, connections } = grown(4);
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    send(app, 2_000_000);
    pair.clock.advance(20);
    for (const connection of connections) connection.sever();
    pair.clock.advance(3000);
    expect(pair.states).toEqual(['held', 'held']);
    const { id } = pair.connect();
    pair.clock.advance(2000);
    expect(pair.sending).toEqual([[id], [id]]);
    expectWhole(pair.sides[1].target(), 2_000_000);
    app.finish();
    pair.sides[1].target().finish();
    pair.clock.advance(1000);
    expectNothingLeft(pair);
  });

  it('are replaced by one for a change, and grow again', () => {
    const { pair, connections } = grown(3);
    const change = pair.connect('change');
    expect(pair.sending).toEqual([[change.id], [change.id]]);
    expect(pair.lanes).toEqual(pair.sending);
    const again = pair.connect('growth');
    const ids = [change.id, again.id].toSorted();
    expect(pair.sending).toEqual([ids, ids]);
    expect(connections.every(({ id }) => !pair.lanes.flat().includes(id))).toBe(true);
    expectNothingLeft(pair);
  });

  it('all stay when a nudge finds them well', () => {
    const { pair, connections } = grown(3);
    for (const { link } of pair.sides) link.nudge();
    pair.clock.advance(NUDGE_PATIENCE_MS);
    const ids = connections.map(({ id }) => id).toSorted();
    expect(pair.sending).toEqual([ids, ids]);
    expect(pair.states).toEqual(['up', 'up']);
    expectNothingLeft(pair);
  });

  it('all stay when this process was stopped for a while', () => {
    const { pair, connections } = grown(3);
    pair.clock.jump(30_000);
    pair.clock.advance(2 * PING_ACTIVE_MS);
    const ids = connections.map(({ id }) => id).toSorted();
    expect(pair.sending).toEqual([ids, ids]);
    expect(pair.states).toEqual(['up', 'up']);
    expectNothingLeft(pair);
  });
});
