/**
 * What the shell is, as pages are told (`ShellView`).
 *
 * Invariant: whoever listens to the feed gets the newest view; one that did not change is not told.
 */
import type { CallTalk } from '../shared/calls/api.ts';
import { toError } from '../shared/errors.ts';
import type { ShellView } from '../shared/shell-calls.ts';

export class ShellState {
  readonly #look: () => ShellView;
  readonly #listeners = new Set<() => void>();

  constructor(look: () => ShellView) {
    this.#look = look;
  }

  view(): ShellView {
    return this.#look();
  }

  /** Something of it may be another now. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Answers the call `shell`. */
  async feed(talk: CallTalk<'shell'>): Promise<never> {
    let told = '';
    for (;;) {
      const view = await this.#other(told, talk.signal);
      told = JSON.stringify(view);
      talk.emit(view);
      await talk.nextInput();
    }
  }

  #other(told: string, signal: AbortSignal): Promise<ShellView> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#listeners.delete(check);
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        end();
        reject(toError(signal.reason));
      };
      const check = (): void => {
        const view = this.#look();
        if (JSON.stringify(view) === told) return;
        end();
        resolve(view);
      };
      if (signal.aborted) return onAbort();
      this.#listeners.add(check);
      signal.addEventListener('abort', onAbort, { once: true });
      check();
    });
  }
}
