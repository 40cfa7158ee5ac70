import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import type { Carrier, CarrierEvents } from '../../../src/engine/carrier/carrier.ts';
import { memoryCarrierPair } from '../../../src/engine/carrier/memory.ts';
import { encodeHandshake } from '../../../src/engine/link/handshake.ts';
import { Heartbeat } from '../../../src/engine/link/heartbeat.ts';
import { PingSchema, ReadySchema } from '../../../src/engine/protocol/generated/session_pb.ts';
import {
  GATE_HIGH_WATER_BYTES,
  HOLD_LEAST_MS,
  LINK_SILENCE_MS,
  PING_ACTIVE_MS,
  PING_IDLE_MS,
  SUSPECT_ACTIVE_MS,
  SUSPECT_IDLE_MS,
  SUSPECT_ROUND_TRIPS,
} from '../../../src/shared/limits.ts';
import { seededRandom } from '../../../src/shared/random.ts';
import { resume } from '../../support/attack.ts';
import { FakeAuthenticator } from '../../support/fake-authenticator.ts';
import { linkPair, linkSide } from '../../support/link-pair.ts';
import { tapCarrier } from '../../support/tap-carrier.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function beating(activity: boolean | (() => boolean)) {
  const clock = new VirtualClock();
  const pings: { at: number; id: number }[] = [];
  const silences: number[] = [];
  const healths: [at: number, health: string][] = [];
  const heartbeat = new Heartbeat(clock, {
    isActive: () => (typeof activity === 'boolean' ? activity : activity()),
    sendPing: (id) => pings.push({ at: clock.now(), id }),
    onHealth: () => healths.push([clock.now(), heartbeat.health]),
    onSilent: () => silences.push(clock.now()),
  });
  return { clock, pings, silences, healths, heartbeat };
}

describe('the heartbeat', () => {
  it.each([
    [true, PING_ACTIVE_MS],
    [false, PING_IDLE_MS],
  ] as const)('with sockets: %s, asks every %i ms', (isActive, interval) => {
    const { clock, pings, heartbeat, silences, healths } = beating(isActive);
    for (let passed = 0; passed < 40_000; passed += 500) {
      clock.advance(500);
      heartbeat.onMessage();
    }
    expect(pings[0]?.at).toBe(0);
    const gaps = pings.slice(1).map(({ at }, index) => at - (pings[index]?.at as number));
    expect(new Set(gaps)).toEqual(new Set([interval]));
    expect([silences, healths]).toEqual([[], []]);
    heartbeat.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ['with', SUSPECT_ACTIVE_MS, true],
    ['without', SUSPECT_IDLE_MS, false],
  ] as const)(
    '%s sockets suspects after %i ms of silence, and not before',
    (_which, ms, isActive) => {
      const { clock, healths, heartbeat } = beating(isActive);
      clock.advance(500);
      heartbeat.onMessage();
      clock.advance(ms);
      expect([healths, heartbeat.health]).toEqual([[], 'well']);
      clock.advance(PING_ACTIVE_MS);
      expect(healths.map(([, health]) => health)).toEqual(['suspect']);
      // Once, and any message takes it back.
      clock.advance(1000);
      heartbeat.onMessage();
      expect(healths.map(([, health]) => health)).toEqual(['suspect', 'well']);
      heartbeat.stop();
    },
  );

  it('gives an idle peer its time anew when sockets are opened', () => {
    let isActive = false;
    const { clock, healths, silences } = beating(() => isActive);
    clock.advance(8000);
    isActive = true;
    clock.advance(SUSPECT_ACTIVE_MS);
    expect(healths).toEqual([]);
    clock.advance(2 * PING_ACTIVE_MS);
    expect(healths.map(([, health]) => health)).toEqual(['suspect']);
    // To be given up counts from the last message all the same.
    clock.advance(LINK_SILENCE_MS - 8000 - SUSPECT_ACTIVE_MS);
    expect(silences).toHaveLength(1);
  });

  it('is patient on a path of seconds', () => {
    const { clock, pings, healths, heartbeat } = beating(true);
    clock.advance(0);
    clock.advance(900);
    heartbeat.onMessage();
    heartbeat.onPong(pings.at(-1)?.id as number);
    expect(heartbeat.roundTripMs).toBe(900);
    clock.advance(SUSPECT_ROUND_TRIPS * 900);
    expect(healths).toEqual([]);
    clock.advance(PING_ACTIVE_MS);
    expect(healths.map(([, health]) => health)).toEqual(['suspect']);
    heartbeat.stop();
  });

  it('asks at once when there is reason to doubt', () => {
    const { clock, pings, healths, heartbeat } = beating(false);
    clock.advance(1500);
    expect(pings).toHaveLength(1);
    heartbeat.doubt();
    expect(pings.map(({ at }) => at)).toEqual([0, 1500]);
    expect(healths).toEqual([[1500, 'doubted']]);
    heartbeat.onMessage();
    expect(heartbeat.health).toBe('well');
    heartbeat.stop();
  });

  it('does not take suspicion back for a doubt', () => {
    const { clock, healths, heartbeat } = beating(true);
    clock.advance(SUSPECT_ACTIVE_MS + PING_ACTIVE_MS);
    heartbeat.doubt();
    expect(healths.map(([, health]) => health)).toEqual(['suspect']);
    heartbeat.stop();
  });

  it('gives up after 15 s of silence, not before, and once', () => {
    const { clock, silences } = beating(true);
    clock.advance(LINK_SILENCE_MS);
    expect(silences).toEqual([]);
    clock.advance(PING_ACTIVE_MS);
    expect(silences).toHaveLength(1);
    clock.advance(60_000);
    expect(silences).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes any message for a sign of life', () => {
    const { clock, silences, heartbeat } = beating(true);
    for (let round = 0; round < 10; round++) {
      clock.advance(LINK_SILENCE_MS - PING_ACTIVE_MS);
      heartbeat.onMessage();
    }
    expect(silences).toEqual([]);
    heartbeat.stop();
  });

  it('gives the peer a fresh start when this process was stopped', () => {
    const { clock, silences, healths, pings, heartbeat } = beating(true);
    clock.advance(1500);
    clock.jump(3_600_000);
    clock.advance(0);
    // Asked at once, and doubted until it answers: who knows where this computer woke.
    expect(pings.at(-1)?.at).toBe(3_601_500);
    expect(healths).toEqual([[3_601_500, 'doubted']]);
    clock.advance(SUSPECT_ACTIVE_MS);
    expect(healths).toHaveLength(1);
    clock.advance(PING_ACTIVE_MS);
    expect(healths.map(([, health]) => health)).toEqual(['doubted', 'suspect']);
    clock.advance(LINK_SILENCE_MS - SUSPECT_ACTIVE_MS - PING_ACTIVE_MS - 1);
    expect(silences).toEqual([]);
    clock.advance(PING_ACTIVE_MS + 1);
    expect(silences).toHaveLength(1);
    heartbeat.stop();
  });

  it('measures the round trip of the last PING, and only of that', () => {
    const { clock, heartbeat } = beating(true);
    clock.advance(0);
    expect(heartbeat.roundTripMs).toBeUndefined();
    clock.advance(120);
    heartbeat.onPong(99);
    expect(heartbeat.roundTripMs).toBeUndefined();
    heartbeat.onPong(1);
    expect(heartbeat.roundTripMs).toBe(120);
    // Later ones are smoothed in.
    clock.advance(PING_ACTIVE_MS - 120);
    clock.advance(40);
    heartbeat.onPong(2);
    expect(heartbeat.roundTripMs).toBe(120 - 80 / 8);
    heartbeat.stop();
  });
});

/** Takes everything and hands nothing on, as to a peer that does not read. */
class StalledCarrier implements Carrier {
  readonly kind = 'memory';
  readonly reach = 'network';
  readonly route = undefined;
  readonly dataPayloadBytes = 16_384;
  readonly binding = { local: new Uint8Array(32), remote: new Uint8Array(32) };
  events!: CarrierEvents;
  #buffered = 0;

  start(events: CarrierEvents): void {
    this.events = events;
  }

  send(message: Uint8Array): void {
    this.#buffered += message.length;
  }

  bufferedAmount(): number {
    return this.#buffered;
  }

  drain(): void {
    this.#buffered = 0;
  }

  close(): void {}
}

describe('the heartbeat of a link', () => {
  it('knows the round trip, and stops with the link', () => {
    const clock = new VirtualClock();
    const { sides } = linkPair({ clock, random: seededRandom(1), faults: { delayMs: [40, 40] } });
    clock.advance(1000);
    expect(sides[0].link.roundTripMs).toBe(80);
    sides[0].link.close();
    clock.runUntilIdle(5000);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends both when nothing gets through any more, and nothing is held', () => {
    const clock = new VirtualClock();
    const { ends } = memoryCarrierPair({ clock, random: seededRandom(1) });
    let isDeaf = false;
    const [a, b] = ends.map((inner, index) => {
      const carrier = tapCarrier(inner, { clock, random: () => 1 });
      const send = carrier.send.bind(carrier);
      carrier.send = (message) => {
        if (!isDeaf) send(message);
      };
      return linkSide({ carrier, clock, authenticator: new FakeAuthenticator(String(index)) });
    });
    clock.advance(1000);
    isDeaf = true;
    clock.advance(SUSPECT_IDLE_MS - PING_IDLE_MS);
    expect([a?.log.endings, b?.log.endings]).toEqual([[], []]);
    clock.advance(2 * PING_IDLE_MS + HOLD_LEAST_MS);
    for (const side of [a, b]) {
      expect(side?.log.endings).toEqual([expect.objectContaining({ code: 'E_SESSION_LOST' })]);
    }
    clock.runUntilIdle(1000);
  });

  it('does not pile up PONGs for a peer that asks and never reads', () => {
    const clock = new VirtualClock();
    const carrier = new StalledCarrier();
    const peer = new FakeAuthenticator('b');
    const { link, log } = linkSide({
      carrier,
      clock,
      authenticator: new FakeAuthenticator('a'),
    });
    const send = (message: Uint8Array): void => carrier.events.onMessage(message);
    send(encodeHandshake({ case: 'hello', value: peer.hello() }, 0));
    send(encodeHandshake({ case: 'auth', value: peer.prove(peer.hello()) }, 1));
    send(encodeHandshake({ case: 'ready', value: create(ReadySchema) }, 2));
    send(resume('asks'));
    clock.advance(0);
    expect(log.ready).toBe(1);
    const ping = encodeHandshake({ case: 'ping', value: create(PingSchema, { id: 7 }) });
    const pongBytes = ping.length;
    for (let count = 0; count < (2 * GATE_HIGH_WATER_BYTES) / pongBytes; count++) send(ping);
    clock.advance(0);
    expect(carrier.bufferedAmount()).toBeGreaterThan(GATE_HIGH_WATER_BYTES);
    expect(carrier.bufferedAmount()).toBeLessThanOrEqual(GATE_HIGH_WATER_BYTES + 2 * pongBytes);
    expect(log.endings).toEqual([]);
    // One that reads again is answered again.
    carrier.drain();
    send(ping);
    expect(carrier.bufferedAmount()).toBe(pongBytes);
    link.close();
    clock.advance(1000);
    expect(log.endings).toEqual([undefined]);
  });
});
