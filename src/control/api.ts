/**
 * How calls of the contract are made and answered, whichever process answers them.
 *
 * Invariant: a caller cannot tell an engine of its own process from one behind a control socket.
 */
import type { CallEvent, CallInput, CallName, CallParams, CallResult } from '../shared/contract.ts';

/** The talk that goes with a call while it runs. */
export interface CallTalk<Name extends CallName> {
  /** Aborted when the caller has gone or changed its mind. */
  readonly signal: AbortSignal;
  emit(event: CallEvent<Name>): void;
  /** The next thing the caller says; rejects when `signal` aborts. */
  nextInput(): Promise<CallInput<Name>>;
}

/** Answers the calls; a missing or wrongly typed handler does not compile. */
export type CallHandlers = {
  readonly [Name in CallName]: (
    params: CallParams<Name>,
    talk: CallTalk<Name>,
  ) => Promise<CallResult<Name>>;
};

/** Whatever answers calls: the engine of this process, or another process over its control socket. */
export interface PortholeApi {
  call<Name extends CallName>(
    name: Name,
    params: CallParams<Name>,
    talk: CallTalk<Name>,
  ): Promise<CallResult<Name>>;
}
