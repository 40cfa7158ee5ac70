/** A Dialer that does as told: accepts, refuses, waits, and remembers what it was asked. */
import type { DialAttempt, Dialer, DialOutcome } from '../../src/engine/tunnel/dialer.ts';
import type { LocalConnection } from '../../src/engine/tunnel/local-connection.ts';
import type { Clock } from '../../src/shared/clock.ts';
import type { ErrorCode } from '../../src/shared/errors.ts';

/** What becomes of one dial. `pending` never answers by itself. */
export type DialAnswer =
  | { readonly kind: 'connected'; readonly local: LocalConnection; readonly afterMs?: number }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly afterMs?: number }
  | { readonly kind: 'pending' }
  | { readonly kind: 'not-allowed' };

export class FakeDialer implements Dialer {
  readonly #clock: Clock;
  readonly #answer: (shareId: Uint8Array) => DialAnswer;
  /** Attempts without an outcome yet, oldest first. */
  readonly pending: DialOutcome[] = [];
  asked = 0;
  cancelled = 0;
  pendingPeak = 0;

  constructor(clock: Clock, answer: (shareId: Uint8Array) => DialAnswer) {
    this.#clock = clock;
    this.#answer = answer;
  }

  mayDial(): boolean {
    return true;
  }

  dial(shareId: Uint8Array, outcome: DialOutcome): DialAttempt | 'not-allowed' {
    this.asked += 1;
    const answer = this.#answer(shareId);
    if (answer.kind === 'not-allowed') return 'not-allowed';
    this.pending.push(outcome);
    this.pendingPeak = Math.max(this.pendingPeak, this.pending.length);
    const cancelTimer = this.#schedule(answer, outcome);
    return {
      cancel: () => {
        this.cancelled += 1;
        cancelTimer();
        this.#forget(outcome);
      },
    };
  }

  /** Settles the oldest attempt that is still waiting. */
  settle(settle: (outcome: DialOutcome) => void): void {
    const outcome = this.pending.shift();
    if (outcome === undefined) throw new Error('nothing is being dialed');
    settle(outcome);
  }

  #schedule(answer: DialAnswer, outcome: DialOutcome): () => void {
    if (answer.kind === 'pending' || answer.kind === 'not-allowed') return () => undefined;
    return this.#clock.after(answer.afterMs ?? 0, () => {
      this.#forget(outcome);
      if (answer.kind === 'connected') outcome.onConnected(answer.local);
      else outcome.onFailed(answer.code);
    });
  }

  #forget(outcome: DialOutcome): void {
    const at = this.pending.indexOf(outcome);
    if (at >= 0) this.pending.splice(at, 1);
  }
}
