/**
 * How calls of the contract are made and answered, whoever answers them and whatever lies between.
 *
 * Invariant: a caller cannot tell an engine of its own process from one behind a control socket, a
 * WebSocket or Electron's IPC.
 */
import type {
  CallEvent,
  CallInput,
  CallName,
  CallParams,
  CallResult,
  EngineCallName,
  ShellCallName,
} from '../contract.ts';

/** The talk that goes with a call while it runs. */
export interface CallTalk<Name extends CallName> {
  /** Aborted when the caller has gone or changed its mind. */
  readonly signal: AbortSignal;
  emit(event: CallEvent<Name>): void;
  /** The next thing the caller says; rejects when `signal` aborts. */
  nextInput(): Promise<CallInput<Name>>;
}

/** Answers calls; a missing or wrongly typed handler does not compile. */
export type CallHandlers<Names extends CallName> = {
  readonly [Name in Names]: (
    params: CallParams<Name>,
    talk: CallTalk<Name>,
  ) => Promise<CallResult<Name>>;
};
export type EngineHandlers = CallHandlers<EngineCallName>;
export type ShellHandlers = CallHandlers<ShellCallName>;

/** Whatever answers calls. A name it has no answer for rejects with E_CONTROL. */
export interface PortholeApi<Names extends CallName = EngineCallName> {
  call<Name extends Names>(
    name: Name,
    params: CallParams<Name>,
    talk: CallTalk<Name>,
  ): Promise<CallResult<Name>>;
}
