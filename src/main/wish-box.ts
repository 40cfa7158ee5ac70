/**
 * What menus, links and notifications want the page to show.
 *
 * Invariant: a wish is shown once. While no page listens the newest WISHES_MAX are kept; a page that
 * comes gets them in order.
 */
import type { CallTalk } from '../shared/calls/api.ts';
import { toError } from '../shared/errors.ts';
import { WISHES_MAX } from '../shared/limits.ts';
import type { Wish } from '../shared/shell-calls.ts';

export class WishBox {
  readonly #wishes: Wish[] = [];
  #onWish: () => void = () => {};

  put(wish: Wish): void {
    this.#wishes.push(wish);
    if (this.#wishes.length > WISHES_MAX) this.#wishes.shift();
    this.#onWish();
  }

  /** Answers the call `wishes`. */
  async feed(talk: CallTalk<'wishes'>): Promise<never> {
    for (;;) {
      talk.emit(await this.#next(talk.signal));
      await talk.nextInput();
    }
  }

  #next(signal: AbortSignal): Promise<Wish> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#onWish = () => {};
        reject(toError(signal.reason));
      };
      const take = (): void => {
        const wish = this.#wishes.shift();
        if (wish === undefined) return;
        this.#onWish = () => {};
        signal.removeEventListener('abort', stop);
        resolve(wish);
      };
      if (signal.aborted) return stop();
      signal.addEventListener('abort', stop, { once: true });
      this.#onWish = take;
      take();
    });
  }
}
