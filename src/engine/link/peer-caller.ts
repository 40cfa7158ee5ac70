/**
 * Calls one peer until it is reached: tries, waits, tries again, for ever. While somebody waits for
 * the link, a try that nobody answers does not keep the next one from starting: what it hangs on (a
 * SYN that was lost while the cable was out) may be gone by now.
 *
 * Invariant: one try runs, or as many as CALLS_AT_ONCE_MAX while it is urgent and none was answered;
 * after `stop()` none runs and none will.
 */
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { portholeError } from '../../shared/errors.ts';
import {
  CALL_BACKOFF_MAX_MS,
  CALL_BACKOFF_URGENT_MAX_MS,
  CALL_OVERLAP_MS,
  CALLS_AT_ONCE_MAX,
} from '../../shared/limits.ts';
import { Backoff } from './backoff.ts';

/** What one try is given. */
export interface CallAttempt {
  /** Everything the try opened ends when it aborts. */
  readonly signal: AbortSignal;
  /** The peer has answered: it takes what it takes from now on. */
  readonly onAnswered: () => void;
}

export interface PeerCallerOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether somebody waits for the link. */
  readonly isUrgent: () => boolean;
  /** One try; resolves when the peer was reached. */
  readonly attempt: (attempt: CallAttempt) => Promise<void>;
  /** No try runs any more, and the peer was not reached. */
  readonly onFailed: () => void;
}

interface Try {
  readonly controller: AbortController;
  state: 'seeking' | 'answered';
}

/** See the module header. */
export class PeerCaller {
  readonly #options: PeerCallerOptions;
  readonly #backoff: Backoff;
  readonly #tries = new Set<Try>();
  #wanted: 'yes' | 'no' = 'no';
  #cancelTimer: CancelTimer = () => {};

  constructor(options: PeerCallerOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
  }

  get isTrying(): boolean {
    return this.#tries.size > 0;
  }

  /** Begins calling after `delayMs`; a caller that waits for its next try goes on from there. */
  start(delayMs: number): void {
    this.#wanted = 'yes';
    if (this.#mayBegin) this.#wait(delayMs);
  }

  /** As `start`, after the delay that is due. */
  startLater(): void {
    this.start(this.#nextDelay());
  }

  /** The next delay is a short one again: the peer was well for a while, or something has changed. */
  reset(): void {
    this.#backoff.reset();
  }

  /** The peer was reached, by this caller or otherwise: a try under way ends by itself. */
  rest(): void {
    this.#wanted = 'no';
    this.#cancelTimer();
  }

  /** Ends tries under way, too. */
  stop(): void {
    this.rest();
    this.#abortAll();
  }

  get #mayBegin(): boolean {
    if (this.#tries.size === 0) return true;
    const isAnswered = [...this.#tries].some(({ state }) => state === 'answered');
    return !isAnswered && this.#options.isUrgent() && this.#tries.size < CALLS_AT_ONCE_MAX;
  }

  #nextDelay(): number {
    const { isUrgent } = this.#options;
    return this.#backoff.next(isUrgent() ? CALL_BACKOFF_URGENT_MAX_MS : CALL_BACKOFF_MAX_MS);
  }

  #wait(delayMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(delayMs, () => void this.#try());
  }

  async #try(): Promise<void> {
    const { clock, attempt } = this.#options;
    const one: Try = { controller: new AbortController(), state: 'seeking' };
    this.#tries.add(one);
    this.#cancelTimer = clock.after(CALL_OVERLAP_MS, () => this.#overlap());
    const outcome = await attempt({
      signal: one.controller.signal,
      onAnswered: () => (one.state = 'answered'),
    }).then(
      () => 'reached' as const,
      () => 'failed' as const,
    );
    // What becomes of a try that was given up interests nobody.
    if (!this.#tries.delete(one)) return;
    if (outcome === 'reached') this.#reached();
    else this.#failed();
  }

  /** Nobody has answered for a while. The oldest try makes room for a fresh one. */
  #overlap(): void {
    if (this.#wanted === 'no' || !this.#options.isUrgent()) return;
    const [oldest] = this.#tries;
    if ([...this.#tries].some(({ state }) => state === 'answered')) return;
    if (this.#tries.size >= CALLS_AT_ONCE_MAX) this.#abort(oldest);
    void this.#try();
  }

  #reached(): void {
    this.rest();
    this.#abortAll();
  }

  #failed(): void {
    if (this.#tries.size > 0) return;
    if (this.#wanted === 'yes') this.#wait(this.#nextDelay());
    this.#options.onFailed();
  }

  #abortAll(): void {
    for (const one of this.#tries) this.#abort(one);
  }

  #abort(one: Try | undefined): void {
    if (one === undefined) return;
    this.#tries.delete(one);
    one.controller.abort(portholeError('E_UNREACHABLE', { reason: 'it was stopped' }));
  }
}
