#!/usr/bin/env node
/** The `porthole` command: reads the arguments, and hands over to one command. */
import { Command, CommanderError } from 'commander';
import { portholeError, toPortholeError } from '../shared/errors.ts';
import type { PortholeError } from '../shared/errors.ts';
import { requireWritableFolder } from './data-dir.ts';
import { demoCommand } from './demo-command.ts';
import { exitStatusOf } from './exit-status.ts';
import { joinCommand } from './join-command.ts';
import { createReporter } from './reporter.ts';
import { runCommand } from './run.ts';
import type { Command as RunnableCommand } from './run.ts';
import type { Reporter } from './reporter.ts';
import { shareCommand } from './share-command.ts';
import { tuneProcess } from './tune-process.ts';
import { VERSION } from './version.ts';

interface CommonOptions {
  readonly dataDir?: string;
  readonly json?: boolean;
}

interface TrustOptions {
  readonly trustInvite?: boolean;
}

type Make = (reporter: Reporter) => RunnableCommand;

const wantsJson = process.argv.includes('--json');

async function start(options: CommonOptions, make: Make): Promise<void> {
  const reporter = createReporter(options.json === true ? 'json' : 'sentences');
  await runCommand(reporter, async (signal) => {
    if (options.dataDir !== undefined) requireWritableFolder(options.dataDir);
    await make(reporter)(signal);
  });
}

function requireTrust({ trustInvite }: TrustOptions): void {
  if (trustInvite !== true) throw portholeError('E_TRUST_REQUIRED');
}

function withCommonOptions(command: Command): Command {
  return command
    .option(
      '--data-dir <dir>',
      'folder for what Porthole keeps (this version keeps nothing)',
      needed('--data-dir needs a folder.'),
    )
    .option('--json', 'one JSON object a line on standard output');
}

/** Commander takes whatever follows an option for its value; what looks like an option is none. */
function needed(problem: string): (value: string) => string {
  return (value) => {
    if (value.startsWith('--')) throw portholeError('E_USAGE', { problem });
    return value;
  };
}

const TRUST_HELP = 'trust whoever has the link, without comparing digits (needed in this version)';

function buildProgram(): Command {
  const program = new Command('porthole')
    .description('Share a port of this computer with another computer, peer to peer.')
    .version(VERSION)
    .exitOverride()
    // failUsage() tells it, to people and to scripts.
    .configureOutput({ writeErr: () => undefined });
  withCommonOptions(
    program
      .command('share <target>')
      .description('share PORT, or HOST:PORT, of this computer')
      .option(
        '--name <name>',
        'what the other computer sees it as (default: the port)',
        needed('--name needs a name.'),
      )
      .option('--invite', 'print a link for one other computer')
      .option('--trust-invite', TRUST_HELP),
  ).action(startShare);
  withCommonOptions(
    program
      .command('join')
      .description('read a link from standard input, and forward what it leads to')
      .option('--trust-invite', TRUST_HELP)
      .option(
        '--local <port>',
        'local port to listen on (default: the same port if it is free)',
        needed('--local needs a port.'),
      ),
  ).action(startJoin);
  withCommonOptions(
    program
      .command('demo')
      .description('two engines, a web server and a real tunnel between them, on this computer')
      .option(
        '--seconds <n>',
        'how long the forward stays open (default: until Ctrl+C)',
        needed('--seconds needs a number.'),
      ),
  ).action(startDemo);
  return program;
}

interface ShareOptions extends CommonOptions, TrustOptions {
  readonly name?: string;
  readonly invite?: boolean;
}

async function startShare(target: string, options: ShareOptions): Promise<void> {
  await start(options, (reporter) => {
    const command = shareCommand({ target, name: options.name }, reporter);
    requireInvite(options);
    requireTrust(options);
    return command;
  });
}

function requireInvite({ invite }: ShareOptions): void {
  if (invite === true) return;
  const problem =
    'This version knows no paired devices yet, so nobody could use this share. Add --invite --trust-invite.';
  throw portholeError('E_USAGE', { problem });
}

async function startJoin(
  options: CommonOptions & TrustOptions & { local?: string },
): Promise<void> {
  await start(options, (reporter) => {
    requireTrust(options);
    return joinCommand({ local: options.local }, reporter);
  });
}

async function startDemo(options: CommonOptions & { seconds?: string }): Promise<void> {
  await start(options, (reporter) => demoCommand({ seconds: options.seconds }, reporter));
}

/** Only `--json`, or nothing at all, is no command. */
function requireCommand(program: Command): void {
  if (process.argv.slice(2).some((argument) => argument !== '--json')) return;
  if (!wantsJson) process.stderr.write(`${program.helpInformation()}\n`);
  throw portholeError('E_USAGE', { problem: 'Name a command: share, join or demo.' });
}

function failUsage(thrown: unknown): never {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) process.exit(0);
  const error = thrown instanceof CommanderError ? usageError(thrown) : toPortholeError(thrown);
  createReporter(wantsJson ? 'json' : 'sentences').error(error);
  process.exit(exitStatusOf(error.code));
}

/** Commander's message as a sentence. */
function usageError({ message }: CommanderError): PortholeError {
  const what = message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/\.$/, '');
  const problem = `Wrong usage: ${what}. porthole --help tells how to use it.`;
  return portholeError('E_USAGE', { problem });
}

tuneProcess();

try {
  const program = buildProgram();
  requireCommand(program);
  await program.parseAsync();
} catch (thrown) {
  failUsage(thrown);
}
