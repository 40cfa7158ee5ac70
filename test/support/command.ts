/**
 * One `porthole` command as a person or a script runs it: the built program, what it printed on each
 * of its outputs, and how it ended. One that names no data folder has a home of its own, as on a
 * computer of its own.
 *
 * Invariant: a command is signalled by its own pid alone, and `endCommands()` leaves none behind.
 */
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { within } from './tcp.ts';

/** `PORTHOLE_COMMAND` puts another build to the test. */
export const MAIN =
  process.env['PORTHOLE_COMMAND'] ??
  fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface CommandOptions {
  /** Runs the command behind it: `['nsenter', '-n', …]`. It must become the command, not start it. */
  readonly behind?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** A descriptor to read instead of a pipe. */
  readonly input?: number;
  /** In a process group of its own, as a terminal starts it. */
  readonly ownGroup?: boolean;
}

export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type CommandEvent = Readonly<Record<string, unknown>>;

const started = new Set<Command>();
process.on('exit', () => {
  for (const command of started) command.kill('SIGKILL');
});

/** Kills what a test left running; to be called after each. */
export async function endCommands(): Promise<void> {
  const left = [...started];
  for (const command of left) command.kill('SIGKILL');
  await Promise.all(left.map(async ({ ended }) => ended));
}

export class Command {
  /** Resolves when the process is gone and all it printed was read; never rejects. */
  readonly ended: Promise<CommandEnd>;
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #home: string;
  #stdout = '';
  #stderr = '';
  #wake: (() => void)[] = [];

  private constructor(args: readonly string[], options: CommandOptions) {
    const [program = '', ...rest] = [...(options.behind ?? []), process.execPath, MAIN, ...args];
    const stdio: StdioOptions = [options.input ?? 'pipe', 'pipe', 'pipe'];
    this.#name = `porthole ${args.join(' ')}`;
    this.#home = mkdtempSync(join(tmpdir(), 'porthole-home-'));
    if (options.user !== undefined) chownSync(this.#home, options.user.uid, options.user.gid);
    this.#process = spawn(program, rest, {
      stdio,
      env: { ...(options.env ?? process.env), XDG_STATE_HOME: this.#home },
      detached: options.ownGroup === true,
      ...options.user,
    });
    started.add(this);
    this.#process.stdin?.on('error', () => undefined);
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#wakeAll();
    });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#wakeAll();
    });
    this.ended = this.#untilEnded();
  }

  static start(args: readonly string[], options: CommandOptions = {}): Command {
    return new Command(args, options);
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error(`${this.#name} did not start`);
    return pid;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get isRunning(): boolean {
    return started.has(this);
  }

  writeLine(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  endInput(): void {
    this.#process.stdin?.end();
  }

  /** Nobody reads what it prints any more. */
  closeOutputs(...which: readonly ('stdout' | 'stderr')[]): void {
    for (const name of which) this.#process[name]?.destroy();
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Sends a signal; resolves with how it ended and how many ms that took. */
  async endBy(signal: NodeJS.Signals): Promise<CommandEnd & { readonly ms: number }> {
    const gone = once(this.#process, 'exit');
    const startedAt = performance.now();
    this.kill(signal);
    await within(`${this.#name} ending on ${signal}`, gone);
    const ms = performance.now() - startedAt;
    return { ...(await this.end()), ms };
  }

  /** How it ended by itself. */
  async end(ms?: number): Promise<CommandEnd> {
    return within(`${this.#name} ending`, this.ended, ms);
  }

  /** The first match in what it printed on standard output (`stderr` if asked for). */
  async printed(pattern: RegExp, on: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    return this.#next(String(pattern), () => pattern.exec(this[on]) ?? undefined);
  }

  /** The `count`th event of that name. */
  async event(name: string, count = 1): Promise<CommandEvent> {
    const what = `event "${name}"`;
    return this.#next(what, () => this.events().filter((at) => at['event'] === name)[count - 1]);
  }

  /** The `count`th event of that name with these fields. */
  async eventWith(name: string, fields: CommandEvent, count = 1): Promise<CommandEvent> {
    const wanted = Object.entries(fields);
    const what = `event "${name}" with ${JSON.stringify(fields)}`;
    return this.#next(what, () => {
      const named = this.events().filter(({ event }) => event === name);
      return named.filter((at) => wanted.every(([key, value]) => at[key] === value))[count - 1];
    });
  }

  /** All events so far; throws when a line is no event. */
  events(): readonly CommandEvent[] {
    const lines = this.#stdout.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as CommandEvent);
  }

  async #next<T>(what: string, look: () => T | undefined): Promise<T> {
    const find = async (): Promise<T> => {
      for (;;) {
        const found = look();
        if (found !== undefined) return found;
        if (!this.isRunning) throw new Error('the process is gone');
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    };
    return within(what, find()).catch((cause: unknown) => {
      const seen = `standard output: ${this.#stdout}\nstandard error: ${this.#stderr}`;
      throw new Error(`no ${what} from ${this.#name}\n${seen}`, { cause });
    });
  }

  async #untilEnded(): Promise<CommandEnd> {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
      this.#process.once('close', (...how) => resolve(how));
      this.#process.once('error', (error) => {
        this.#stderr += error.message;
        resolve([null, null]);
      });
    });
    started.delete(this);
    rmSync(this.#home, { recursive: true, force: true });
    this.#wakeAll();
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr };
  }

  #wakeAll(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}

/** The link a `share` printed, in sentences or as an event. */
export async function linkOf(share: Command): Promise<string> {
  const [link] = await share.printed(/porthole:\/\/pair#[\w-]+(?=["\s])/);
  return link;
}

interface ProcessRow {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
}

/** Processes that started in the group of `leader` and still run (Linux). */
export function runningInGroup(leader: number): readonly number[] {
  return processes()
    .filter(({ group, state }) => group === leader && state !== 'Z')
    .map(({ pid }) => pid);
}

/** Processes that `parent` started and that still run (Linux). */
export function childrenOf(parent: number): readonly number[] {
  return processes()
    .filter((row) => row.parent === parent && row.state !== 'Z')
    .map(({ pid }) => pid);
}

function processes(): readonly ProcessRow[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((row) => row !== undefined);
}

/** See proc(5); the name before the last parenthesis may hold anything. */
function readProcess(pid: number): ProcessRow | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent = 0, group = 0] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, state, parent: Number(parent), group: Number(group) };
  } catch {
    return undefined;
  }
}
