/**
 * One `porthole` command of the demo, in a process of its own, followed by its JSON events.
 *
 * Invariant: after `stop()` the process is gone, and it does not outlive this one, however this one
 * ends.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { portholeError, PortholeError, ERRORS } from '../shared/errors.ts';
import type { ErrorCode } from '../shared/errors.ts';
import { EXIT_DEADLINE_MS } from '../shared/limits.ts';
import type { CommandEvents } from './reporter.ts';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

type EventName = keyof CommandEvents;

export class DemoProcess {
  /** Never resolves; rejects when the process fails or ends by itself. */
  readonly failed: Promise<never>;
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal;
  readonly #seen = new Map<string, unknown>();
  readonly #waiting = new Map<string, (fields: unknown) => void>();
  #state: 'running' | 'stopping' | 'gone' = 'running';
  #fail!: (error: Error) => void;
  /** The deadline of Ctrl+C may end this process before `stop()` is through. */
  readonly #kill = (): void => void this.#child.kill('SIGKILL');

  constructor(args: readonly string[], signal: AbortSignal) {
    this.#signal = signal;
    this.failed = new Promise((_resolve, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {});
    this.#child = spawn(process.execPath, [MAIN, ...args, '--json'], {
      // Nothing is said over the IPC channel; that it closes tells the child that we are gone.
      // Their remarks are for people who start them; what matters here comes as events.
      stdio: ['pipe', 'pipe', 'ignore', 'ipc'],
      // Ctrl+C in a terminal reaches its whole process group; ending the two is this process's job.
      detached: true,
    });
    process.once('exit', this.#kill);
    this.#child.stdin?.on('error', () => {});
    this.#child.on('error', (cause) => this.#fail(cause));
    this.#child.on('exit', () => this.#onExit(args[0] ?? ''));
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      this.#onLine(line),
    );
  }

  /** The next event of that name, or the one that came already. Rejects when the process fails. */
  event<Name extends EventName>(name: Name): Promise<CommandEvents[Name]> {
    const happened = new Promise<CommandEvents[Name]>((resolve, reject) => {
      const seen = this.#seen.get(name);
      if (seen !== undefined) resolve(seen as CommandEvents[Name]);
      else this.#waiting.set(name, resolve as (fields: unknown) => void);
      this.#signal.addEventListener('abort', () => reject(this.#signal.reason as Error), {
        once: true,
      });
    });
    return Promise.race([happened, this.failed]);
  }

  writeLine(line: string): void {
    this.#child.stdin?.end(`${line}\n`);
  }

  /** Ends the process as Ctrl+C does; harder when it does not go. */
  async stop(): Promise<void> {
    if (this.#state === 'gone') return;
    this.#state = 'stopping';
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    const timer = setTimeout(this.#kill, EXIT_DEADLINE_MS);
    await gone;
    clearTimeout(timer);
  }

  #onLine(line: string): void {
    const { event, ...fields } = JSON.parse(line) as { event: EventName };
    if (event === 'error') return this.#fail(errorOf(fields as CommandEvents['error']));
    this.#seen.set(event, fields);
    this.#waiting.get(event)?.(fields);
  }

  #onExit(name: string): void {
    const wasRunning = this.#state === 'running';
    this.#state = 'gone';
    process.off('exit', this.#kill);
    if (!wasRunning) return;
    this.#fail(portholeError('E_INTERNAL', { reason: `porthole ${name} ended by itself` }));
  }
}

function errorOf({ code, message }: CommandEvents['error']): Error {
  return code in ERRORS
    ? new PortholeError(code as ErrorCode, message)
    : portholeError('E_INTERNAL', { reason: message });
}
