/**
 * What there is, followed for as long as the app runs: the feed `watch`, taken up again whenever the
 * engine stopped answering.
 *
 * Invariant: a listener is told every TRAY_STATUS_MS at most; null while no engine answers.
 */
import type { CallTalk, PortholeApi } from '../shared/calls/api.ts';
import type { Clock } from '../shared/clock.ts';
import type { StatusView } from '../shared/contract.ts';
import { toError } from '../shared/errors.ts';
import { TRAY_STATUS_MS, TRAY_STATUS_RETRY_MS } from '../shared/limits.ts';

export type StatusListener = (status: StatusView | null) => void;

export interface StatusFeedOptions {
  readonly api: PortholeApi;
  readonly clock: Clock;
}

export class StatusFeed {
  readonly #options: StatusFeedOptions;
  readonly #listeners = new Set<StatusListener>();
  readonly #end = new AbortController();
  #status: StatusView | null = null;

  constructor(options: StatusFeedOptions) {
    this.#options = options;
  }

  /** The last one; null while no engine answers. */
  get status(): StatusView | null {
    return this.#status;
  }

  /** Tells `listener` of every state from now on; returns how to stop. */
  subscribe(listener: StatusListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Asks for the state until the feed is closed; resolves then. */
  async run(): Promise<void> {
    const { api } = this.#options;
    while (!this.#end.signal.aborted) {
      await api.call('watch', {}, this.#talk()).catch(() => {});
      this.#tell(null);
      await this.#pause(TRAY_STATUS_RETRY_MS);
    }
  }

  /** Nobody is told anything any more. */
  close(): void {
    this.#listeners.clear();
    this.#end.abort(new Error('closed'));
  }

  #talk(): CallTalk<'watch'> {
    const { signal } = this.#end;
    return {
      signal,
      emit: (status) => this.#tell(status),
      nextInput: async () => {
        await this.#pause(TRAY_STATUS_MS);
        if (signal.aborted) throw toError(signal.reason);
        return 'more';
      },
    };
  }

  #tell(status: StatusView | null): void {
    this.#status = status;
    for (const listener of this.#listeners) listener(status);
  }

  /** Resolves after `ms`, or at once when the feed is closed. */
  #pause(ms: number): Promise<void> {
    const { signal } = this.#end;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#options.clock.after(ms, done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
