/**
 * Child processes of the tests. What they print on standard output is one JSON object a line with
 * an `event`; a test awaits events by name.
 *
 * Invariant: a child is signalled by its own pid alone, and none outlives this process.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { within } from './tcp.ts';

const STOP_MS = 5000;
const STDERR_KEPT = 20_000;

export interface ChildEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const living = new Set<ChildProcessWithoutNullStreams>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

function parseEvent(line: string): ChildEvent | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null || !('event' in parsed)) return undefined;
    return { ...parsed, event: String(parsed.event) };
  } catch {
    return undefined;
  }
}

export class Child {
  readonly name: string;
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<ChildExit>;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #events: ChildEvent[] = [];
  readonly #strangeLines: string[] = [];
  #wake: (() => void)[] = [];
  #stderr = '';
  #gone = false;

  private constructor(options: ChildOptions) {
    this.name = options.name;
    this.#process = spawn(options.command, options.args, {
      env: options.env ?? process.env,
      stdio: 'pipe',
    });
    living.add(this.#process);
    this.#process.stdin.on('error', () => undefined);
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
      this.#wakeAll();
    });
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#onLine(line));
    this.exited = new Promise((resolve) => {
      this.#process.once('error', (error) => {
        this.#stderr += error.message;
        this.#onGone();
        resolve({ code: null, signal: null });
      });
      this.#process.once('close', (code, signal) => {
        this.#onGone();
        resolve({ code, signal });
      });
    });
  }

  static start(options: ChildOptions): Child {
    return new Child(options);
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error(`${this.name} did not start: ${this.#stderr}`);
    return pid;
  }

  get stderr(): string {
    return this.#stderr;
  }

  writeLine(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  endInput(): void {
    this.#process.stdin.end();
  }

  /**
   * The next event called `name` that `matches`, taken out of those seen. An `error` event nobody
   * asked for and the end of the process are failures.
   */
  async event(
    name: string,
    matches: (event: ChildEvent) => boolean = () => true,
    ms = 30_000,
  ): Promise<ChildEvent> {
    const found = this.#takeEvent(name, matches);
    return within(`event "${name}" of ${this.name}`, found, ms).catch((thrown: unknown) => {
      throw new Error(this.#describe(name), { cause: thrown });
    });
  }

  /** Resolves when the child has printed something that fits: for programs that know no JSON. */
  async printed(pattern: RegExp, ms = 30_000): Promise<void> {
    await within(`${String(pattern)} from ${this.name}`, this.#untilPrinted(pattern), ms);
  }

  /** SIGTERM, and SIGKILL when that is not enough; resolves with how it ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ChildExit> {
    if (!this.#gone) this.#process.kill(signal);
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  async #takeEvent(name: string, matches: (event: ChildEvent) => boolean): Promise<ChildEvent> {
    for (;;) {
      const at = this.#events.findIndex((event) => event.event === name && matches(event));
      const [found] = at < 0 ? [] : this.#events.splice(at, 1);
      if (found !== undefined) return found;
      const failure = this.#events.find((event) => event.event === 'error');
      if (failure !== undefined) {
        throw new Error(`${String(failure['code'])}: ${String(failure['message'])}`);
      }
      if (this.#gone) throw new Error('the process is gone');
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async #untilPrinted(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#stderr) && !this.#strangeLines.some((line) => pattern.test(line))) {
      if (this.#gone) throw new Error(`${this.name} is gone: ${this.#stderr}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  #describe(name: string): string {
    const seen = this.#events.map((event) => event.event).join(', ') || 'none';
    const strange =
      this.#strangeLines.length > 0 ? `; printed ${this.#strangeLines.join(' | ')}` : '';
    return `no "${name}" from ${this.name}; other events: ${seen}${strange}; standard error: ${this.#stderr || 'empty'}`;
  }

  #onLine(line: string): void {
    const event = parseEvent(line);
    if (event === undefined) this.#strangeLines.push(line);
    else this.#events.push(event);
    this.#wakeAll();
  }

  #onGone(): void {
    this.#gone = true;
    living.delete(this.#process);
    this.#wakeAll();
  }

  #wakeAll(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
