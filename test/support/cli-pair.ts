/**
 * The real command in two processes: one shares a target, the other joins by the link it printed.
 * Known only by its documented events (design: the command's JSON events), so it judges what people
 * and scripts get.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChildEvent } from './processes.ts';
import { Child } from './processes.ts';
import type { Target } from './tcp.ts';

/** `PORTHOLE_COMMAND` puts another build to the test. */
const COMMAND =
  process.env['PORTHOLE_COMMAND'] ??
  fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface CliPairOptions {
  readonly target: Target;
  /** More arguments of `porthole share`. */
  readonly shareArgs?: readonly string[];
  /** More arguments of `porthole join`. */
  readonly joinArgs?: readonly string[];
  /** The forward's port; without it `join` chooses. */
  readonly local?: number;
  /** Added to the environment of both. */
  readonly env?: NodeJS.ProcessEnv;
}

function isUp(event: ChildEvent): boolean {
  return event['state'] === 'up';
}

/** Starts one `porthole` command; `args` come before `--json` and a data folder of its own. */
function startCli(
  name: string,
  args: readonly string[],
  { dataDir, env = {} }: { dataDir: string; env?: NodeJS.ProcessEnv },
): Child {
  return Child.start({
    name,
    command: process.execPath,
    args: [COMMAND, ...args, '--json', '--data-dir', dataDir],
    env: { ...process.env, ...env },
  });
}

/** Descriptors a process has open. */
function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Resident memory of a process, bytes: now, and the most it ever was. */
export function residentBytes(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return { now: kibibytes('VmRSS') * 1024, peak: kibibytes('VmHWM') * 1024 };
}

export class CliPair {
  readonly share: Child;
  readonly join: Child;
  readonly forwardPort: number;
  /** `path` of the event that told the link is up. */
  readonly path: string;
  readonly #folder: string;

  private constructor(
    { share, join: joined }: { share: Child; join: Child },
    { folder, local, path }: { folder: string; local: string; path: string },
  ) {
    this.share = share;
    this.join = joined;
    this.#folder = folder;
    this.forwardPort = Number(local.slice(local.lastIndexOf(':') + 1));
    this.path = path;
  }

  /** Shares, joins and waits until the forward is there and both ends say the link is up. */
  static async start(options: CliPairOptions): Promise<CliPair> {
    const folder = mkdtempSync(join(tmpdir(), 'porthole-pair-'));
    const children: Child[] = [];
    try {
      return await CliPair.#pair(options, { folder, children });
    } catch (thrown) {
      await Promise.all(children.map(async (child) => child.stop('SIGKILL')));
      rmSync(folder, { recursive: true, force: true });
      throw thrown;
    }
  }

  static async #pair(
    { target, shareArgs = [], joinArgs = [], local, env = {} }: CliPairOptions,
    { folder, children }: { folder: string; children: Child[] },
  ): Promise<CliPair> {
    const share = startCli(
      'porthole share',
      ['share', `${target.host}:${target.port}`, '--invite', '--trust-invite', ...shareArgs],
      { dataDir: join(folder, 'share'), env },
    );
    children.push(share);
    const { link } = await share.event('invite');
    const at = local === undefined ? [] : ['--local', String(local)];
    const joined = startCli('porthole join', ['join', '--trust-invite', ...at, ...joinArgs], {
      dataDir: join(folder, 'join'),
      env,
    });
    children.push(joined);
    joined.writeLine(String(link));
    const [forward, up] = await Promise.all([
      joined.event('forward'),
      joined.event('link', isUp),
      share.event('link', isUp),
      share.event('paired'),
      joined.event('paired'),
    ]);
    return new CliPair(
      { share, join: joined },
      { folder, local: String(forward['local']), path: String(up['path']) },
    );
  }

  /** Descriptors both processes have open. */
  openDescriptors(): number {
    return openDescriptors(this.share.pid) + openDescriptors(this.join.pid);
  }

  /** Ends both as Ctrl+C does; fails when one does not end cleanly by itself. */
  async stop(): Promise<void> {
    try {
      const exits = await Promise.all([this.join.stop(), this.share.stop()]);
      for (const [index, exit] of exits.entries()) {
        if (exit.signal === null || exit.signal === 'SIGTERM') continue;
        const child = index === 0 ? this.join : this.share;
        throw new Error(`${child.name} ended by ${exit.signal}: ${child.stderr}`);
      }
    } finally {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }
}
