/**
 * How long to wait before the next call of a peer that could not be reached: exponential with full
 * jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015).
 *
 * Invariant: a delay is between CALL_BACKOFF_LEAST_MS and the ceiling of its turn, which doubles up
 * to CALL_BACKOFF_MAX_MS.
 */
import {
  CALL_BACKOFF_FIRST_MS,
  CALL_BACKOFF_LEAST_MS,
  CALL_BACKOFF_MAX_MS,
} from '../../shared/limits.ts';

export class Backoff {
  readonly #random: () => number;
  #ceilingMs = CALL_BACKOFF_FIRST_MS;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** The next delay, ms. */
  next(): number {
    const ceiling = this.#ceilingMs;
    this.#ceilingMs = Math.min(ceiling * 2, CALL_BACKOFF_MAX_MS);
    return Math.max(CALL_BACKOFF_LEAST_MS, this.#random() * ceiling);
  }

  /** The next delay is a short one again. */
  reset(): void {
    this.#ceilingMs = CALL_BACKOFF_FIRST_MS;
  }
}
