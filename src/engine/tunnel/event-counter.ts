/** Counts events in a window of time that begins with the first of them. */
export class EventCounter {
  readonly #windowMs: number;
  readonly #max: number;
  #count = 0;
  #startedAt = Number.NEGATIVE_INFINITY;

  constructor(max: number, windowMs: number) {
    this.#max = max;
    this.#windowMs = windowMs;
  }

  /** Counts one event at `now` (ms); says whether there are more than allowed. */
  count(now: number): 'within' | 'beyond' {
    if (now - this.#startedAt > this.#windowMs) {
      this.#startedAt = now;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count > this.#max ? 'beyond' : 'within';
  }
}
