/**
 * The life of one command: runs it, ends it on Ctrl+C or SIGTERM, or when the demo that started it is
 * gone, reports how it failed, and leaves nothing behind.
 *
 * Invariant: the process ends within a second of the wish to end, whatever does not answer.
 */
import { releaseEngine } from '../engine/engine.ts';
import { toError, toPortholeError } from '../shared/errors.ts';
import { EXIT_DEADLINE_MS } from '../shared/limits.ts';
import { exitStatusOf } from './exit-status.ts';
import type { ExitStatus } from './exit-status.ts';
import type { Reporter } from './reporter.ts';

/** SIGHUP too: closing the terminal is a wish to end, unless a server takes it to mean something else. */
const END_SIGNALS = {
  command: ['SIGINT', 'SIGTERM', 'SIGHUP'],
  server: ['SIGINT', 'SIGTERM'],
} as const;

/** A command works until it is done, fails, or `signal` aborts; then it closes all it opened. */
export type Command = (signal: AbortSignal) => Promise<void>;

/** Runs a command and ends the process with its status. */
export async function runCommand(
  reporter: Reporter,
  command: Command,
  kind: keyof typeof END_SIGNALS = 'command',
): Promise<never> {
  const wish = new AbortController();
  for (const name of END_SIGNALS[kind]) process.on(name, () => onEndSignal(wish));
  // Whoever started this with an IPC channel, as the demo does, takes it along, even when killed.
  if (process.connected) process.once('disconnect', () => endSoon(wish));
  // Whoever read it has gone: nobody is left to tell.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => endSoon(wish));
  const status = await statusOf(reporter, () => command(wish.signal));
  releaseEngine();
  return process.exit(status);
}

function onEndSignal(wish: AbortController): void {
  if (wish.signal.aborted) process.exit(1);
  endSoon(wish);
}

function endSoon(wish: AbortController): void {
  setTimeout(() => process.exit(0), EXIT_DEADLINE_MS).unref();
  wish.abort();
}

async function statusOf(reporter: Reporter, command: () => Promise<void>): Promise<ExitStatus> {
  try {
    await command();
    return 0;
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'AbortError') return 0;
    const error = toPortholeError(thrown);
    reporter.error(error);
    if (error.code === 'E_INTERNAL') reporter.remark(toError(error.cause ?? error).stack ?? '');
    return exitStatusOf(error.code);
  }
}
