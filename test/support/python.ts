/**
 * Clients and servers that are not Node (tcp-peer.py): Node hides some resets from those who read
 * (facts in docs/architecture.md), a plain recv(2) does not.
 */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { ChildEvent } from './processes.ts';
import { Child } from './processes.ts';

const SCRIPT = fileURLToPath(new URL('tcp-peer.py', import.meta.url));

/** See tcp-peer.py. */
export type PythonStep =
  | readonly ['send', seed: number, count: number]
  | readonly ['recv', count: number]
  | readonly ['recv-all']
  | readonly ['await' | 'signal', word: string]
  | readonly ['fin' | 'rst' | 'close'];

export interface PythonReport {
  readonly ending: string;
  readonly bytes?: number;
  readonly sha256?: string;
}

function isReport(given: unknown): given is PythonReport {
  return typeof given === 'object' && given !== null && 'ending' in given;
}

/** SHA-256 of what the step `['send', seed, count]` sends. */
export function pythonDigest(seed: number, count: number): string {
  const bytes = createHash('shake128', { outputLength: count }).update(String(seed)).digest();
  return createHash('sha256').update(bytes).digest('hex');
}

export class PythonPeer {
  readonly #child: Child;
  /** The port its server jobs accept on. */
  readonly port: number;
  #jobs = 0;

  private constructor(child: Child, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(): Promise<PythonPeer> {
    const child = Child.start({ name: 'python3', command: 'python3', args: ['-u', SCRIPT] });
    const { port } = await child.event('listening');
    return new PythonPeer(child, Number(port));
  }

  /** Connects to `port` of 127.0.0.1 and does the steps. */
  async client(port: number, steps: readonly PythonStep[]): Promise<readonly PythonReport[]> {
    return this.#run({ role: 'client', port, steps });
  }

  /** Accepts the next connection and does the steps. */
  async server(steps: readonly PythonStep[]): Promise<readonly PythonReport[]> {
    return this.#run({ role: 'server', steps });
  }

  async stop(): Promise<void> {
    this.#child.endInput();
    await this.#child.stop();
  }

  async #run(what: object): Promise<readonly PythonReport[]> {
    const job = ++this.#jobs;
    this.#child.writeLine(JSON.stringify({ ...what, job }));
    const done: ChildEvent = await this.#child.event('done', (event) => event['job'] === job);
    const { reports } = done;
    if (!Array.isArray(reports) || !reports.every(isReport)) throw new Error(JSON.stringify(done));
    return reports;
  }
}
