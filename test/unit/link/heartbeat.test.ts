import { describe, expect, it } from 'vitest';
import { memoryCarrierPair } from '../../../src/engine/carrier/memory.ts';
import { Heartbeat } from '../../../src/engine/link/heartbeat.ts';
import { LINK_SILENCE_MS, PING_ACTIVE_MS, PING_IDLE_MS } from '../../../src/shared/limits.ts';
import { seededRandom } from '../../../src/shared/random.ts';
import { FakeAuthenticator } from '../../support/fake-authenticator.ts';
import { linkPair, linkSide } from '../../support/link-pair.ts';
import { tapCarrier } from '../../support/tap-carrier.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function beating(isActive: boolean) {
  const clock = new VirtualClock();
  const pings: number[] = [];
  const silences: number[] = [];
  const heartbeat = new Heartbeat(clock, {
    isActive: () => isActive,
    sendPing: () => pings.push(clock.now()),
    onSilent: () => silences.push(clock.now()),
  });
  return { clock, pings, silences, heartbeat };
}

describe('the heartbeat', () => {
  it.each([
    [true, PING_ACTIVE_MS],
    [false, PING_IDLE_MS],
  ] as const)('with sockets: %s, asks every %i ms', (isActive, interval) => {
    const { clock, pings, heartbeat, silences } = beating(isActive);
    for (let passed = 0; passed < 40_000; passed += 500) {
      clock.advance(500);
      heartbeat.onMessage();
    }
    expect(pings[0]).toBe(0);
    const gaps = pings.slice(1).map((at, index) => at - (pings[index] as number));
    expect(new Set(gaps)).toEqual(new Set([interval]));
    expect(silences).toEqual([]);
    heartbeat.stop();
    expect(clock.pendingTimers).toBe(0);
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
    const { clock, silences, heartbeat } = beating(true);
    clock.advance(3000);
    clock.jump(3_600_000);
    clock.advance(LINK_SILENCE_MS - 1);
    expect(silences).toEqual([]);
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
    heartbeat.stop();
  });
});

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

  it('ends both with E_LINK_LOST when nothing gets through any more', () => {
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
    clock.advance(LINK_SILENCE_MS - PING_IDLE_MS);
    expect([a?.log.endings, b?.log.endings]).toEqual([[], []]);
    clock.advance(2 * PING_IDLE_MS);
    for (const side of [a, b]) {
      expect(side?.log.endings).toEqual([expect.objectContaining({ code: 'E_LINK_LOST' })]);
    }
    clock.runUntilIdle(1000);
  });
});
