/** The real command in two processes, with a server behind it: what is measured. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Worker } from './worker.ts';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const LOAD = fileURLToPath(new URL('./load.ts', import.meta.url));

/** The network namespaces of both sides; none for this computer's own. */
export interface Sides {
  readonly share?: string;
  readonly join?: string;
}

export class Tunnel {
  readonly server: Worker;
  readonly client: Worker;
  readonly #share: ChildProcess;
  readonly #join: ChildProcess;
  readonly #sides: Sides;
  readonly port: number;

  private constructor(parts: {
    server: Worker;
    client: Worker;
    share: ChildProcess;
    join: ChildProcess;
    sides: Sides;
    port: number;
  }) {
    this.server = parts.server;
    this.client = parts.client;
    this.#share = parts.share;
    this.#join = parts.join;
    this.#sides = parts.sides;
    this.port = parts.port;
  }

  static async open(sides: Sides = {}): Promise<Tunnel> {
    const server = new Worker(LOAD, namespaceOf(sides.share));
    const target = await server.ask<number>({ kind: 'serve', host: '127.0.0.1' });
    const share = command(['share', String(target), '--invite', '--trust-invite'], sides.share);
    const { link } = await eventOf<{ link: string }>(share, 'invite');
    const join = command(['join', '--trust-invite'], sides.join);
    join.stdin?.end(`${link}\n`);
    const { local } = await eventOf<{ local: string }>(join, 'forward');
    const client = new Worker(LOAD, namespaceOf(sides.join));
    return new Tunnel({ server, client, share, join, sides, port: Number(local.split(':')[1]) });
  }

  /** Another client process beside `client`. */
  anotherClient(): Worker {
    return new Worker(LOAD, namespaceOf(this.#sides.join));
  }

  get pids(): readonly [number, number] {
    return [this.#share.pid as number, this.#join.pid as number];
  }

  async close(): Promise<void> {
    await Promise.all([this.client.stop(), this.server.stop()]);
    await Promise.all([end(this.#share), end(this.#join)]);
  }
}

function namespaceOf(namespace: string | undefined): { namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}

/** One `porthole` command with a data folder of its own. */
export function command(args: readonly string[], namespace: string | undefined): ChildProcess {
  const dataDir = mkdtempSync(joinPath(tmpdir(), 'porthole-bench-'));
  const node = [process.execPath, MAIN, ...args, '--json', '--data-dir', dataDir];
  const [file = '', ...rest] =
    namespace === undefined ? node : ['ip', 'netns', 'exec', namespace, ...node];
  const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'ignore'] });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => {
    process.off('exit', kill);
    rmSync(dataDir, { recursive: true, force: true });
  });
  return child;
}

/** The first event of that name. */
export function eventOf<Fields>(child: ChildProcess, name: string): Promise<Fields> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`porthole ended before "${name}"`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const event = JSON.parse(line) as { event: string };
      if (event.event === name) resolve(event as Fields);
      if (event.event === 'error') reject(new Error(line));
    });
  });
}

export async function end(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}
