/**
 * What is to be read out, gathered.
 *
 * Invariant: at most one text a second, each what was said since the last, without repetition;
 * nothing is lost but what is the same.
 */
import { Store } from '../state/store.ts';

const BATCH_MS = 1000;

export class Announcer {
  readonly text = new Store('');
  #waiting: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly announce = (text: string): void => {
    if (text !== '' && !this.#waiting.includes(text)) this.#waiting.push(text);
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#tell(), BATCH_MS);
  };

  #tell(): void {
    this.#timer = undefined;
    const text = this.#waiting.join(' ');
    this.#waiting = [];
    // The same text again is read again only when it is another one.
    this.text.set(text === this.text.get() ? `${text}\u00a0` : text);
  }
}
