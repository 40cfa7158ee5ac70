/** `porthole logs`: what happened lately, and with `-f` what happens from now on. */
import type { PortholeApi } from '../shared/calls/api.ts';
import type { LogEntry } from '../shared/contract.ts';
import { printable } from '../shared/printable.ts';
import { refuseInput } from './ask.ts';
import type { CommandIo } from './ask.ts';
import type { Reporter } from './reporter.ts';
import { formatStamp } from './when.ts';

const NOTHING = 'No activity yet.';

export interface LogsArguments {
  /** `cancelled`: goes on until the person ends the command. */
  readonly until: 'now' | 'cancelled';
}

/** With `until: 'cancelled'` rejects with the reason of the signal when it aborts. */
export async function logsCommand(
  api: PortholeApi,
  { until }: LogsArguments,
  { reporter, signal }: CommandIo,
): Promise<void> {
  let shown = 0;
  const emit = (entry: LogEntry): void => {
    shown++;
    showEntry(entry, reporter);
  };
  await api.call('logs', { until }, { signal, emit, nextInput: refuseInput });
  if (shown === 0) reporter.remark(NOTHING);
}

function showEntry({ at, level, text }: LogEntry, reporter: Reporter): void {
  const line = `${formatStamp(at)}  ${level.padEnd('error'.length)}  ${printable(text)}`;
  reporter.event('log', { at, level, text }, line);
}
