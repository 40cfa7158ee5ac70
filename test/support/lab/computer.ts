/**
 * A computer with Porthole in a network of its own: a data folder, `porthole up`, and the commands
 * that talk to it. Known only by what the command line promises.
 *
 * Invariant: `remove()` leaves neither process nor folder behind.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAIN } from '../command.ts';
import type { Network } from '../networks.ts';
import type { Child } from '../processes.ts';
import type { ProgramRun } from '../programs.ts';
import { runProgram } from '../programs.ts';

/** `PORTHOLE_BIN`, or `PORTHOLE_COMMAND` as in all tests, puts another build to the test. */
export const BINARY = process.env['PORTHOLE_BIN'] ?? MAIN;
const START_MS = 60_000;

/** What goes into settings.json. */
export interface ComputerSettings {
  readonly rendezvous?: readonly string[];
  readonly stun?: readonly string[];
  readonly turn?: readonly string[];
}

export class LabComputer {
  readonly name: string;
  readonly dataDir: string;
  /** Where its commands run; may change while none does. */
  network: Network;
  #daemon: Child | undefined;

  constructor(name: string, network: Network, settings: ComputerSettings = {}) {
    this.name = name;
    this.network = network;
    this.dataDir = mkdtempSync(join(tmpdir(), `porthole-lab-${name}-`));
    const all = { version: 1, deviceName: name, ...settings };
    writeFileSync(join(this.dataDir, 'settings.json'), JSON.stringify(all), { mode: 0o600 });
  }

  /** The daemon that runs. */
  get daemon(): Child {
    if (this.#daemon === undefined) throw new Error(`${this.name} has no daemon`);
    return this.#daemon;
  }

  /** Starts `porthole up` without waiting for it. */
  start(): Child {
    this.#daemon = this.command(['up']);
    return this.#daemon;
  }

  async up(): Promise<Child> {
    const daemon = this.start();
    await daemon.event('status', undefined, START_MS);
    return daemon;
  }

  /** Ends the daemon: with SIGKILL as a crash does. */
  async down(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    await daemon?.stop(signal);
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.daemon.pid, signal);
  }

  /** A command whose events a script reads. */
  command(args: readonly string[]): Child {
    const name = `${this.name}: porthole ${args.join(' ')}`;
    return this.network.child(name, ...this.#line([...args, '--json']));
  }

  /** Runs a command that a person reads to its end, with `input` for it; at most `ms`. */
  async say(args: readonly string[], input: string, ms: number): Promise<ProgramRun> {
    const [program, ...rest] = [...this.network.behind, ...this.#line(args)] as const;
    return runProgram(program, rest, { input, ms });
  }

  async remove(): Promise<void> {
    await this.down('SIGKILL');
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  #line(args: readonly string[]): readonly string[] {
    return [process.execPath, BINARY, ...args, '--data-dir', this.dataDir];
  }
}

/** Shares `port` of one computer with the other, which pairs with it; returns the forward's port. */
export async function pair(desk: LabComputer, laptop: LabComputer, port: number): Promise<number> {
  const share = ['share', String(port), '--name', `at ${port}`, '--invite', '--trust-invite'];
  const sharing = desk.command(share);
  const joining = laptop.command(['join', '--trust-invite']);
  try {
    const { link } = await sharing.event('invite');
    joining.writeLine(String(link));
    const { local } = await joining.event('forward', undefined, START_MS);
    await Promise.all([sharing.exited, joining.exited]);
    return Number(String(local).split(':')[1]);
  } finally {
    await Promise.all([sharing.stop('SIGKILL'), joining.stop('SIGKILL')]);
  }
}
