/** What the commands have in common that ask a Porthole something and print the answer. */
import type { PortholeApi } from '../shared/calls/api.ts';
import type { CallParams, CallResult } from '../shared/contract.ts';
import { portholeError } from '../shared/errors.ts';
import type { Reporter } from './reporter.ts';

export interface CommandIo {
  readonly reporter: Reporter;
  /** Aborted when the person ends the command. */
  readonly signal: AbortSignal;
}

/** Whether what is shown comes from a running Porthole, or from what one has stored. */
export type ViewSource = 'running' | 'stored';

/** Calls that tell nothing and take nothing meanwhile. */
type QuietCall =
  | 'connect'
  | 'disconnect'
  | 'forget'
  | 'grant'
  | 'pause'
  | 'resume'
  | 'revoke'
  | 'share'
  | 'status'
  | 'ui'
  | 'unshare';

interface Question<Name extends QuietCall> {
  readonly name: Name;
  readonly params: CallParams<Name>;
  readonly signal: AbortSignal;
}

export async function ask<Name extends QuietCall>(
  api: PortholeApi,
  { name, params, signal }: Question<Name>,
): Promise<CallResult<Name>> {
  return api.call<Name>(name, params, { signal, emit: () => undefined, nextInput: refuseInput });
}

/** For a call that takes no input. */
export async function refuseInput(): Promise<never> {
  throw portholeError('E_CONTROL', { reason: 'it asked for input' });
}

/** For people, beside what is stored. */
export function remarkStored(reporter: Reporter): void {
  reporter.remark('Porthole is not running for this data folder. This is what is stored.');
}
