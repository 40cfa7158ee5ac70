/** What one socket, and all sockets of a peer, may cost: every limit, reached. */
import { describe, expect, it, vi } from 'vitest';
import { encodeConnect, encodeFrame, FRAME } from '../../../src/engine/protocol/frame.ts';
import {
  ARRIVED_DELAY_MS,
  ARRIVED_EVERY_BYTES,
  CREDIT_DELAY_MS,
  DATACHANNEL_DATA_BYTES,
  EARLY_CREDIT_BYTES,
  FRAME_HEADER_BYTES,
  INITIAL_WINDOW_BYTES,
  PENDING_DIALS_MAX,
  READ_AHEAD_BYTES,
  SOCKETS_PER_PEER_MAX,
  UNACKED_FRAMES_MAX,
  WINDOW_BYTES_MAX,
} from '../../../src/shared/limits.ts';
import { DispatcherPair, SHARE } from '../../support/dispatcher-pair.ts';

const TEXT = new TextEncoder();

describe('a reader that never reads', () => {
  it('stalls only its own socket, and costs its window', () => {
    const pair = new DispatcherPair({ keepFrames: false });
    const stalled = pair.open();
    pair.clock.advance(10);
    pair.target(0).read('never');
    stalled.app.send(new Uint8Array(40_000_000));
    pair.clock.advance(5000);
    expect(pair.target(0).unwrittenPeak).toBe(INITIAL_WINDOW_BYTES);
    expect(stalled.app.takenBytes).toBeLessThanOrEqual(INITIAL_WINDOW_BYTES + 2 * READ_AHEAD_BYTES);
    const other = pair.open();
    other.app.send(new Uint8Array(5_000_000));
    other.app.finish();
    pair.clock.advance(1000);
    expect(pair.target(1).receivedBytes).toBe(5_000_000);
    // Nor does it hold up the way back.
    pair.target(0).send(TEXT.encode('still here'));
    pair.clock.advance(100);
    expect(stalled.app.received.toString()).toBe('still here');
    pair.checkInvariants();
  });

  it('keeps a window that grew while it read, and no more', () => {
    const pair = new DispatcherPair({ faults: { delayMs: [20, 20] }, keepFrames: false });
    const { app } = pair.open();
    app.send(new Uint8Array(60_000_000));
    pair.clock.advance(600);
    pair.target().read('never');
    pair.clock.advance(3000);
    expect(pair.target().unwrittenBytes()).toBeGreaterThan(INITIAL_WINDOW_BYTES);
    expect(pair.target().unwrittenPeak).toBeLessThanOrEqual(WINDOW_BYTES_MAX);
    const stuckAt = pair.target().receivedBytes;
    pair.clock.advance(10_000);
    expect(pair.target().receivedBytes).toBe(stuckAt);
    pair.target().read('at-once');
    app.finish();
    pair.clock.runUntil(() => pair.target().seen === 'end');
    expect(pair.target().receivedBytes).toBe(60_000_000);
  });
});

describe('limits of a socket', () => {
  it('the opener sends EARLY_CREDIT_BYTES behind CONNECT, then waits for CREDIT', () => {
    const pair = new DispatcherPair({ faults: { delayMs: [100, 100] } });
    const { app } = pair.open();
    app.send(new Uint8Array(1_000_000));
    pair.clock.advance(199);
    const early = pair.answerer.frames.filter(({ type }) => type === FRAME.DATA);
    expect(early.reduce((sum, { payload }) => sum + payload.length, 0)).toBe(EARLY_CREDIT_BYTES);
    pair.clock.advance(2000);
    expect(pair.target().receivedBytes).toBe(1_000_000);
  });

  it('a target that does not answer has at most the window held for it', () => {
    const pair = new DispatcherPair({ answer: () => ({ kind: 'pending' }) });
    const { app } = pair.open();
    app.send(new Uint8Array(5_000_000));
    pair.clock.advance(1000);
    const held = pair.answerer.frames.filter(({ type }) => type === FRAME.DATA);
    expect(held.reduce((sum, { payload }) => sum + payload.length, 0)).toBe(INITIAL_WINDOW_BYTES);
    const target = pair.local();
    pair.answerer.dialer.settle((outcome) => outcome.onConnected(target));
    app.finish();
    pair.clock.advance(1000);
    expect([target.receivedBytes, target.seen]).toEqual([5_000_000, 'end']);
  });

  it('empty frames, which cost no credit, are not held for a target', () => {
    const pair = new DispatcherPair({
      answer: () => ({ kind: 'pending' }),
      isOpenerScripted: true,
    });
    pair.answerer.onMessage(encodeConnect(1, { shareId: SHARE, credit: 0 }));
    for (let seq = 1; seq <= 1000; seq++) {
      const payload = seq === 500 ? TEXT.encode('x') : new Uint8Array(0);
      const message = encodeFrame({ type: FRAME.DATA, socketId: 1, seq, payload });
      pair.answerer.onMessage(message);
    }
    const target = pair.local();
    const write = vi.spyOn(target, 'write');
    pair.answerer.dialer.settle((outcome) => outcome.onConnected(target));
    expect(write).toHaveBeenCalledTimes(1);
  });

  it('one-byte writes are at most UNACKED_FRAMES_MAX frames under way, and all arrive', () => {
    const pair = new DispatcherPair({ faults: { delayMs: [200, 200] } });
    const { app } = pair.open();
    app.send(TEXT.encode('x'));
    pair.clock.advance(500);
    pair.answerer.frames.length = 0;
    for (let count = 0; count < 5000; count++) {
      app.send(TEXT.encode('x'));
      pair.clock.advance(0);
    }
    pair.clock.advance(200);
    expect(pair.answerer.frames.filter(({ type }) => type === FRAME.DATA)).toHaveLength(
      UNACKED_FRAMES_MAX,
    );
    app.finish();
    pair.clock.advance(3000);
    expect([pair.target().receivedBytes, pair.target().seen]).toEqual([5001, 'end']);
    expect(pair.answerer.error).toBeUndefined();
  });

  it('SOCKETS_PER_PEER_MAX: one more is refused, and there is room again later', () => {
    const pair = new DispatcherPair({ keepFrames: false, answer: () => ({ kind: 'pending' }) });
    const opened = Array.from({ length: SOCKETS_PER_PEER_MAX }, () => pair.open().app);
    pair.clock.advance(100);
    expect(pair.opener.dispatcher.hasRoom).toBe(false);
    expect(pair.answerer.dispatcher.liveSockets).toBe(SOCKETS_PER_PEER_MAX);
    const beyond = pair.open().app;
    pair.clock.advance(100);
    expect(beyond.seen).toBe('reset');
    expect(pair.opener.refused).toEqual(['E_SOCKET_LIMIT']);
    expect(pair.opener.roomCalls).toBe(1);
    expect(pair.opener.dispatcher.hasRoom).toBe(false);
    opened[0]?.abort();
    pair.clock.advance(100);
    expect(pair.opener.roomCalls).toBe(2);
    expect(pair.opener.dispatcher.hasRoom).toBe(true);
  });

  it('PENDING_DIALS_MAX: the rest wait their turn, and each gets its answer', () => {
    const pair = new DispatcherPair({ keepFrames: false, answer: () => ({ kind: 'pending' }) });
    const apps = Array.from({ length: PENDING_DIALS_MAX + 5 }, () => pair.open().app);
    pair.clock.advance(100);
    expect(pair.answerer.dialer.pendingPeak).toBe(PENDING_DIALS_MAX);
    // One that waits and is given up does not disturb the others.
    apps.at(-1)?.abort();
    pair.clock.advance(100);
    for (let count = 0; count < PENDING_DIALS_MAX + 4; count++) {
      pair.answerer.dialer.settle((outcome) => outcome.onFailed('E_TARGET_REFUSED'));
    }
    pair.clock.advance(100);
    expect(pair.answerer.dialer.asked).toBe(PENDING_DIALS_MAX + 4);
    expect(pair.answerer.dialer.pendingPeak).toBe(PENDING_DIALS_MAX);
    expect(pair.isEmpty).toBe(true);
  });

  it('those that wait are all answered when the share is taken back meanwhile', () => {
    let isShared = true;
    const pair = new DispatcherPair({
      keepFrames: false,
      answer: () => ({ kind: isShared ? 'pending' : 'not-allowed' }),
    });
    const waiting = 2 * PENDING_DIALS_MAX;
    for (let count = 0; count < PENDING_DIALS_MAX + waiting; count++) pair.open();
    pair.clock.advance(100);
    isShared = false;
    for (let count = 0; count < PENDING_DIALS_MAX; count++) {
      pair.answerer.dialer.settle((outcome) => outcome.onFailed('E_TARGET_TIMEOUT'));
    }
    pair.clock.advance(100);
    expect(pair.isEmpty).toBe(true);
  });
});

/** An answering dispatcher with one open socket, fed by the test, and what it says in return. */
function arriving() {
  const pair = new DispatcherPair({ isOpenerScripted: true });
  const feed = (seq: number, bytes: number): void => {
    const payload = new Uint8Array(bytes);
    pair.answerer.onMessage(encodeFrame({ type: FRAME.DATA, socketId: 1, seq, payload }));
    pair.clock.advance(0);
  };
  pair.answerer.onMessage(encodeConnect(1, { shareId: SHARE, credit: 0 }));
  pair.clock.advance(100);
  pair.opener.frames.length = 0;
  const heard = (type: number): number =>
    pair.opener.frames.filter((frame) => frame.type === type).length;
  return { pair, feed, heard };
}

describe('what is owed to the peer', () => {
  it('ARRIVED comes after 5 ms, or at once with 32 KiB', () => {
    const { pair, feed, heard } = arriving();
    feed(1, 1);
    pair.clock.advance(ARRIVED_DELAY_MS - 0.1);
    expect(heard(FRAME.ARRIVED)).toBe(0);
    pair.clock.advance(0.1);
    expect(heard(FRAME.ARRIVED)).toBe(1);
    feed(2, ARRIVED_EVERY_BYTES - FRAME_HEADER_BYTES - 1);
    expect(heard(FRAME.ARRIVED)).toBe(1);
    feed(3, 1);
    expect(heard(FRAME.ARRIVED)).toBe(2);
    pair.clock.advance(100);
    expect(heard(FRAME.ARRIVED)).toBe(2);
  });

  it('CREDIT comes after 25 ms, or at once with a quarter of the window; one at a time', () => {
    const { pair, feed, heard } = arriving();
    feed(1, 1);
    feed(2, 1);
    pair.clock.advance(CREDIT_DELAY_MS - 0.1);
    expect(heard(FRAME.CREDIT)).toBe(0);
    pair.clock.advance(0.1);
    expect(heard(FRAME.CREDIT)).toBe(1);
    for (let seq = 3; seq <= 6; seq++) feed(seq, INITIAL_WINDOW_BYTES / 16);
    pair.clock.advance(0);
    expect(heard(FRAME.CREDIT)).toBe(2);
    pair.clock.advance(100);
    expect(heard(FRAME.CREDIT)).toBe(2);
  });

  it('DATA goes in frames of 16 KiB', () => {
    const pair = new DispatcherPair();
    pair.open().app.send(new Uint8Array(1_000_000));
    pair.clock.advance(1000);
    const sizes = pair.answerer.frames
      .filter(({ type }) => type === FRAME.DATA)
      .map(({ payload }) => payload.length);
    expect(Math.max(...sizes)).toBe(DATACHANNEL_DATA_BYTES);
  });
});
