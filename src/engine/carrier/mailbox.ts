/**
 * The receiving half every carrier needs: keeps what arrives before `start()`, hands on events
 * after it, and ends them.
 *
 * Invariant: `onClosed` comes exactly once, never from inside a call the receiver made, and nothing
 * comes after it.
 */
import type { Clock } from '../../shared/clock.ts';
import { portholeError, type PortholeError } from '../../shared/errors.ts';
import { BEFORE_READY_BYTES_MAX } from '../../shared/limits.ts';
import type { CarrierEvents } from './carrier.ts';

export class Mailbox {
  readonly #clock: Clock;
  #events: CarrierEvents | undefined;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #closed = false;
  #cause: PortholeError | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the end was decided; `onClosed` may still be on its way. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Sets the receiver and hands it all that was kept. Throws when called twice. */
  start(events: CarrierEvents): void {
    if (this.#events) throw portholeError('E_INTERNAL', { reason: 'carrier started twice' });
    this.#events = events;
    const endedBefore = this.#closed;
    const kept = this.#kept;
    this.#kept = [];
    for (const message of kept) {
      if (this.#closed && !endedBefore) return;
      events.onMessage(message);
    }
    if (endedBefore) this.#announceEnd();
  }

  /** Hands on a message, or keeps it. `false` when more came before `start()` than may wait. */
  deliver(message: Uint8Array): boolean {
    if (this.#closed) return true;
    if (this.#events) {
      this.#events.onMessage(message);
      return true;
    }
    this.#keptBytes += message.length;
    if (this.#keptBytes > BEFORE_READY_BYTES_MAX) return false;
    this.#kept.push(message);
    return true;
  }

  /** Hands on that the carrier drained; before `start()` nobody waits for it. */
  drained(): void {
    if (!this.#closed) this.#events?.onDrained();
  }

  /** Ends the events. What was kept is dropped when this end closed (no `cause`). Safe to call again. */
  close(cause: PortholeError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cause = cause;
    if (!cause) this.#kept = [];
    if (this.#events) this.#announceEnd();
  }

  #announceEnd(): void {
    this.#clock.soon(() => this.#events?.onClosed(this.#cause));
  }
}
