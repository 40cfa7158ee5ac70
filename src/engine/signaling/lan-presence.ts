/**
 * A place that has no rooms, and tells on the local network that there are some.
 *
 * Invariant: one announcement while at least one room is open.
 */
import type { RoomRegistry } from './server.ts';

/** See the module header. */
export class LanPresence implements RoomRegistry {
  readonly #announce: () => () => void;
  #open = 0;
  #stop: () => void = () => {};

  /** `announce` returns how to stop. */
  constructor(announce: () => () => void) {
    this.#announce = announce;
  }

  openRoom(): () => void {
    if (this.#open === 0) this.#stop = this.#announce();
    this.#open += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#open -= 1;
      if (this.#open === 0) this.#stop();
    };
  }
}
