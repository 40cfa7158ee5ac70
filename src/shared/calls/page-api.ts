/**
 * What the preload script of the desktop app gives to its page, and what the page makes of it: a
 * function for each call of the contract, and nothing else. Only plain values, functions and promises cross
 * Electron's context bridge, so errors come as values and aborting is a function.
 */
import { CONTRACT } from '../contract.ts';
import type { CallEvent, CallInput, CallName, CallParams, CallResult } from '../contract.ts';
import { toError, toPortholeError } from '../errors.ts';
import type { CallTalk, PortholeApi } from './api.ts';
import { InputQueue } from './input-queue.ts';
import { fromWire } from './messages.ts';
import { OpenCall } from './open-call.ts';

type CallOutcome<Name extends CallName> =
  | { readonly ok: true; readonly value: CallResult<Name> }
  | { readonly ok: false; readonly code: string; readonly message: string };

interface CallListener<Name extends CallName> {
  onEvent(event: CallEvent<Name>): void;
  /** An input is wanted; `answer` gives it. */
  onWanted(): void;
}

interface RunningCall<Name extends CallName> {
  /** Never rejects. */
  readonly outcome: Promise<CallOutcome<Name>>;
  answer(input: CallInput<Name>): void;
  cancel(): void;
}

/** `window.porthole` in the desktop app. */
export type PageApi = {
  readonly [Name in CallName]: (
    params: CallParams<Name>,
    listener: CallListener<Name>,
  ) => RunningCall<Name>;
};

/** What the preload script gives to the page: the calls of `client`, and nothing else of it. */
export function exposeCalls(client: PortholeApi<CallName>): PageApi {
  const names = Object.keys(CONTRACT) as CallName[];
  const calls = names.map((name) => [name, exposeCall(client, name)] as const);
  // Each function was made for the name it stands under.
  return Object.fromEntries(calls) as unknown as PageApi;
}

function exposeCall<Name extends CallName>(client: PortholeApi<CallName>, name: Name) {
  return (params: CallParams<Name>, listener: CallListener<Name>): RunningCall<Name> => {
    const wish = new AbortController();
    const inputs = new InputQueue<CallInput<Name>>(wish.signal);
    const result = client.call(name, params, {
      signal: wish.signal,
      emit: (event) => listener.onEvent(event),
      nextInput: () => {
        listener.onWanted();
        return inputs.next();
      },
    });
    return {
      outcome: outcomeOf(result),
      answer: (input) => inputs.push(input),
      cancel: () => wish.abort(),
    };
  };
}

async function outcomeOf<Name extends CallName>(
  result: Promise<CallResult<Name>>,
): Promise<CallOutcome<Name>> {
  try {
    return { ok: true, value: await result };
  } catch (thrown) {
    const { code, message } = toPortholeError(thrown);
    return { ok: false, code, message };
  }
}

/** The calls of a page's `window.porthole`, as any other answerer's. */
export function apiOfPage(page: PageApi): PortholeApi<CallName> {
  return {
    call: async (name, params, talk) => {
      if (talk.signal.aborted) throw toError(talk.signal.reason);
      return await callOf(page, name, { params, talk });
    },
  };
}

interface PageCall<Name extends CallName> {
  readonly params: CallParams<Name>;
  readonly talk: CallTalk<Name>;
}

function callOf<Name extends CallName>(
  page: PageApi,
  name: Name,
  { params, talk }: PageCall<Name>,
): Promise<CallResult<Name>> {
  let running: RunningCall<Name> | undefined;
  const call = new OpenCall<Name>({ name, talk, onGivenUp: () => running?.cancel() });
  running = page[name](params, {
    onEvent: (event) => call.onEvent(event),
    onWanted: () => call.onWanted((input) => running?.answer(input)),
  });
  void settle(call, running.outcome);
  return call.result;
}

async function settle<Name extends CallName>(
  call: OpenCall<Name>,
  outcome: Promise<CallOutcome<Name>>,
): Promise<void> {
  try {
    const ended = await outcome;
    if (ended.ok) call.onResult(ended.value);
    else call.onError(fromWire(ended));
  } catch (thrown) {
    // The page is going away, and the bridge with it.
    call.onError(toError(thrown));
  }
}
