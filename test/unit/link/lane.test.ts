/** One carrier, from its handshake to its end. */
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { encodeHandshake } from '../../../src/engine/link/handshake.ts';
import { Lane, type LaneEnd, type LaneReceiver } from '../../../src/engine/link/lane.ts';
import { encodeConnect, type Frame, FRAME } from '../../../src/engine/protocol/frame.ts';
import {
  ByeSchema,
  ReadySchema,
  type Resume,
  ResumeSchema,
} from '../../../src/engine/protocol/generated/session_pb.ts';
import { memoryCarrierPair } from '../../../src/engine/carrier/memory.ts';
import { portholeError } from '../../../src/shared/errors.ts';
import {
  BEFORE_READY_BYTES_MAX,
  FAREWELL_MS,
  HANDSHAKE_TIMEOUT_MS,
  JOIN_TIMEOUT_MS,
  LINK_SILENCE_MS,
  PING_ACTIVE_MS,
  SUSPECT_ACTIVE_MS,
} from '../../../src/shared/limits.ts';
import { seededRandom } from '../../../src/shared/random.ts';
import { data, resume } from '../../support/attack.ts';
import { FakeAuthenticator } from '../../support/fake-authenticator.ts';
import { promisesSettled } from '../../support/pairing-sides.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const E_PROTOCOL = expect.objectContaining({ code: 'E_PROTOCOL' });
const PART = create(ResumeSchema, { number: 1, parts: 1 });

/** Takes a lane and does nothing with it but remember. */
class Receiver implements LaneReceiver {
  readonly resumes: Resume[] = [];
  readonly frames: Frame[] = [];
  readonly healths: string[] = [];
  readonly ends: LaneEnd[] = [];
  arrived = 0;
  left = 0;
  onTaken: (lane: Lane) => void = () => undefined;

  isActive(): boolean {
    return true;
  }

  onResume(_lane: Lane, part: Resume): void {
    this.resumes.push(part);
  }

  onFrame(_lane: Lane, frame: Frame): void {
    this.frames.push(frame);
  }

  onArrived(): void {
    this.arrived += 1;
  }

  onHealth(lane: Lane): void {
    this.healths.push(lane.health);
  }

  onPeerLeft(): void {
    this.left += 1;
  }

  onClosed(_lane: Lane, end: LaneEnd): void {
    this.ends.push(end);
  }
}

function lanePair(delayMs = 1) {
  const clock = new VirtualClock();
  const faults = { delayMs: [delayMs, delayMs] as [number, number] };
  const pair = memoryCarrierPair({ clock, random: seededRandom(1), faults });
  let isDeaf = false;
  const sides = pair.ends.map((inner, index) => {
    const receiver = new Receiver();
    const settled: string[] = [];
    const carrier = Object.create(inner, {
      send: { value: (message: Uint8Array) => (isDeaf ? undefined : inner.send(message)) },
      start: { value: inner.start.bind(inner) },
      close: { value: inner.close.bind(inner) },
      bufferedAmount: { value: inner.bufferedAmount.bind(inner) },
      dataPayloadBytes: { value: inner.dataPayloadBytes },
      binding: { value: inner.binding },
    }) as typeof inner;
    const lane = new Lane({
      carrier,
      clock,
      authenticator: new FakeAuthenticator(index === 0 ? 'a' : 'b'),
      onReady: (ready) => {
        receiver.onTaken(ready);
        return receiver;
      },
    });
    lane.joined.then(
      () => settled.push('joined'),
      ({ code }: { code: string }) => settled.push(code),
    );
    void lane.ended.then(() => settled.push('ended'));
    return { lane, receiver, settled };
  });
  const [a, b] = sides as [(typeof sides)[number], (typeof sides)[number]];
  return { clock, a, b, sever: () => pair.sever(), deafen: (deaf: boolean) => (isDeaf = deaf) };
}

function opened(delayMs = 1) {
  const pair = lanePair(delayMs);
  pair.clock.advance(10 * delayMs);
  pair.a.lane.open();
  pair.b.lane.open();
  return pair;
}

/** A lane whose other end is played by the test. */
function scripted() {
  const clock = new VirtualClock();
  const { ends } = memoryCarrierPair({ clock, random: seededRandom(1) });
  const peer = ends[1];
  peer.start({ onMessage: () => {}, onDrained: () => {}, onClosed: () => {} });
  const receiver = new Receiver();
  const lane = new Lane({
    carrier: ends[0],
    clock,
    authenticator: new FakeAuthenticator('victim'),
    onReady: () => receiver,
  });
  const other = new FakeAuthenticator('peer');
  const hello = encodeHandshake({ case: 'hello', value: other.hello() }, 0);
  const auth = encodeHandshake({ case: 'auth', value: other.prove(other.hello()) }, 1);
  const ready = encodeHandshake({ case: 'ready', value: create(ReadySchema) }, 2);
  const send = (...messages: Uint8Array[]): void => {
    for (const message of messages) peer.send(message);
    clock.advance(0);
  };
  return { clock, lane, receiver, send, hello, auth, ready };
}

describe('a lane', () => {
  it('has the same name at both ends, and no other has it', () => {
    const clock = new VirtualClock();
    const random = seededRandom(1);
    const names = Array.from({ length: 20 }, () => {
      const lanes = memoryCarrierPair({ clock, random }).ends.map(
        (carrier, index) =>
          new Lane({
            carrier,
            clock,
            authenticator: new FakeAuthenticator(String(index)),
            onReady: () => new Receiver(),
          }),
      );
      expect(lanes[0]?.id).toBe(lanes[1]?.id);
      expect(lanes[0]?.id).toMatch(/^[0-9a-f]{16}$/);
      for (const lane of lanes) lane.close();
      return lanes[0]?.id;
    });
    expect(new Set(names).size).toBe(20);
    clock.runUntilIdle();
  });

  it('hands nothing on before it was opened, then all of it, then what comes', () => {
    const { clock, a, b } = lanePair();
    clock.advance(10);
    a.lane.open();
    for (const seq of [1, 2]) a.lane.gate.send(data(2, seq));
    a.lane.sendResume(PART);
    clock.advance(10);
    expect([b.receiver.frames.length, b.receiver.resumes.length]).toEqual([0, 1]);
    b.lane.open();
    expect(b.receiver.frames.map(({ seq }) => seq)).toEqual([1, 2]);
    a.lane.gate.send(data(2, 3));
    clock.advance(10);
    expect(b.receiver.frames.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    // Opening twice is opening once.
    b.lane.open();
    expect(b.receiver.frames).toHaveLength(3);
    expect(a.lane.gate.inFlightBytes).toBe(0);
    expect(a.receiver.arrived).toBeGreaterThan(0);
    a.lane.leave();
    clock.runUntilIdle();
  });

  it('hands on a RESUME that overtook the READY, once there is somebody to take it', () => {
    const { clock, lane, receiver, send, hello, auth, ready } = scripted();
    send(hello, auth, resume('asks'), encodeConnect(2, { shareId: Uint8Array.of(1), credit: 1 }));
    expect(receiver.resumes).toEqual([]);
    send(ready);
    expect(receiver.resumes).toHaveLength(1);
    expect(receiver.frames).toEqual([]);
    lane.open();
    expect(receiver.frames.map(({ type }) => type)).toEqual([FRAME.CONNECT]);
    lane.close();
    clock.runUntilIdle();
  });

  it('is open at once where taking it opens it', () => {
    const pair = lanePair();
    pair.a.receiver.onTaken = (lane) => lane.open();
    pair.clock.advance(10);
    expect([pair.a.lane.isOpen, pair.b.lane.isOpen]).toEqual([true, false]);
    pair.a.lane.leave();
    pair.clock.runUntilIdle();
  });

  it('holds no more than 1 MiB ahead of its opening', () => {
    const { clock, receiver, send, hello, auth, ready } = scripted();
    send(hello, auth, ready);
    for (let bytes = 0; bytes <= BEFORE_READY_BYTES_MAX; bytes += 60_000) send(data(2, 1, 60_000));
    expect(receiver.ends).toEqual([{ kind: 'session', cause: E_PROTOCOL }]);
    clock.runUntilIdle();
  });

  it('parses no RESUME and no farewell of this carrier from a stranger', async () => {
    const bye = encodeHandshake({ case: 'bye', value: create(ByeSchema, { carrierOnly: true }) });
    for (const message of [resume('asks'), bye]) {
      const { clock, lane, send, hello } = scripted();
      send(hello, message);
      await expect(lane.joined).rejects.toMatchObject({ code: 'E_PROTOCOL' });
      clock.runUntilIdle();
    }
  });
});

describe('the end of a lane', () => {
  it('by leave() is this carrier’s only: the peer hears that nothing more comes', async () => {
    const { clock, a, b } = opened();
    a.lane.leave();
    expect(a.receiver.ends).toEqual([{ kind: 'left' }]);
    clock.advance(10);
    expect(b.receiver.left).toBe(1);
    expect(b.receiver.ends).toEqual([]);
    b.lane.leave();
    expect(b.receiver.ends).toEqual([{ kind: 'left' }]);
    clock.advance(FAREWELL_MS + 10);
    await promisesSettled();
    expect([a.settled, b.settled]).toEqual([
      ['joined', 'ended'],
      ['joined', 'ended'],
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('by leave() before it carried anything is none to complain of, on both sides', async () => {
    const { clock, a, b } = lanePair();
    clock.advance(10);
    a.lane.leave();
    clock.runUntilIdle();
    await promisesSettled();
    for (const { receiver, settled } of [a, b]) {
      expect(receiver.ends).toEqual([{ kind: 'left' }]);
      expect(settled).toEqual(['joined', 'ended']);
    }
  });

  it('that tellLeft() announces comes later: frames still arrive both ways', () => {
    const { clock, a, b } = opened();
    a.lane.gate.send(data(2, 1));
    a.lane.tellLeft();
    clock.advance(10);
    expect([b.receiver.left, b.receiver.frames.length]).toEqual([1, 1]);
    b.lane.gate.send(data(1, 1));
    clock.advance(10);
    expect(a.receiver.frames).toHaveLength(1);
    expect([...a.receiver.ends, ...b.receiver.ends]).toEqual([]);
    a.lane.leave();
    clock.runUntilIdle();
  });

  it('by close() ends the session, and the peer hears why', async () => {
    const { clock, a, b } = opened();
    a.lane.close('E_REMOVED');
    a.lane.leave();
    a.lane.close();
    clock.runUntilIdle();
    await promisesSettled();
    expect(a.receiver.ends).toEqual([{ kind: 'session', cause: undefined }]);
    expect(b.receiver.ends).toMatchObject([{ kind: 'session', cause: { code: 'E_REMOVED' } }]);
    expect([a.settled, b.settled]).toEqual([
      ['joined', 'ended'],
      ['joined', 'ended'],
    ]);
  });

  it('by cancel() is of this carrier alone while it joins, and none once it is open', async () => {
    const { clock, a, b } = lanePair();
    clock.advance(10);
    b.lane.open();
    b.lane.cancel();
    a.lane.cancel();
    clock.advance(10);
    expect(b.receiver.left).toBe(1);
    clock.runUntilIdle();
    await promisesSettled();
    expect(a.receiver.ends).toMatchObject([{ kind: 'lost', cause: { code: 'E_UNREACHABLE' } }]);
    expect(b.receiver.ends).toMatchObject([{ kind: 'lost', cause: { code: 'E_LINK_LOST' } }]);
    expect([a.settled, b.settled]).toEqual([
      ['E_UNREACHABLE', 'ended'],
      ['joined', 'ended'],
    ]);
  });

  it('by cancel() in the handshake is told to a stranger, too', async () => {
    const { clock, a, b } = lanePair(50);
    clock.advance(60);
    a.lane.cancel();
    clock.runUntilIdle();
    await promisesSettled();
    expect([a.settled, b.settled]).toEqual([
      ['E_UNREACHABLE', 'ended'],
      ['E_UNREACHABLE', 'ended'],
    ]);
  });

  it('by close() before it has joined rejects', async () => {
    const { clock, a, b } = lanePair();
    clock.advance(10);
    a.lane.close();
    clock.runUntilIdle();
    await promisesSettled();
    expect([a.settled, b.settled]).toEqual([
      ['E_UNREACHABLE', 'ended'],
      ['E_LINK_LOST', 'ended'],
    ]);
  });

  it('by fail(), or by what a receiver throws, is one error here and a loss there', () => {
    for (const how of ['fail', 'throw'] as const) {
      const { clock, a, b } = opened();
      const cause = portholeError('E_PROTOCOL', { reason: 'of the test' });
      if (how === 'fail') a.lane.fail(cause);
      else {
        a.receiver.onFrame = () => {
          throw cause;
        };
        b.lane.gate.send(data(1, 1));
      }
      clock.runUntilIdle();
      expect(a.receiver.ends).toEqual([{ kind: 'session', cause }]);
      expect(b.receiver.ends).toMatchObject([{ kind: 'session', cause: { code: 'E_LINK_LOST' } }]);
    }
  });

  it('with its carrier is a loss on both sides', () => {
    const { clock, a, b, sever } = opened();
    sever();
    clock.runUntilIdle();
    for (const { receiver } of [a, b]) {
      expect(receiver.ends).toMatchObject([{ kind: 'lost', cause: { code: 'E_LINK_LOST' } }]);
      expect(receiver.ends).toHaveLength(1);
    }
  });

  it('comes in time for one that never authenticates, or is never taken up', async () => {
    const stranger = scripted();
    stranger.clock.advance(HANDSHAKE_TIMEOUT_MS);
    await expect(stranger.lane.joined).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    stranger.clock.runUntilIdle();
    const { clock, a, b } = lanePair();
    clock.advance(10);
    clock.advance(JOIN_TIMEOUT_MS - 10);
    expect([...a.receiver.ends, ...b.receiver.ends]).toEqual([]);
    clock.runUntilIdle();
    await promisesSettled();
    // Where it was open already the session may go on with others.
    expect(a.receiver.ends).toMatchObject([{ kind: 'lost', cause: { code: 'E_UNREACHABLE' } }]);
    expect(a.settled).toEqual(['E_UNREACHABLE', 'ended']);
    expect(b.receiver.ends).toHaveLength(1);
  });

  it('lets go of everything: nothing is sent or handed on any more', () => {
    const { clock, a, b } = opened();
    a.lane.leave();
    a.lane.gate.send(data(2, 1));
    a.lane.sendResume(PART);
    a.lane.doubt();
    b.lane.gate.send(data(1, 1));
    b.lane.sendResume(PART);
    clock.advance(10);
    expect([b.receiver.frames, b.receiver.resumes]).toEqual([[], []]);
    expect([a.receiver.frames, a.receiver.resumes, a.receiver.healths]).toEqual([[], [], []]);
    clock.runUntilIdle();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('the health of a lane', () => {
  it('is told when it changes, and silence is a loss', () => {
    const { clock, a, b, deafen } = opened();
    clock.advance(2000);
    deafen(true);
    clock.advance(SUSPECT_ACTIVE_MS + 2 * PING_ACTIVE_MS);
    expect(a.receiver.healths).toEqual(['suspect']);
    deafen(false);
    clock.advance(2 * PING_ACTIVE_MS);
    expect(a.receiver.healths).toEqual(['suspect', 'well']);
    expect(a.lane.roundTripMs).toBe(2);
    a.lane.doubt();
    clock.advance(10);
    expect(a.receiver.healths.slice(2)).toEqual(['doubted', 'well']);
    deafen(true);
    clock.advance(LINK_SILENCE_MS + 2 * PING_ACTIVE_MS);
    for (const { receiver } of [a, b]) {
      expect(receiver.ends).toMatchObject([{ kind: 'lost', cause: { code: 'E_LINK_LOST' } }]);
    }
    clock.runUntilIdle();
    expect(clock.pendingTimers).toBe(0);
  });

  it('is nobody’s business before it is open', () => {
    const { clock, a } = lanePair();
    clock.advance(10);
    a.lane.doubt();
    clock.advance(10);
    expect(a.receiver.healths).toEqual([]);
    a.lane.close();
    clock.runUntilIdle();
  });
});
