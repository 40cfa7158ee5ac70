/** What becomes of the sockets of a share that is taken back, in every phase they can be in. */
import { describe, expect, it } from 'vitest';
import { FRAME, parseClose } from '../../../src/engine/protocol/frame.ts';
import { ERRORS } from '../../../src/shared/errors.ts';
import {
  INITIAL_WINDOW_BYTES,
  PENDING_DIALS_MAX,
  READ_AHEAD_BYTES,
  REFUSED_OPENS_PER_MINUTE_MAX,
} from '../../../src/shared/limits.ts';
import { DispatcherPair, SHARE } from '../../support/dispatcher-pair.ts';

const OTHER_SHARE = Uint8Array.of(1, 2);

function closes(pair: DispatcherPair): number[] {
  return pair.opener.frames
    .filter(({ type }) => type === FRAME.CLOSE)
    .map(({ payload }) => parseClose(payload).reason);
}

describe('a peer that guesses', () => {
  it('is found out even while all its places to dial are taken', () => {
    const pair = new DispatcherPair({ keepFrames: false, answer: () => ({ kind: 'pending' }) });
    for (let count = 0; count < PENDING_DIALS_MAX; count++) pair.open();
    pair.clock.advance(100);
    pair.answerer.dialer.mayDial = () => false;
    const guesses = Array.from({ length: REFUSED_OPENS_PER_MINUTE_MAX }, () => pair.open().app);
    pair.clock.advance(100);
    expect(guesses.every(({ seen }) => seen === 'reset')).toBe(true);
    expect(pair.answerer.abuse).toEqual([]);
    pair.open();
    pair.clock.advance(100);
    expect(pair.answerer.abuse).toHaveLength(1);
    expect(pair.answerer.dialer.asked).toBe(PENDING_DIALS_MAX);
  });
});

describe('a share that is taken back', () => {
  it('resets what is open, at both ends, and says why', () => {
    const pair = new DispatcherPair();
    const sockets = Array.from({ length: 100 }, () => pair.open());
    pair.clock.advance(100);
    for (const { app } of sockets) app.send(new Uint8Array(5_000_000));
    for (const target of pair.targets) target.send(new Uint8Array(5_000_000));
    pair.clock.advance(20);
    expect(pair.answerer.dispatcher.liveSockets).toBe(100);
    pair.answerer.dispatcher.closeShare(SHARE, 'E_NOT_ALLOWED');
    pair.clock.advance(100);
    for (const { app } of sockets) expect([app.seen, app.closed]).toEqual(['reset', true]);
    for (const target of pair.targets)
      expect([target.seen, target.closed]).toEqual(['reset', true]);
    expect(closes(pair)).toEqual(Array.from({ length: 100 }, () => ERRORS.E_NOT_ALLOWED.wire));
    expect(pair.opener.refused).toHaveLength(100);
    expect(pair.isEmpty).toBe(true);
    expect(pair.answerer.abuse).toEqual([]);
    expect([pair.opener.error, pair.answerer.error]).toEqual([undefined, undefined]);
  });

  it('leaves the sockets of other shares, and those this side opened, alone', () => {
    const pair = new DispatcherPair();
    const { app } = pair.open();
    const otherApp = pair.local();
    pair.opener.dispatcher.open(OTHER_SHARE, otherApp);
    pair.clock.advance(100);
    pair.opener.dispatcher.closeShare(SHARE, 'E_NOT_ALLOWED');
    pair.answerer.dispatcher.closeShare(Uint8Array.of(9), 'E_NOT_ALLOWED');
    pair.clock.advance(100);
    expect([app.seen, otherApp.seen]).toEqual(['open', 'open']);
    pair.answerer.dispatcher.closeShare(SHARE, 'E_NOT_ALLOWED');
    pair.clock.advance(100);
    expect([app.seen, otherApp.seen]).toEqual(['reset', 'open']);
  });

  it('cancels what is being dialed, and what waits to be, without holding it against the peer', () => {
    let isShared = true;
    const pair = new DispatcherPair({
      keepFrames: false,
      answer: () => ({ kind: isShared ? 'pending' : 'not-allowed' }),
    });
    const apps = Array.from({ length: PENDING_DIALS_MAX + 500 }, () => pair.open().app);
    pair.clock.advance(100);
    expect(pair.answerer.dialer.pending).toHaveLength(PENDING_DIALS_MAX);
    isShared = false;
    pair.answerer.dispatcher.closeShare(SHARE, 'E_NOT_ALLOWED');
    pair.clock.advance(100);
    expect(pair.answerer.dialer.cancelled).toBe(PENDING_DIALS_MAX);
    expect(pair.answerer.dialer.asked).toBe(PENDING_DIALS_MAX);
    expect(apps.every(({ seen }) => seen === 'reset')).toBe(true);
    expect(pair.isEmpty).toBe(true);
    expect(pair.answerer.abuse).toEqual([]);
  });

  it('drops what a target that has reset already left for the peer', () => {
    const pair = new DispatcherPair();
    const { app } = pair.open({ reader: 'never' });
    pair.clock.advance(100);
    const bytes = INITIAL_WINDOW_BYTES + READ_AHEAD_BYTES / 2;
    pair.target().send(new Uint8Array(bytes));
    pair.clock.advance(500);
    pair.target().abort();
    pair.clock.advance(100);
    expect(pair.target().closed).toBe(true);
    expect(pair.answerer.dispatcher.liveSockets).toBe(1);
    pair.answerer.dispatcher.closeShare(SHARE, 'E_NOT_ALLOWED');
    pair.clock.advance(100);
    expect(pair.answerer.dispatcher.liveSockets).toBe(0);
    app.read('at-once');
    pair.clock.advance(100);
    expect(app.seen).toBe('reset');
    expect(app.receivedBytes).toBe(INITIAL_WINDOW_BYTES);
    expect(pair.isEmpty).toBe(true);
  });

  it('does nothing to what is finished, or when there is no carrier', () => {
    const pair = new DispatcherPair();
    const { app } = pair.open();
    pair.clock.advance(100);
    app.finish();
    pair.target().finish();
    pair.clock.advance(200);
    pair.answerer.dispatcher.closeShare(SHARE, 'E_NOT_ALLOWED');
    expect(app.seen).toBe('end');
    pair.sever();
    pair.clock.advance(100);
    pair.answerer.dispatcher.closeShare(SHARE, 'E_NOT_ALLOWED');
    expect(pair.answerer.error).toBeUndefined();
  });
});
