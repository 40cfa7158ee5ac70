/**
 * Runs something when it is asked for, but not more often than it may: what is asked for meanwhile
 * runs once, when the time has come.
 *
 * Invariant: the last wish is always followed by a run, unless it is closed before.
 */
import type { CancelTimer, Clock } from '../../shared/clock.ts';

export interface ThrottleOptions {
  readonly clock: Clock;
  readonly leastMs: number;
  readonly run: () => void;
}

export class Throttle {
  readonly #options: ThrottleOptions;
  #ranAt = Number.NEGATIVE_INFINITY;
  #cancelTimer: CancelTimer | null = null;

  constructor(options: ThrottleOptions) {
    this.#options = options;
  }

  /** Runs now, or as soon as it may. */
  ask(): void {
    if (this.#cancelTimer !== null) return;
    const { clock, leastMs } = this.#options;
    const waitMs = this.#ranAt + leastMs - clock.now();
    if (waitMs <= 0) this.#run();
    else this.#cancelTimer = clock.after(waitMs, () => this.#run());
  }

  /** What was asked for is forgotten. */
  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #run(): void {
    this.#cancelTimer = null;
    this.#ranAt = this.#options.clock.now();
    this.#options.run();
  }
}
