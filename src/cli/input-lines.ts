/**
 * Standard input, line by line, for a command that reads several: a link, and later a yes or no. A
 * secret never stands in an argument.
 *
 * Invariant: lines come out in the order they came, none is lost, however early it was. What is held
 * is one line of the longest that is asked for, and what one read brought. After `close()` nothing of
 * it keeps the process alive.
 */
import type { Readable } from 'node:stream';
import { toError } from '../shared/errors.ts';

/** Something to read lines from: `process.stdin`, or what stands for it in a test. */
export type InputStream = Readable & {
  readonly isTTY?: boolean;
  /** Of a terminal only. */
  setRawMode?(raw: boolean): unknown;
};

/** What came: a line as it was typed (never blank), one that is longer than allowed, or no more. */
export type LineOutcome =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'too-long' }
  | { readonly kind: 'end' };

export interface LineRequest {
  /** Shown on standard error, in a terminal only. */
  readonly prompt: string;
  /** Longest line, bytes of UTF-8. */
  readonly bytesMax: number;
  readonly signal: AbortSignal;
}

type Source = 'open' | 'ended';
/** `skipping`: inside a line that was too long. */
type Position = 'line' | 'skipping';

/** What a look at the held bytes gave: `wait` until more comes, `dropped` and `blank` look again. */
type Look = LineOutcome | { readonly kind: 'wait' | 'dropped' | 'blank' };

const LINE_ENDS = /[\r\n]/;
// Ctrl+C and Ctrl+D, which a terminal in raw mode passes on as they are.
const INTERRUPT = '\u0003';
const END_OF_INPUT = '\u0004';
const KEY_ENDS = new RegExp(`[\\r\\n${INTERRUPT}${END_OF_INPUT}]`);

export class InputLines {
  readonly #input: InputStream;
  readonly #show: (text: string) => void;
  /** A character is a byte here: what came and was not given out yet. */
  #held = '';
  #source: Source = 'open';
  #position: Position = 'line';
  /** What ended the last line; a line feed behind a return belongs to it. */
  #lastEnd = '';
  #wake: () => void = () => {};

  constructor(
    input: InputStream = process.stdin,
    show: (text: string) => void = (text) => process.stderr.write(text),
  ) {
    this.#input = input;
    this.#show = show;
    // Before the listeners: nothing is read until somebody asks.
    input.pause();
    input.on('data', (chunk: Buffer | string) => this.#onData(chunk));
    for (const event of ['end', 'close'] as const) input.on(event, () => this.#onEnd());
    // A terminal that has gone, or a folder in the place of a file: nothing more will come.
    input.on('error', () => this.#onEnd());
  }

  get isTerminal(): boolean {
    return this.#input.isTTY === true;
  }

  /**
   * The next line that is not blank. Rejects with the reason of the signal when it aborts; then no
   * line is lost. Only one may wait at a time.
   */
  async next(request: LineRequest): Promise<LineOutcome> {
    return this.#next(request, LINE_ENDS);
  }

  /**
   * The same for a line that is typed into a terminal and not shown: with the keys that edit it, as
   * the terminal sends them. Rejects with an `AbortError` for Ctrl+C.
   */
  async nextHidden(request: LineRequest): Promise<LineOutcome> {
    this.#input.setRawMode?.(true);
    try {
      return await this.#next(request, KEY_ENDS);
    } finally {
      this.#input.setRawMode?.(false);
      this.#show('\n');
    }
  }

  /** Nothing is read any more; the stream is destroyed. */
  close(): void {
    this.#input.destroy();
  }

  async #next({ prompt, bytesMax, signal }: LineRequest, ends: RegExp): Promise<LineOutcome> {
    this.#prompt(prompt);
    for (;;) {
      if (signal.aborted) throw toError(signal.reason);
      const look = this.#look(bytesMax, ends);
      switch (look.kind) {
        case 'wait':
          await this.#more(signal);
          break;
        case 'dropped':
          break;
        case 'blank':
          // Somebody has only pressed Enter.
          this.#prompt(prompt);
          break;
        case 'line':
        case 'too-long':
        case 'end':
          return look;
      }
    }
  }

  #prompt(prompt: string): void {
    if (this.isTerminal) this.#show(prompt);
  }

  #look(bytesMax: number, ends: RegExp): Look {
    if (this.#lastEnd === '\r' && this.#held.startsWith('\n')) this.#held = this.#held.slice(1);
    if (this.#held !== '') this.#lastEnd = '';
    const end = this.#held.search(ends);
    if (end < 0 && this.#source === 'open') return this.#lookAtBeginning(bytesMax);
    if (end < 0 && this.#held === '') return { kind: 'end' };
    const bytes = end < 0 ? this.#held : this.#held.slice(0, end);
    this.#lastEnd = end < 0 ? '' : this.#held.charAt(end);
    this.#held = this.#held.slice(bytes.length + this.#lastEnd.length);
    return this.#judge(bytes, bytesMax);
  }

  /** The line goes on; once it is too long the rest is dropped as it comes. */
  #lookAtBeginning(bytesMax: number): Look {
    if (this.#position === 'line' && this.#held.length <= bytesMax) return { kind: 'wait' };
    this.#held = '';
    if (this.#position === 'skipping') return { kind: 'wait' };
    this.#position = 'skipping';
    return { kind: 'too-long' };
  }

  #judge(bytes: string, bytesMax: number): Look {
    if (this.#lastEnd === INTERRUPT) throw new DOMException('Ctrl+C was pressed', 'AbortError');
    if (this.#position === 'skipping') {
      this.#position = 'line';
      return { kind: 'dropped' };
    }
    if (bytes.length > bytesMax) return { kind: 'too-long' };
    const text = Buffer.from(bytes, 'latin1').toString('utf8');
    if (text.trim() !== '') return { kind: 'line', text };
    return { kind: this.#lastEnd === END_OF_INPUT ? 'end' : 'blank' };
  }

  #onData(chunk: Buffer | string): void {
    this.#input.pause();
    this.#held += (typeof chunk === 'string' ? Buffer.from(chunk) : chunk).toString('latin1');
    this.#wake();
  }

  #onEnd(): void {
    this.#source = 'ended';
    this.#wake();
  }

  /** Resolves when something came or the end did; rejects when `signal` aborts. */
  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#wake = () => {};
        this.#input.pause();
        reject(toError(signal.reason));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#wake = () => {
        this.#wake = () => {};
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#input.resume();
    });
  }
}
