/** When targets are looked at and what becomes of it, on a clock turned by hand. */
import { describe, expect, it } from 'vitest';
import type { ProbeOutcome } from '../../../src/engine/service/dial-target.ts';
import { TargetHealth } from '../../../src/engine/service/target-health.ts';
import {
  HEALTH_DOWN_PROBE_MS,
  HEALTH_FAILURES_MAX,
  HEALTH_PROBE_MS,
} from '../../../src/shared/limits.ts';
import { seededRandom } from '../../../src/shared/random.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** A target that answers as told, after `delayMs`, and remembers when it was looked at. */
class Target {
  answers = true;
  delayMs = 5;
  looking = 0;
  peak = 0;
  readonly looks: number[] = [];
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  readonly look = (outcome: ProbeOutcome) => {
    this.looks.push(this.#clock.now());
    this.looking += 1;
    this.peak = Math.max(this.peak, this.looking);
    const cancelTimer = this.#clock.after(this.delayMs, () => {
      this.looking -= 1;
      if (this.answers) outcome.onAnswer();
      else outcome.onFailed('E_TARGET_REFUSED');
    });
    return {
      cancel: () => {
        this.looking -= 1;
        cancelTimer();
      },
    };
  };
}

function watch() {
  const clock = new VirtualClock();
  const told: string[] = [];
  const health = new TargetHealth({
    clock,
    random: seededRandom(1),
    onHealth: (shareId, is) => told.push(`${shareId} ${is}`),
  });
  return { clock, told, health, target: new Target(clock) };
}

describe('the health of a target', () => {
  it('is unknown until the first look, which comes after a whole pause', () => {
    const { clock, told, health, target } = watch();
    health.add('s', target.look);
    expect(health.of('s')).toBe('unknown');
    clock.advance(HEALTH_PROBE_MS + 5);
    expect(health.of('s')).toBe('up');
    expect(told).toEqual(['s up']);
  });

  it('is looked at every half minute while it answers', () => {
    const { clock, told, health, target } = watch();
    health.add('s', target.look);
    clock.advance(20 * HEALTH_PROBE_MS);
    const pauses = target.looks.slice(1).map((at, index) => at - (target.looks[index] as number));
    expect(pauses.length).toBeGreaterThanOrEqual(19);
    for (const pause of pauses) {
      expect(pause).toBeGreaterThan(0.87 * HEALTH_PROBE_MS);
      expect(pause).toBeLessThanOrEqual(HEALTH_PROBE_MS + target.delayMs);
    }
    expect(told).toEqual(['s up']);
  });

  it('is down after three failures in a row, and then looked at every second', () => {
    const { clock, told, health, target } = watch();
    health.add('s', target.look);
    clock.advance(HEALTH_PROBE_MS + 5);
    target.answers = false;
    clock.runUntil(() => health.of('s') === 'down', 40_000);
    expect(target.looks).toHaveLength(1 + HEALTH_FAILURES_MAX);
    const before = target.looks.length;
    clock.advance(60_000);
    expect(target.looks.length - before).toBeGreaterThanOrEqual(59);
    expect(target.looks.length - before).toBeLessThanOrEqual(70);
    expect(told).toEqual(['s up', 's down']);
  });

  it('is up again with the first answer, within about a second', () => {
    const { clock, told, health, target } = watch();
    target.answers = false;
    health.add('s', target.look);
    clock.runUntil(() => health.of('s') === 'down');
    target.answers = true;
    clock.advance(HEALTH_DOWN_PROBE_MS + 2 * target.delayMs);
    expect(health.of('s')).toBe('up');
    expect(told).toEqual(['s down', 's up']);
  });

  it('does not become down by two failures, or by failures that are not in a row', () => {
    const { clock, told, health, target } = watch();
    health.add('s', target.look);
    clock.advance(HEALTH_PROBE_MS + 5);
    for (let round = 0; round < 5; round++) {
      target.answers = false;
      const looks = target.looks.length;
      clock.runUntil(() => target.looks.length === looks + 2 && target.looking === 0);
      target.answers = true;
      clock.advance(2 * HEALTH_DOWN_PROBE_MS);
    }
    expect(told).toEqual(['s up']);
  });

  it('is looked at at once when a peer could not connect, and never twice at a time', () => {
    const { clock, told, health, target } = watch();
    health.add('s', target.look);
    clock.advance(HEALTH_PROBE_MS + 5);
    target.answers = false;
    for (let count = 0; count < 100; count++) health.onConnectFailed('s');
    expect(target.looks).toHaveLength(2);
    expect(target.looks[1]).toBe(clock.now());
    clock.advance(5);
    // A hundred connections failed in one moment; that is one failure.
    expect(health.of('s')).toBe('up');
    clock.advance(2 * (HEALTH_DOWN_PROBE_MS + target.delayMs));
    expect(told).toEqual(['s up', 's down']);
    expect(target.peak).toBe(1);
  });

  it('is up when a connection of a peer came about, whatever a look is at', () => {
    const { clock, told, health, target } = watch();
    target.answers = false;
    health.add('s', target.look);
    clock.runUntil(() => health.of('s') === 'down');
    clock.runUntil(() => target.looking === 1);
    health.onConnected('s');
    expect(target.looking).toBe(0);
    clock.advance(HEALTH_DOWN_PROBE_MS);
    expect(told).toEqual(['s down', 's up']);
  });

  it('fifty that start together do not knock together', () => {
    const { clock, health } = watch();
    const targets = Array.from({ length: 50 }, () => new Target(clock));
    targets.forEach((target, index) => health.add(`s${index}`, target.look));
    clock.advance(10 * HEALTH_PROBE_MS);
    const looks = targets.flatMap((target) => target.looks).toSorted((a, b) => a - b);
    const together = looks.map((at) => looks.filter((other) => Math.abs(other - at) < 25).length);
    expect(Math.max(...together)).toBeLessThan(12);
  });

  it('leaves nothing behind', () => {
    const { clock, health, target } = watch();
    const other = new Target(clock);
    health.add('s', target.look);
    health.add('o', other.look);
    clock.runUntil(() => target.looking + other.looking > 0);
    health.remove('s');
    health.close();
    expect(clock.pendingTimers).toBe(0);
    expect(target.looking + other.looking).toBe(0);
    expect(health.of('s')).toBe('unknown');
    health.onConnected('s');
    health.onConnectFailed('s');
    expect(clock.pendingTimers).toBe(0);
  });
});
