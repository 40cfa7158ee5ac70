/**
 * An AbortSignal that follows another one and a time limit, with a promise to race against.
 *
 * Invariant: after `cancel()` no timer and no listener is left.
 */
import { toError } from '../shared/errors.ts';
import type { Clock } from '../shared/clock.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  /** Never resolves; rejects with the reason of the signal when it aborts. */
  readonly aborted: Promise<never>;
  abort(reason: Error): void;
  /** The time limit counts no more; the other signal still does. */
  disarm(): void;
  cancel(): void;
}

export interface DeadlineOptions {
  readonly clock: Clock;
  readonly parent: AbortSignal;
  readonly afterMs: number;
  /** What to abort with when time is up. */
  readonly error: Error;
}

export function startDeadline({ clock, parent, afterMs, error }: DeadlineOptions): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  const onParentAbort = (): void => controller.abort(parent.reason);
  if (parent.aborted) onParentAbort();
  parent.addEventListener('abort', onParentAbort, { once: true });
  const cancelTimer = clock.after(afterMs, () => controller.abort(error));
  const aborted = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(toError(signal.reason));
    signal.addEventListener('abort', () => reject(toError(signal.reason)), { once: true });
  });
  // Whoever races against it looks at it; nobody need.
  aborted.catch(() => {});
  return {
    signal,
    aborted,
    abort: (reason) => controller.abort(reason),
    disarm: cancelTimer,
    cancel: () => {
      cancelTimer();
      parent.removeEventListener('abort', onParentAbort);
    },
  };
}
