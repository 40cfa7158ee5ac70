/**
 * The way out.
 *
 * Invariant: a person is asked once, and only while connections are open; once it closes, everything
 * is closed once, and the process ends within QUIT_DEADLINE_MS, whatever does not answer or fails.
 */
import type { Clock } from '../shared/clock.ts';
import { QUIT_DEADLINE_MS } from '../shared/limits.ts';

export interface QuitterOptions {
  readonly clock: Clock;
  /** Connections that would close now. */
  readonly connections: () => Promise<number>;
  readonly ask: (connections: number) => Promise<'quit' | 'stay'>;
  /** Closes all there is. */
  readonly close: () => Promise<void>;
  /** Ends the process. `cut`: something did not close in time. */
  readonly exit: (how: 'clean' | 'cut') => void;
  readonly onFault: (thrown: unknown) => void;
}

type State = 'running' | 'asking' | 'closing' | 'gone';

export class Quitter {
  readonly #options: QuitterOptions;
  #state: State = 'running';

  constructor(options: QuitterOptions) {
    this.#options = options;
  }

  /** Whether it has been decided to end. */
  get isEnding(): boolean {
    return this.#state === 'closing' || this.#state === 'gone';
  }

  /** Somebody wants to quit. More wishes while it asks or closes change nothing. */
  async wish(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'asking';
    const answer = await this.#ask();
    // The computer may have been switched off behind the question.
    if (this.isEnding) return;
    this.#state = 'running';
    if (answer === 'quit') await this.now();
  }

  /** Without a question: the session ends, or a person has answered it. */
  async now(): Promise<void> {
    if (this.isEnding) return;
    this.#state = 'closing';
    const { clock, close, onFault } = this.#options;
    const cancelDeadline = clock.after(QUIT_DEADLINE_MS, () => this.#exit('cut'));
    try {
      await close();
    } catch (thrown) {
      onFault(thrown);
    }
    cancelDeadline();
    this.#exit('clean');
  }

  async #ask(): Promise<'quit' | 'stay'> {
    const { connections, ask, onFault } = this.#options;
    try {
      const open = await connections();
      return open === 0 ? 'quit' : await ask(open);
    } catch (thrown) {
      onFault(thrown);
      return 'quit';
    }
  }

  #exit(how: 'clean' | 'cut'): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#options.exit(how);
  }
}
