/**
 * Hints of the system that everything may be other than before, passed on to the engine.
 *
 * Invariant: the first of a burst is passed on at once, the last of it when SYSTEM_HINTS_MS are over;
 * between two there is at least that much time. After `close()` nothing is.
 */
import type { CancelTimer, Clock } from '../shared/clock.ts';
import { SYSTEM_HINTS_MS } from '../shared/limits.ts';

type State = 'idle' | 'quiet' | 'quiet-and-hinted' | 'closed';

export class SystemHints {
  readonly #clock: Clock;
  readonly #tell: () => void;
  #state: State = 'idle';
  #cancel: CancelTimer = () => {};

  constructor(clock: Clock, tell: () => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  hint(): void {
    if (this.#state === 'idle') this.#pass();
    else if (this.#state === 'quiet') this.#state = 'quiet-and-hinted';
  }

  close(): void {
    this.#state = 'closed';
    this.#cancel();
  }

  #pass(): void {
    this.#state = 'quiet';
    this.#cancel = this.#clock.after(SYSTEM_HINTS_MS, () => this.#onQuietOver());
    this.#tell();
  }

  #onQuietOver(): void {
    const wasHinted = this.#state === 'quiet-and-hinted';
    this.#state = 'idle';
    if (wasHinted) this.#pass();
  }
}
