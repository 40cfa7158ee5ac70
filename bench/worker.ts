/**
 * A process of a benchmark: started from one of the files here, asked by messages, answering each.
 *
 * Invariant: it is gone after `stop()`, and at the latest with this process.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Clock ticks a second of /proc/PID/stat; 100 on every Linux. */
const TICKS_PER_SECOND = 100;

export class Worker {
  readonly #child: ChildProcess;
  #answer: (answer: unknown) => void = () => {};
  #onGone: () => void = () => {};

  constructor(file: string, options: { readonly namespace?: string } = {}) {
    this.#child = fork(file, [], {
      cwd: new URL('..', import.meta.url).pathname,
      execArgv: ['--import', 'tsx'],
      ...inNamespace(options.namespace),
    });
    this.#child.on('message', (answer) => this.#answer(answer));
    this.#child.once('exit', () => this.#onGone());
    process.once('exit', () => this.#child.kill('SIGKILL'));
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Sends a request and waits for its answer. */
  ask<Answer>(request: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#answer = resolve as (answer: unknown) => void;
      this.#onGone = () => reject(new Error('a process of the benchmark ended'));
      this.#child.send(request);
    });
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }
}

/** Starts Node inside a network namespace: `ip netns exec` hands descriptors on, so messages work. */
function inNamespace(namespace: string | undefined): object {
  if (namespace === undefined) return {};
  return {
    execPath: 'ip',
    execArgv: ['netns', 'exec', namespace, process.execPath, '--import', 'tsx'],
  };
}

/** Processor seconds a process has used, user and system. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory of a process, bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
