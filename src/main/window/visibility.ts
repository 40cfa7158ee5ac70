/** Whether somebody can see the window, and calls that wait until somebody can. */
import type { CallHandlers, CallTalk } from '../../shared/calls/api.ts';
import { toError } from '../../shared/errors.ts';

export class Visibility {
  #now: 'visible' | 'hidden' = 'hidden';
  readonly #waiters = new Set<() => void>();

  get now(): 'visible' | 'hidden' {
    return this.#now;
  }

  set(now: 'visible' | 'hidden'): void {
    this.#now = now;
    if (now === 'visible') for (const wake of this.#waiters) wake();
  }

  /** Rejects with its reason when `signal` aborts. */
  untilVisible(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiters.delete(end);
        signal.removeEventListener('abort', end);
        if (signal.aborted) reject(toError(signal.reason));
        else resolve();
      };
      if (signal.aborted || this.#now === 'visible') return end();
      this.#waiters.add(end);
      signal.addEventListener('abort', end, { once: true });
    });
  }
}

/** The feed of counters, which costs something, standing still while nobody can see them. */
export function metricsWhileVisible(
  handlers: CallHandlers<'metrics'>,
  visibility: Visibility,
): CallHandlers<'metrics'> {
  return {
    metrics: (params, talk) => {
      const patient: CallTalk<'metrics'> = {
        signal: talk.signal,
        emit: (event) => talk.emit(event),
        nextInput: async () => {
          const input = await talk.nextInput();
          await visibility.untilVisible(talk.signal);
          return input;
        },
      };
      return handlers.metrics(params, patient);
    },
  };
}
