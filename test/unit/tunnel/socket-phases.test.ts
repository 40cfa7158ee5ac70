/** The life of a socket: the table itself, then every edge of it between two real dispatchers. */
import { describe, expect, it } from 'vitest';
import {
  encodeClose,
  encodeConnect,
  encodeFin,
  encodeFrame,
  FRAME,
  parseClose,
  type Frame,
} from '../../../src/engine/protocol/frame.ts';
import {
  SOCKET_PHASES,
  type SocketEvent,
  type SocketPhase,
} from '../../../src/engine/tunnel/socket-phases.ts';
import { ERRORS, type ErrorCode } from '../../../src/shared/errors.ts';
import {
  CREDIT_DELAY_MS,
  EARLY_CREDIT_BYTES,
  EARLY_FRAMES_MAX,
  EARLY_TOTAL_BYTES_MAX,
  INITIAL_WINDOW_BYTES,
  PENDING_DIALS_MAX,
  RAPID_RESETS_PER_10_S_MAX,
  READ_AHEAD_BYTES,
  REFUSED_OPENS_PER_MINUTE_MAX,
  RESET_LINGER_MS,
} from '../../../src/shared/limits.ts';
import { DispatcherPair, SHARE } from '../../support/dispatcher-pair.ts';
import type { DialAnswer } from '../../support/fake-dialer.ts';
import { FakeLocal } from '../../support/fake-local.ts';

const PHASES = Object.keys(SOCKET_PHASES) as SocketPhase[];
const EVENTS = Object.keys(SOCKET_PHASES.early) as SocketEvent[];
const TEXT = new TextEncoder();

describe('the table of phases', () => {
  it('is total: every phase with every event', () => {
    expect(PHASES).toEqual(['early', 'dialing', 'open', 'closing', 'finished']);
    expect(EVENTS).toHaveLength(14);
    for (const phase of PHASES) {
      expect(Object.keys(SOCKET_PHASES[phase])).toEqual(EVENTS);
      for (const event of EVENTS) expect(PHASES).toContain(SOCKET_PHASES[phase][event].to);
    }
  });

  it('leads nowhere from finished, and there only lets go of a late connection', () => {
    for (const event of EVENTS) {
      const { to, act } = SOCKET_PHASES.finished[event];
      expect(to).toBe('finished');
      expect(act).toBe(event === 'dialed' ? 'drop-dialed' : 'ignore');
    }
  });

  it('never goes back', () => {
    for (const phase of PHASES) {
      for (const event of EVENTS) {
        expect(PHASES.indexOf(SOCKET_PHASES[phase][event].to)).toBeGreaterThanOrEqual(
          PHASES.indexOf(phase),
        );
      }
    }
  });

  it('ends in every phase when the session is lost', () => {
    for (const phase of PHASES) expect(SOCKET_PHASES[phase]['session-lost'].to).toBe('finished');
  });
});

function connect(id = 1, credit = INITIAL_WINDOW_BYTES): Uint8Array {
  return encodeConnect(id, { shareId: SHARE, credit });
}

function data(seq: number, bytes: Uint8Array | string, id = 1): Uint8Array {
  const payload = typeof bytes === 'string' ? TEXT.encode(bytes) : bytes;
  return encodeFrame({ type: FRAME.DATA, socketId: id, seq, payload });
}

function reset(seq: number, order: 'in-order' | 'at-once', id = 1): Uint8Array {
  return encodeClose(id, seq, { reason: ERRORS.E_SOCKET_RESET.wire, order, text: '' });
}

/** A pair of which the opener's side is played by the test: raw frames to the answering dispatcher. */
function scripted(options: ConstructorParameters<typeof DispatcherPair>[0] = {}) {
  const pair = new DispatcherPair({ ...options, isOpenerScripted: true });
  const feed = (...messages: Uint8Array[]): void => {
    for (const message of messages) pair.answerer.onMessage(message);
    pair.clock.advance(CREDIT_DELAY_MS);
  };
  const replies = (): Frame[] => pair.opener.frames.filter(({ type }) => type !== FRAME.ARRIVED);
  return { pair, feed, replies };
}

function acknowledged(frames: readonly Frame[], id = 1): number {
  return Math.max(
    -1,
    ...frames
      .filter(({ type, socketId }) => type === FRAME.CREDIT && socketId === id)
      .map(({ seq }) => seq),
  );
}

describe('frames before their CONNECT', () => {
  it('wait for it: DATA and FIN first, then all in order', () => {
    const { pair, feed } = scripted();
    feed(encodeFin(1, 3), data(2, 'world'), data(1, 'hello '));
    expect(pair.answerer.dialer.asked).toBe(0);
    feed(connect());
    expect(pair.target().received.toString()).toBe('hello world');
    expect(pair.target().seen).toBe('end');
  });

  it('an in-order CLOSE waits too, and resets behind the data', () => {
    const { pair, feed } = scripted();
    feed(reset(2, 'in-order'), data(1, 'last words'));
    expect(pair.answerer.dispatcher.liveSockets).toBe(1);
    feed(connect());
    expect(pair.answerer.dispatcher.liveSockets).toBe(0);
    expect(pair.answerer.dialer.cancelled).toBe(1);
  });

  it('a CLOSE at once finishes the id, and CONNECT comes too late', () => {
    const { pair, feed, replies } = scripted();
    feed(reset(1, 'at-once'));
    expect(pair.isEmpty).toBe(true);
    feed(connect(), data(2, 'late'));
    expect(pair.answerer.dialer.asked).toBe(0);
    expect(replies().map(({ type, seq }) => [type, seq])).toEqual([
      [FRAME.CREDIT, 2],
      [FRAME.CREDIT, 1],
      [FRAME.CREDIT, 3],
    ]);
  });

  it('CLOSE behind CONNECT stops the dialing', () => {
    const { pair, feed } = scripted({ answer: () => ({ kind: 'pending' }) });
    feed(connect());
    expect(pair.answerer.dialer.pending).toHaveLength(1);
    feed(reset(1, 'at-once'));
    expect(pair.answerer.dialer.pending).toHaveLength(0);
    expect(pair.isEmpty).toBe(true);
  });

  it('too many abort the id with E_EARLY_LIMIT, and nothing else', () => {
    const { pair, feed, replies } = scripted();
    for (let seq = 1; seq <= EARLY_FRAMES_MAX; seq++) feed(data(seq, 'x'));
    expect(replies()).toEqual([]);
    feed(data(EARLY_FRAMES_MAX + 1, 'x'));
    const close = replies().find(({ type }) => type === FRAME.CLOSE);
    expect(parseClose(close?.payload ?? new Uint8Array(0))).toMatchObject({
      reason: ERRORS.E_EARLY_LIMIT.wire,
      order: 'at-once',
    });
    feed(connect(), connect(3), data(1, 'another', 3));
    expect(pair.answerer.error).toBeUndefined();
    expect(pair.target().received.toString()).toBe('another');
  });

  it('too many bytes of all sockets abort the one that is beyond', () => {
    const { feed, replies } = scripted();
    const full = new Uint8Array(EARLY_CREDIT_BYTES);
    const sockets = EARLY_TOTAL_BYTES_MAX / EARLY_CREDIT_BYTES;
    for (let index = 0; index < sockets; index++) feed(data(1, full, 1 + 2 * index));
    expect(replies().filter(({ type }) => type === FRAME.CLOSE)).toEqual([]);
    const beyond = 1 + 2 * sockets;
    feed(data(1, 'x', beyond));
    expect(
      replies()
        .filter(({ type }) => type === FRAME.CLOSE)
        .map(({ socketId }) => socketId),
    ).toEqual([beyond]);
    // What the first of them held is free again when its CONNECT comes.
    feed(connect(1), data(1, full, beyond + 2));
    expect(replies().filter(({ type }) => type === FRAME.CLOSE)).toHaveLength(1);
  });

  it('count once, however often they are sent again', () => {
    const { pair, feed, replies } = scripted();
    const full = new Uint8Array(EARLY_CREDIT_BYTES);
    for (let sent = 0; sent <= EARLY_TOTAL_BYTES_MAX; sent += EARLY_CREDIT_BYTES) {
      feed(data(1, full));
    }
    expect(replies().filter(({ type }) => type === FRAME.CLOSE)).toEqual([]);
    feed(connect());
    expect(pair.target().receivedBytes).toBe(EARLY_CREDIT_BYTES);
  });

  it('an opener that writes byte by byte stays within what may wait', () => {
    const pair = new DispatcherPair({ faults: { delayMs: [50, 50] } });
    const { app } = pair.open();
    for (let count = 0; count < 2000; count++) {
      app.send(TEXT.encode('x'));
      pair.clock.advance(0);
    }
    pair.clock.advance(50);
    const early = pair.answerer.frames.filter(({ type }) => type === FRAME.DATA);
    expect(early.length).toBeLessThan(EARLY_FRAMES_MAX);
    app.finish();
    pair.clock.advance(2000);
    expect(pair.target().receivedBytes).toBe(2000);
    expect(pair.target().seen).toBe('end');
  });
});

describe('frames of an id that is finished', () => {
  it('are acknowledged, one by one, and nothing more', () => {
    const pair = new DispatcherPair();
    const { app } = pair.open();
    app.finish();
    pair.clock.advance(100);
    pair.target().finish();
    pair.clock.advance(100);
    expect(pair.isEmpty).toBe(true);
    pair.opener.frames.length = 0;
    for (const late of [
      data(77, 'late'),
      encodeFin(1, 78),
      reset(79, 'at-once'),
      reset(80, 'in-order'),
      connect(),
    ]) {
      pair.answerer.onMessage(late);
    }
    pair.clock.advance(100);
    const acks = pair.opener.frames
      .filter(({ type }) => type === FRAME.CREDIT)
      .map(({ seq }) => seq);
    expect(acks).toEqual([78, 79, 80, 81, 1]);
    expect(pair.answerer.dispatcher.counters.lateFrames).toBe(5);
    expect(pair.targets).toHaveLength(1);
  });

  it('that waited behind the frame that finished it are acknowledged too (SIM_SEED=78)', () => {
    const { pair, feed, replies } = scripted();
    feed(connect());
    pair.target().finish();
    pair.clock.advance(10);
    // Our FIN is acknowledged; CLOSE overtakes the FIN that finishes the socket.
    feed(encodeFrame({ type: FRAME.CREDIT, socketId: 1, seq: 1, payload: new Uint8Array(8) }));
    feed(reset(2, 'in-order'));
    feed(encodeFin(1, 1));
    expect(pair.answerer.dispatcher.liveSockets).toBe(0);
    expect(acknowledged(replies())).toBe(3);
  });
});

describe('a target that is not there', () => {
  const codes: ErrorCode[] = [
    'E_TARGET_REFUSED',
    'E_TARGET_TIMEOUT',
    'E_TARGET_UNRESOLVED',
    'E_TARGET_UNREACHABLE',
  ];
  it.each(codes)('resets the application, %s', (code) => {
    const pair = new DispatcherPair({ answer: () => ({ kind: 'failed', code, afterMs: 30 }) });
    const { app } = pair.open();
    app.send(TEXT.encode('is anybody there'));
    app.finish();
    pair.clock.advance(100);
    expect(app.seen).toBe('reset');
    expect(pair.opener.refused).toEqual([code]);
    expect(pair.isEmpty).toBe(true);
  });

  it('looks the same when it is not allowed', () => {
    const pair = new DispatcherPair({ answer: () => ({ kind: 'not-allowed' }) });
    const { app } = pair.open();
    pair.clock.advance(100);
    expect(app.seen).toBe('reset');
    expect(pair.opener.refused).toEqual(['E_NOT_ALLOWED']);
    expect(pair.isEmpty).toBe(true);
  });

  it('too often ends the link', () => {
    const pair = new DispatcherPair({ answer: () => ({ kind: 'not-allowed' }) });
    for (let count = 0; count < REFUSED_OPENS_PER_MINUTE_MAX; count++) pair.open();
    pair.clock.advance(100);
    expect(pair.answerer.abuse).toEqual([]);
    pair.clock.advance(60_001);
    for (let count = 0; count < REFUSED_OPENS_PER_MINUTE_MAX; count++) pair.open();
    pair.clock.advance(100);
    expect(pair.answerer.abuse).toEqual([]);
    pair.open();
    pair.clock.advance(100);
    expect(pair.answerer.abuse).toHaveLength(1);
    expect(pair.isEmpty).toBe(true);
  });

  it('rapid resets end the link', () => {
    const pair = new DispatcherPair({ answer: () => ({ kind: 'pending' }) });
    const burst = (count: number): void => {
      for (let index = 0; index < count; index++) pair.open().app.abort();
      pair.clock.advance(100);
    };
    burst(RAPID_RESETS_PER_10_S_MAX);
    pair.clock.advance(10_001);
    burst(RAPID_RESETS_PER_10_S_MAX);
    expect(pair.answerer.abuse).toEqual([]);
    burst(1);
    expect(pair.answerer.abuse).toHaveLength(1);
  });
});

describe('the end of a stream', () => {
  it.each(['opener', 'target'] as const)(
    'comes from the %s first, and the other direction goes on',
    (first) => {
      const pair = new DispatcherPair({ faults: { delayMs: [5, 5] } });
      const { app } = pair.open();
      pair.clock.advance(50);
      const [early, late] = first === 'opener' ? [app, pair.target()] : [pair.target(), app];
      early.send(TEXT.encode('question'));
      early.finish();
      pair.clock.advance(100);
      expect(late.seen).toBe('end');
      late.send(TEXT.encode('a long answer'));
      pair.clock.advance(100);
      expect(early.received.toString()).toBe('a long answer');
      expect(early.closed).toBe(false);
      late.finish();
      pair.clock.advance(100);
      expect([early.seen, late.seen, pair.isEmpty]).toEqual(['end', 'end', true]);
      expect(pair.clock.pendingTimers).toBe(0);
    },
  );

  it('comes behind all that is still queued', () => {
    const pair = new DispatcherPair({ faults: { delayMs: [1, 30], bytesPerSecond: 2_000_000 } });
    const { app } = pair.open();
    app.send(new Uint8Array(3_000_000));
    app.finish();
    pair.clock.runUntil(() => pair.targets.length > 0 && pair.target().seen !== 'open');
    expect(pair.target().receivedBytes).toBe(3_000_000);
    expect(pair.target().seen).toBe('end');
  });

  it('of a target that sends and ends before the application has sent anything', () => {
    const pair = new DispatcherPair();
    const { app } = pair.open();
    pair.clock.advance(10);
    pair.target().send(TEXT.encode('220 ready'));
    pair.target().finish();
    pair.clock.advance(100);
    expect([app.received.toString(), app.seen]).toEqual(['220 ready', 'end']);
  });
});

describe('a reset', () => {
  it.each(['opener', 'target'] as const)(
    'from the %s arrives as a reset, behind its data',
    (from) => {
      const pair = new DispatcherPair({ faults: { delayMs: [1, 30] } });
      const { app } = pair.open();
      pair.clock.advance(100);
      const [breaker, other] = from === 'opener' ? [app, pair.target()] : [pair.target(), app];
      breaker.send(new Uint8Array(500_000));
      breaker.abort();
      pair.clock.advance(2000);
      expect(other.receivedBytes).toBe(500_000);
      expect([other.seen, pair.isEmpty, pair.clock.pendingTimers]).toEqual(['reset', true, 0]);
      expect(pair.opener.refused).toEqual([]);
    },
  );

  it('from both at once ends both', () => {
    const pair = new DispatcherPair({ faults: { delayMs: [10, 10] } });
    const { app } = pair.open();
    pair.clock.advance(100);
    app.abort();
    pair.target().abort();
    pair.clock.advance(100);
    expect([pair.isEmpty, pair.clock.pendingTimers]).toEqual([true, 0]);
  });

  it('behind a FIN still resets', () => {
    const pair = new DispatcherPair();
    const { app } = pair.open();
    pair.clock.advance(10);
    app.finish();
    pair.clock.advance(10);
    app.abort();
    pair.clock.advance(100);
    expect([pair.target().seen, pair.target().closed, pair.isEmpty]).toEqual(['reset', true, true]);
  });

  it('waits for a stalled reader, but not for ever', () => {
    const pair = new DispatcherPair();
    const { app } = pair.open();
    pair.clock.advance(10);
    pair.target().read('never');
    // More than the window, no more than is read ahead: a paused connection does not see its reset.
    app.send(new Uint8Array(INITIAL_WINDOW_BYTES + READ_AHEAD_BYTES / 2));
    pair.clock.advance(100);
    app.abort();
    pair.clock.advance(RESET_LINGER_MS - 200);
    expect(pair.target().seen).toBe('open');
    // The tunnel's patience, then that of the connection to the target.
    pair.clock.advance(2 * RESET_LINGER_MS);
    expect([pair.target().seen, pair.isEmpty, pair.clock.pendingTimers]).toEqual([
      'reset',
      true,
      0,
    ]);
  });

  it('loses nothing when the stalled reader reads again in time', () => {
    const pair = new DispatcherPair();
    const { app } = pair.open();
    pair.clock.advance(10);
    pair.target().read('never');
    app.send(new Uint8Array(200_000));
    pair.clock.advance(100);
    app.abort();
    pair.clock.advance(RESET_LINGER_MS / 2);
    pair.target().read('at-once');
    pair.clock.advance(100);
    expect([pair.target().receivedBytes, pair.target().seen, pair.isEmpty]).toEqual([
      200_000,
      'reset',
      true,
    ]);
  });
});

describe('a carrier that is gone', () => {
  const moments: readonly (readonly [
    name: string,
    answer: DialAnswer['kind'],
    act: (pair: DispatcherPair, app: FakeLocal) => void,
  ])[] = [
    ['while CONNECT is under way', 'connected', () => undefined],
    ['while the target is dialed', 'pending', (pair) => pair.clock.advance(50)],
    [
      'while both send',
      'connected',
      (pair, app) => {
        app.send(new Uint8Array(1_000_000));
        pair.clock.advance(30);
        pair.targets[0]?.send(new Uint8Array(1_000_000));
        pair.clock.advance(7);
      },
    ],
    [
      'between the two ends',
      'connected',
      (pair, app) => {
        app.finish();
        pair.clock.advance(50);
      },
    ],
    [
      'while a reset waits',
      'connected',
      (pair, app) => {
        pair.clock.advance(50);
        pair.target().read('never');
        app.send(new Uint8Array(INITIAL_WINDOW_BYTES + READ_AHEAD_BYTES / 2));
        pair.clock.advance(50);
        app.abort();
        pair.clock.advance(50);
      },
    ],
  ];

  it.each(moments)('%s resets what is left, and leaves nothing', (_name, kind, act) => {
    const targets: FakeLocal[] = [];
    const pair: DispatcherPair = new DispatcherPair({
      faults: { delayMs: [5, 10] },
      ...(kind === 'pending' ? { answer: () => ({ kind: 'pending' }) as const } : {}),
    });
    const { app } = pair.open();
    act(pair, app);
    pair.sever();
    pair.clock.runUntilIdle(RESET_LINGER_MS + 100);
    targets.push(...pair.targets);
    for (const local of [app, ...targets]) expect(!local.started || local.closed).toBe(true);
    expect([pair.isEmpty, pair.clock.pendingTimers, pair.answerer.dialer.pending.length]).toEqual([
      true,
      0,
      0,
    ]);
    expect(() => pair.open()).toThrow(expect.objectContaining({ code: 'E_INTERNAL' }));
  });

  it('dials for nobody who waits', () => {
    const pair = new DispatcherPair({ answer: () => ({ kind: 'pending' }), keepFrames: false });
    for (let count = 0; count < PENDING_DIALS_MAX + 10; count++) pair.open();
    pair.clock.advance(100);
    expect(pair.answerer.dialer.asked).toBe(PENDING_DIALS_MAX);
    pair.sever();
    pair.clock.runUntilIdle();
    expect(pair.answerer.dialer.asked).toBe(PENDING_DIALS_MAX);
    expect(pair.answerer.dialer.pending).toHaveLength(0);
  });
});
