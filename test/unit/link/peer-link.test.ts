/** Sessions outlive carriers: what two devices keep, and what they send again. */
import { describe, expect, it } from 'vitest';
import { INITIAL_WINDOW_BYTES, SOCKETS_PER_PEER_MAX } from '../../../src/shared/limits.ts';
import type { FakeLocal } from '../../support/fake-local.ts';
import { PeerPair, SHARE } from '../../support/peer-pair.ts';
import {
  BOTH,
  codes,
  send,
  expectWhole,
  expectNothingLeft,
  sequenced,
} from '../../support/peer-talk.ts';

/** So many shares. */
function sharesOf(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    id: Uint8Array.of(index),
    name: `share ${index}`,
    port: 80,
    loopback: true,
    down: false,
  }));
}

const isAlive = (app: FakeLocal): boolean => app.seen === 'open';

describe('a session between two devices', () => {
  it('begins with the first carrier, and both agree on it', () => {
    const pair = new PeerPair();
    const { id } = pair.connect();
    expect(pair.states).toEqual(['up', 'up']);
    expect(pair.sending).toEqual([[id], [id]]);
    expect(pair.sides[0].link.session?.id).toBe(pair.sides[1].link.session?.id);
    expect(pair.sides.map(({ log }) => log.states)).toEqual([
      ['authenticating', 'up'],
      ['authenticating', 'up'],
    ]);
    expect(pair.sides.map(({ link }) => link.role)).toEqual(['decides', 'follows']);
    expectNothingLeft(pair);
  });

  it('goes on over a new carrier at the exact byte, both ways', () => {
    const pair = new PeerPair();
    const first = pair.connect();
    const session = pair.sides[0].link.session?.id;
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    const target = pair.sides[1].target();
    send(app, 3_000_000);
    send(target, 2_000_000);
    pair.clock.advance(60);
    first.sever();
    pair.clock.advance(5000);
    expect(pair.states).toEqual(['held', 'held']);
    expect([app.seen, target.seen]).toEqual(['open', 'open']);
    expect(target.receivedBytes).toBeGreaterThan(0);
    expect(target.receivedBytes).toBeLessThan(3_000_000);
    expect(Math.min(...pair.keptBytes)).toBeGreaterThan(0);
    pair.connect();
    expect(pair.states).toEqual(['up', 'up']);
    expect(pair.sides[0].link.session?.id).toBe(session);
    app.finish();
    target.finish();
    pair.clock.advance(5000);
    expectWhole(target, 3_000_000);
    expectWhole(app, 2_000_000);
    expect([app.seen, target.seen]).toEqual(['end', 'end']);
    expectNothingLeft(pair);
  });

  it.each(BOTH)('sends again only what had not arrived, from side %i', (side) => {
    const pair = new PeerPair();
    const first = pair.connect();
    const app = pair.sides[side].open();
    send(app, 200_000);
    pair.clock.advance(1000);
    // All of it was acknowledged; one small piece is lost with the carrier.
    send(app, 10);
    pair.clock.advance(1);
    first.sever();
    pair.clock.advance(100);
    const second = pair.connect();
    const target = pair.sides[side === 0 ? 1 : 0].target();
    expectWhole(target, 200_010);
    expect(sequenced([second], side)).toEqual([sequenced([first], side).at(-1)]);
    app.finish();
    target.finish();
    pair.clock.advance(100);
    expectNothingLeft(pair);
  });

  it('keeps half-closes: a FIN that is lost, one that arrived, and one while held', () => {
    for (const finishedBy of ['before', 'in flight', 'held'] as const) {
      const pair = new PeerPair();
      const first = pair.connect();
      const app = pair.sides[0].open();
      pair.clock.advance(100);
      const target = pair.sides[1].target();
      send(app, 1000);
      if (finishedBy === 'held') first.sever();
      else app.finish();
      pair.clock.advance(finishedBy === 'before' ? 1000 : 1);
      first.sever();
      if (finishedBy === 'held') app.finish();
      pair.clock.advance(3000);
      // The other half stays open all the while.
      send(target, 5000);
      pair.connect();
      expectWhole(target, 1000);
      expect([target.seen, app.seen]).toEqual(['end', 'open']);
      expectWhole(app, 5000);
      target.finish();
      pair.clock.advance(100);
      expect(app.seen).toBe('end');
      expectNothingLeft(pair);
    }
  });

  it('keeps a reset behind its data', () => {
    const pair = new PeerPair();
    const first = pair.connect();
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    first.sever();
    send(app, 50_000);
    app.abort();
    pair.clock.advance(2000);
    pair.connect();
    const target = pair.sides[1].target();
    expectWhole(target, 50_000);
    expect(target.seen).toBe('reset');
    expectNothingLeft(pair);
  });

  it.each(['end', 'reset'] as const)(
    'an %s behind what is being sent again waits for it',
    (ending) => {
      const pair = new PeerPair();
      const first = pair.connect('call', { delayMs: [50, 50] });
      const app = pair.sides[0].open();
      send(app, 3_000_000);
      pair.clock.advance(5000);
      // By now the path takes all of this at once, and the next one will not.
      send(app, 200_000);
      pair.clock.advance(20);
      expect(pair.keptBytes[0]).toBeGreaterThan(200_000);
      first.sever();
      pair.clock.advance(100);
      pair.begin('call', { delayMs: [50, 50], bytesPerSecond: 200_000 });
      pair.clock.runUntil(() => pair.sides[0].link.state === 'up');
      if (ending === 'end') app.finish();
      else app.abort();
      pair.clock.advance(5000);
      const target = pair.sides[1].target();
      expectWhole(target, 3_200_000);
      expect(target.seen).toBe(ending);
      target.finish();
      pair.clock.advance(1000);
      expectNothingLeft(pair);
    },
  );

  it.each(BOTH)(
    'keeps windows: a reader that does not read stalls its own socket, sent by side %i',
    (side) => {
      const pair = new PeerPair();
      const here = pair.sides[side];
      const there = pair.sides[side === 0 ? 1 : 0];
      const first = pair.connect();
      const stalled = here.open();
      pair.clock.advance(100);
      there.target().read('never');
      send(stalled, 1_000_000);
      pair.clock.advance(1000);
      expect(there.target().unwrittenBytes()).toBe(INITIAL_WINDOW_BYTES);
      first.sever();
      pair.clock.advance(1000);
      const other = here.open();
      send(other, 100_000);
      const second = pair.connect();
      expect(there.target().unwrittenBytes()).toBe(INITIAL_WINDOW_BYTES);
      expectWhole(there.target(1), 100_000);
      // Credit that is granted while held counts, too.
      second.sever();
      pair.clock.advance(100);
      there.target().read('at-once');
      pair.clock.advance(1000);
      expect(there.target().receivedBytes).toBe(INITIAL_WINDOW_BYTES);
      pair.connect();
      pair.clock.advance(1000);
      expectWhole(there.target(), 1_000_000);
      for (const app of [stalled, other]) app.finish();
      for (const target of there.targets) target.finish();
      pair.clock.advance(1000);
      expectNothingLeft(pair);
    },
  );

  it('brings CONTROL messages that were lost with a carrier, in order, once', () => {
    const pair = new PeerPair();
    const first = pair.connect();
    const announce = (count: number): void => pair.sides[0].link.session?.announce(sharesOf(count));
    announce(1);
    pair.clock.advance(100);
    announce(2);
    announce(3);
    pair.clock.advance(1);
    first.sever();
    pair.clock.advance(100);
    // While held it is not even kept: all is announced again when a carrier has joined.
    announce(4);
    pair.connect();
    announce(5);
    pair.clock.advance(100);
    expect(pair.sides[1].log.shares.map((shares) => shares.length)).toEqual([1, 2, 3, 5]);
    expect(pair.sides[1].log.ups).toBe(2);
    expectNothingLeft(pair);
  });

  it('opens what was asked for while it was held', () => {
    const pair = new PeerPair();
    pair.connect().sever();
    pair.clock.advance(100);
    expect(pair.states).toEqual(['held', 'held']);
    expect(pair.sides[0].link.hasRoom).toBe(true);
    const apps = BOTH.map((side) => pair.sides[side].open());
    for (const app of apps) {
      send(app, 40_000);
      app.finish();
    }
    pair.clock.advance(10_000);
    expect(pair.sides.map(({ dialer }) => dialer.asked)).toEqual([0, 0]);
    pair.connect();
    for (const side of BOTH) {
      expectWhole(pair.sides[side].target(), 40_000);
      pair.sides[side].target().finish();
    }
    pair.clock.advance(100);
    expect(apps.map(({ seen }) => seen)).toEqual(['end', 'end']);
    expectNothingLeft(pair);
  });

  it('brings a share that was closed while held to the opener as a reset, with its code', () => {
    const pair = new PeerPair();
    const first = pair.connect();
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    send(app, 1000);
    first.sever();
    pair.clock.advance(100);
    pair.sides[1].link.session?.closeShare(SHARE, 'E_NOT_ALLOWED');
    pair.clock.advance(100);
    expect(pair.sides[1].target().seen).toBe('reset');
    expect(app.seen).toBe('open');
    pair.connect();
    expect(app.seen).toBe('reset');
    expect(pair.sides[0].log.refused).toEqual(['E_NOT_ALLOWED']);
    expectNothingLeft(pair);
  });

  it('tells again whom it turned away when that was lost with the carrier', () => {
    const pair = new PeerPair();
    const first = pair.connect();
    // More than there is room for, from both ends at once: each learns of the other's too late.
    const half = SOCKETS_PER_PEER_MAX / 2 + 10;
    const apps = BOTH.map((side) =>
      Array.from({ length: half }, () => pair.sides[side].open({ record: 'count' })),
    );
    pair.clock.advance(7);
    first.sever();
    pair.clock.advance(100);
    pair.connect();
    pair.clock.advance(1000);
    const refused = pair.sides.map(({ log }) => log.refused.length);
    expect(Math.max(...refused)).toBeGreaterThan(0);
    const alive = apps.map((list) => list.filter(isAlive).length);
    expect(alive.map((count, side) => count + (refused[side] as number))).toEqual([half, half]);
    for (const app of apps.flat()) app.finish();
    for (const { targets } of pair.sides) for (const target of targets) target.finish();
    pair.clock.advance(5000);
    expectNothingLeft(pair);
  });
});

describe('a process that ends and comes again', () => {
  it.each([0, 1] as const)('on side %i: old sockets are reset, and new ones work', (restarted) => {
    const pair = new PeerPair();
    const other = restarted === 0 ? 1 : 0;
    const first = pair.connect();
    const app = pair.sides[other].open();
    pair.clock.advance(100);
    send(app, 5000);
    pair.clock.advance(100);
    pair.sides[restarted].restart();
    first.sever();
    pair.clock.advance(2000);
    expect([pair.sides[other].link.state, app.seen]).toEqual(['held', 'open']);
    pair.connect();
    expect(pair.states).toEqual(['up', 'up']);
    expect(app.seen).toBe('reset');
    expect(codes(pair.sides[other].log.overs)).toEqual(['E_SESSION_LOST']);
    const again = pair.sides[other].open();
    send(again, 5000);
    again.finish();
    pair.clock.advance(100);
    expectWhole(pair.sides[restarted].target(1), 5000);
    pair.sides[restarted].target(1).finish();
    pair.clock.advance(1000);
    expect(again.seen).toBe('end');
    expect(pair.sides.map(({ link }) => link.liveSockets)).toEqual([0, 0]);
    pair.close();
  });
});

describe('the end of a link', () => {
  it('ends the session on both sides, for good on the one that closed', async () => {
    const pair = new PeerPair();
    const first = pair.connect();
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    pair.sides[0].link.close('E_REMOVED');
    pair.clock.advance(1000);
    expect(pair.states).toEqual(['closed', 'idle']);
    expect([app.seen, pair.sides[1].target().seen]).toEqual(['reset', 'reset']);
    expect(codes(pair.sides[0].log.overs)).toEqual([undefined]);
    expect(codes(pair.sides[1].log.overs)).toEqual(['E_REMOVED']);
    await Promise.all(first.lanes.map(({ ended }) => ended));
    const late = pair.begin();
    pair.clock.advance(1000);
    await expect(late.lanes[0].joined).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    expect(pair.states).toEqual(['closed', 'idle']);
    pair.close();
    expect(pair.clock.pendingTimers).toBe(0);
  });

  it('while held lets go of everything', () => {
    const pair = new PeerPair();
    pair.connect().sever();
    const app = pair.sides[0].open();
    pair.clock.advance(100);
    for (const { link } of pair.sides) link.close();
    pair.clock.advance(0);
    expect(app.seen).toBe('reset');
    expect(pair.clock.pendingTimers).toBe(0);
  });
});
