/** Calls answered by the handlers of this very process, as a control socket would pass them on. */
import type { CallInput, CallName, CallParams, CallResult } from '../contract.ts';
import { toError, toPortholeError } from '../errors.ts';
import type { CallHandlers, CallTalk, PortholeApi } from './api.ts';
import { InputQueue } from './input-queue.ts';
import { OpenCall } from './open-call.ts';
import { checkPart } from './messages.ts';

/** See the module header; errors, checks and aborts are those of a `ControlClient`. */
export function localApi<Names extends CallName>(
  handlers: CallHandlers<Names>,
): PortholeApi<Names> {
  return {
    call: async (name, params, talk) => {
      if (talk.signal.aborted) throw toError(talk.signal.reason);
      const wish = new AbortController();
      const call = new OpenCall({ name, talk, onGivenUp: () => wish.abort() });
      void answer({ handlers, name, params, call, wish });
      return call.result;
    },
  };
}

interface LocalCall<Name extends CallName> {
  readonly handlers: CallHandlers<Name>;
  readonly name: Name;
  readonly params: CallParams<Name>;
  readonly call: OpenCall<Name>;
  readonly wish: AbortController;
}

async function answer<Name extends CallName>(local: LocalCall<Name>): Promise<void> {
  const { handlers, name, params, call, wish } = local;
  const inputs = new InputQueue<CallInput<Name>>(wish.signal);
  const talk: CallTalk<Name> = {
    signal: wish.signal,
    emit: (event) => call.onEvent(event),
    nextInput: () => {
      call.onWanted((input) => inputs.push(input));
      return inputs.next();
    },
  };
  try {
    const handler: Handler<Name> = handlers[name];
    call.onResult(await handler(checkPart(name, 'params', params), talk));
  } catch (thrown) {
    call.onError(toPortholeError(thrown));
  }
}

type Handler<Name extends CallName> = (
  params: CallParams<Name>,
  talk: CallTalk<Name>,
) => Promise<CallResult<Name>>;
