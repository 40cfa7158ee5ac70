/**
 * Calls one peer until it is reached: tries, waits, tries again, for ever.
 *
 * Invariant: at most one try runs; after `stop()` none runs and none will.
 */
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { portholeError } from '../../shared/errors.ts';
import { Backoff } from './backoff.ts';

export interface PeerCallerOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** One try; resolves when the peer was reached. Everything it opened ends when `signal` aborts. */
  readonly attempt: (signal: AbortSignal) => Promise<void>;
}

/** See the module header. */
export class PeerCaller {
  readonly #options: PeerCallerOptions;
  readonly #backoff: Backoff;
  #state: 'resting' | 'waiting' | 'trying' = 'resting';
  #afterwards: 'try-again' | 'rest' = 'try-again';
  #cancelTimer: CancelTimer = () => {};
  #trying = new AbortController();

  constructor(options: PeerCallerOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
  }

  get isTrying(): boolean {
    return this.#state === 'trying';
  }

  /** Begins calling after `delayMs`; a caller that waits for its next try goes on from there. */
  start(delayMs: number): void {
    this.#afterwards = 'try-again';
    if (this.#state !== 'trying') this.#wait(delayMs);
  }

  /** As `start`, after the delay that is due. */
  startLater(): void {
    this.start(this.#backoff.next());
  }

  /** The next delay is a short one again: the peer was well for a while. */
  reset(): void {
    this.#backoff.reset();
  }

  /** The peer was reached, by this caller or otherwise: a try under way ends by itself. */
  rest(): void {
    this.#cancelTimer();
    if (this.#state === 'waiting') this.#state = 'resting';
    this.#afterwards = 'rest';
  }

  /** Ends a try under way, too. */
  stop(): void {
    this.rest();
    this.#trying.abort(portholeError('E_UNREACHABLE', { reason: 'it was stopped' }));
  }

  #wait(delayMs: number): void {
    this.#cancelTimer();
    this.#state = 'waiting';
    this.#cancelTimer = this.#options.clock.after(delayMs, () => void this.#try());
  }

  async #try(): Promise<void> {
    this.#state = 'trying';
    this.#afterwards = 'try-again';
    this.#trying = new AbortController();
    const outcome = await this.#options.attempt(this.#trying.signal).then(
      () => 'reached' as const,
      () => 'failed' as const,
    );
    this.#state = 'resting';
    if (outcome === 'failed' && this.#afterwards === 'try-again') this.#wait(this.#backoff.next());
  }
}
