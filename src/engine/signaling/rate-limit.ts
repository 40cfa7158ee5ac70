/**
 * Counts what comes in a second, for connections that may say only so much.
 *
 * Invariant: in no second that begins with an admitted one are more than `max` admitted.
 */
import type { Clock } from '../../shared/clock.ts';

/** See the module header. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #max: number;
  #start = Number.NEGATIVE_INFINITY;
  #count = 0;

  /** `max` in a second. */
  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
  }

  /** Counts one more. */
  admit(): 'admitted' | 'refused' {
    const now = this.#clock.now();
    if (now - this.#start >= 1000) {
      this.#start = now;
      this.#count = 0;
    }
    this.#count++;
    return this.#count <= this.#max ? 'admitted' : 'refused';
  }
}
