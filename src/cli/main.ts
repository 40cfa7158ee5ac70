#!/usr/bin/env node
/** The `porthole` command: reads the arguments, and hands over to one command. */
import { CommanderError } from 'commander';
import { portholeError, toPortholeError } from '../shared/errors.ts';
import type { PortholeError } from '../shared/errors.ts';
import { exitStatusOf } from './exit-status.ts';
import { buildProgram } from './program.ts';
import { createReporter } from './reporter.ts';
import { tuneProcess } from './tune-process.ts';

const wantsJson = process.argv.includes('--json');

/** Only `--json`, or nothing at all, is no command. */
function requireCommand(help: () => string): void {
  if (process.argv.slice(2).some((argument) => argument !== '--json')) return;
  if (!wantsJson) process.stderr.write(`${help()}\n`);
  const problem = 'Name a command, such as share, join or up.';
  throw portholeError('E_USAGE', { problem });
}

function failUsage(thrown: unknown): never {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) process.exit(0);
  const error = thrown instanceof CommanderError ? usageError(thrown) : toPortholeError(thrown);
  createReporter(wantsJson ? 'json' : 'sentences').error(error);
  process.exit(exitStatusOf(error.code));
}

/** Commander's message as a sentence. */
function usageError({ message }: CommanderError): PortholeError {
  if (message.includes("too many arguments for 'join'")) {
    const problem =
      'A link never goes in an argument, where others can see it: run porthole join, and paste it.';
    return portholeError('E_USAGE', { problem });
  }
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
  requireCommand(() => program.helpInformation());
  await program.parseAsync();
} catch (thrown) {
  failUsage(thrown);
}
