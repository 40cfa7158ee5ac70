/**
 * Whether the targets of the live shares answer: each is looked at from time to time, and at once
 * when a peer's connection to it failed.
 *
 *   every HEALTH_PROBE_MS while it answers, every HEALTH_DOWN_PROBE_MS from the first failure on;
 *   HEALTH_FAILURES_MAX looks in a row without an answer: down; one answer, or one connection of a
 *   peer that came about: up
 *
 * Only looks count as failures. A hundred connections that fail in the moment of a restart are one
 * event, not three.
 *
 * Invariant: at most one look at a target at a time; nothing is ever refused because of what is
 * known here; after `remove()` and `close()` no timer and no look is left.
 */
import {
  HEALTH_DOWN_PROBE_MS,
  HEALTH_FAILURES_MAX,
  HEALTH_JITTER_FRACTION,
  HEALTH_PROBE_MS,
} from '../../shared/limits.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import type { Health } from '../../shared/contract.ts';
import type { DialAttempt } from '../tunnel/dialer.ts';
import type { ProbeOutcome } from './dial-target.ts';

export interface TargetHealthOptions {
  readonly clock: Clock;
  /** Like `Math.random`. */
  readonly random: () => number;
  /** It is up or down from now on; told when that changes. */
  onHealth(shareId: string, health: 'up' | 'down'): void;
}

/** Looks at one target; the outcome comes later. */
export type Look = (outcome: ProbeOutcome) => DialAttempt;

interface Watch {
  readonly look: Look;
  health: Health;
  failures: number;
  attempt: DialAttempt | undefined;
  cancelTimer: CancelTimer;
}

export class TargetHealth {
  readonly #options: TargetHealthOptions;
  readonly #watches = new Map<string, Watch>();

  constructor(options: TargetHealthOptions) {
    this.#options = options;
  }

  /**
   * Watches the target of a share. The first look comes after a whole pause: a server made for a
   * single connection must not get ours in place of the one it waits for.
   */
  add(shareId: string, look: Look): void {
    this.remove(shareId);
    const watch: Watch = {
      look,
      health: 'unknown',
      failures: 0,
      attempt: undefined,
      cancelTimer: () => {},
    };
    this.#watches.set(shareId, watch);
    this.#lookIn(this.#jittered(HEALTH_PROBE_MS), shareId, watch);
  }

  remove(shareId: string): void {
    const watch = this.#watches.get(shareId);
    this.#watches.delete(shareId);
    watch?.cancelTimer();
    watch?.attempt?.cancel();
  }

  of(shareId: string): Health {
    return this.#watches.get(shareId)?.health ?? 'unknown';
  }

  /** A peer's connection to the target came about. */
  onConnected(shareId: string): void {
    const watch = this.#watches.get(shareId);
    if (watch === undefined) return;
    watch.attempt?.cancel();
    this.#answered(shareId, watch);
  }

  /** A peer's connection to the target did not come about: looks now. */
  onConnectFailed(shareId: string): void {
    const watch = this.#watches.get(shareId);
    if (watch !== undefined) this.#lookNow(shareId, watch);
  }

  close(): void {
    for (const shareId of this.#watches.keys()) this.remove(shareId);
  }

  #lookIn(delayMs: number, shareId: string, watch: Watch): void {
    watch.cancelTimer();
    watch.cancelTimer = this.#options.clock.after(delayMs, () => this.#lookNow(shareId, watch));
  }

  #lookNow(shareId: string, watch: Watch): void {
    if (watch.attempt !== undefined) return;
    watch.cancelTimer();
    watch.attempt = watch.look({
      onAnswer: () => this.#answered(shareId, watch),
      onFailed: () => this.#failed(shareId, watch),
    });
  }

  #answered(shareId: string, watch: Watch): void {
    watch.attempt = undefined;
    watch.failures = 0;
    this.#lookIn(this.#jittered(HEALTH_PROBE_MS), shareId, watch);
    this.#become('up', shareId, watch);
  }

  #failed(shareId: string, watch: Watch): void {
    watch.attempt = undefined;
    watch.failures += 1;
    this.#lookIn(this.#jittered(HEALTH_DOWN_PROBE_MS), shareId, watch);
    if (watch.failures >= HEALTH_FAILURES_MAX) this.#become('down', shareId, watch);
  }

  #become(health: 'up' | 'down', shareId: string, watch: Watch): void {
    if (watch.health === health) return;
    watch.health = health;
    this.#options.onHealth(shareId, health);
  }

  #jittered(ms: number): number {
    return ms - (ms / HEALTH_JITTER_FRACTION) * this.#options.random();
  }
}
