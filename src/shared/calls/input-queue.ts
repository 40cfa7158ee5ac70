/**
 * What a caller says while its call runs, until the call asks for it.
 *
 * Invariant: inputs come out in the order they went in, each once; no more than CONTROL_INPUTS_MAX
 * wait; whoever waits when `signal` aborts is told.
 */
import { portholeError, toError } from '../errors.ts';
import { CONTROL_INPUTS_MAX } from '../limits.ts';

interface Waiter<T> {
  readonly resolve: (input: T) => void;
  readonly reject: (cause: Error) => void;
}

export class InputQueue<T> {
  readonly #signal: AbortSignal;
  readonly #inputs: T[] = [];
  #waiters: Waiter<T>[] = [];

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#rejectAll(), { once: true });
  }

  /** Throws `E_CONTROL` when too many wait already. */
  push(input: T): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) return waiter.resolve(input);
    if (this.#inputs.length >= CONTROL_INPUTS_MAX) {
      throw portholeError('E_CONTROL', { reason: 'too much input that nobody asked for' });
    }
    this.#inputs.push(input);
  }

  /** The next input; rejects with the reason of the signal when it aborts. */
  next(): Promise<T> {
    if (this.#signal.aborted) return Promise.reject(toError(this.#signal.reason));
    const input = this.#inputs.shift();
    if (input !== undefined) return Promise.resolve(input);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  #rejectAll(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { reject } of waiters) reject(toError(this.#signal.reason));
  }
}
