/**
 * A computer of its own as far as one can be had here: a data folder, a device name, and the
 * commands that are run for it one after another, real processes all.
 *
 * Invariant: `removeHomes()` leaves no folder behind; the commands are those of command.ts.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from './command.ts';
import type { CommandEnd, CommandEvent, CommandOptions } from './command.ts';

const made: Home[] = [];

/** To be called after each test, when its commands are gone. */
export function removeHomes(): void {
  for (const home of made.splice(0)) rmSync(home.dataDir, { recursive: true, force: true });
}

/** How a command of a few moments ended, and what it told. */
export interface Told extends CommandEnd {
  readonly events: readonly CommandEvent[];
}

export class Home {
  readonly dataDir: string;
  readonly name: string;

  /** A new one; peers see it as `name`. */
  constructor(name: string) {
    this.name = name;
    this.dataDir = mkdtempSync(join(tmpdir(), `porthole-${name}-`));
    const settings = { version: 1, deviceName: name };
    writeFileSync(join(this.dataDir, 'settings.json'), JSON.stringify(settings), { mode: 0o600 });
    made.push(this);
  }

  /** Runs a command that a person reads. */
  start(args: readonly string[], options?: CommandOptions): Command {
    return Command.start([...args, '--data-dir', this.dataDir], options);
  }

  /** Runs a command that a script reads. */
  script(args: readonly string[], options?: CommandOptions): Command {
    return this.start([...args, '--json'], options);
  }

  /** Runs a command to its end, for a script, with these lines on its standard input. */
  async ask(args: readonly string[], ...lines: readonly string[]): Promise<Told> {
    const command = this.script(args);
    for (const line of lines) command.writeLine(line);
    command.endInput();
    const end = await command.end();
    return { ...end, events: command.events() };
  }

  /** The same for a person. */
  async say(args: readonly string[], ...lines: readonly string[]): Promise<CommandEnd> {
    const command = this.start(args);
    for (const line of lines) command.writeLine(line);
    command.endInput();
    return command.end();
  }

  /** What is stored of paired devices; nothing while none ever was. */
  storedPeers(): readonly unknown[] {
    try {
      const text = readFileSync(join(this.dataDir, 'peers.json'), 'utf8');
      return (JSON.parse(text) as { readonly peers: readonly unknown[] }).peers;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw thrown;
    }
  }
}
