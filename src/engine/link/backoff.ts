/**
 * How long to wait before the next call of a peer that could not be reached: exponential with full
 * jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015).
 *
 * Invariant: a delay is between CALL_BACKOFF_LEAST_MS and the ceiling of its turn, which doubles up
 * to the highest one.
 */
import { CALL_BACKOFF_FIRST_MS, CALL_BACKOFF_LEAST_MS } from '../../shared/limits.ts';

export class Backoff {
  readonly #random: () => number;
  #ceilingMs = CALL_BACKOFF_FIRST_MS;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** The next delay, ms; `highestMs` is the highest ceiling. */
  next(highestMs: number): number {
    const ceiling = Math.min(this.#ceilingMs, highestMs);
    this.#ceilingMs = Math.min(ceiling * 2, highestMs);
    return Math.max(CALL_BACKOFF_LEAST_MS, this.#random() * ceiling);
  }

  /** The next delay is a short one again. */
  reset(): void {
    this.#ceilingMs = CALL_BACKOFF_FIRST_MS;
  }
}
