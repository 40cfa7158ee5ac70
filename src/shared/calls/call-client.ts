/**
 * The calling end over whatever carries messages.
 *
 * Invariant: every call settles; when the way to the other end closes, all that are open reject.
 */
import type { CallName, CallParams, CallResult } from '../contract.ts';
import { portholeError, toError } from '../errors.ts';
import type { PortholeError } from '../errors.ts';
import { CONTROL_LINE_BYTES_MAX } from '../limits.ts';
import type { CallTalk, PortholeApi } from './api.ts';
import { checkPart, fromWire, misunderstood, parseMessage, ReplySchema } from './messages.ts';
import type { Reply } from './messages.ts';
import { OpenCall } from './open-call.ts';

export interface CallClientOptions {
  send(message: string): void;
  /** The other end has turned this one away, or says what cannot be understood: hang up. */
  onRefused(cause: PortholeError): void;
}

export class CallClient implements PortholeApi<CallName> {
  readonly #options: CallClientOptions;
  readonly #calls = new Map<number, OpenCall<CallName>>();
  #nextId = 1;
  #closed: PortholeError | undefined;

  constructor(options: CallClientOptions) {
    this.#options = options;
  }

  /** Rejects with what `close` was told when the way closes, or has closed, before the answer. */
  async call<Name extends CallName>(
    name: Name,
    params: CallParams<Name>,
    talk: CallTalk<Name>,
  ): Promise<CallResult<Name>> {
    if (talk.signal.aborted) throw toError(talk.signal.reason);
    if (this.#closed !== undefined) throw this.#closed;
    const id = this.#nextId++;
    const message = JSON.stringify({ id, call: name, params: checkPart(name, 'params', params) });
    if (message.length > CONTROL_LINE_BYTES_MAX) throw misunderstood('too much at once');
    const call = new OpenCall({ name, talk, onGivenUp: () => this.#giveUp(id) });
    // Nothing below looks at the type of a call before it was checked against its name.
    this.#calls.set(id, call as unknown as OpenCall<CallName>);
    this.#options.send(message);
    return call.result;
  }

  onMessage(message: string): void {
    const reply = parseMessage(ReplySchema, message);
    if (reply === undefined) this.#options.onRefused(misunderstood('a line that is no answer'));
    else this.#onReply(reply);
  }

  /** Open calls reject; nothing can be called any more. */
  close(cause: PortholeError = portholeError('E_NO_DAEMON')): void {
    this.#closed ??= cause;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.onError(this.#closed);
  }

  #giveUp(id: number): void {
    if (this.#calls.delete(id)) this.#options.send(JSON.stringify({ id, cancel: true }));
  }

  #onReply(reply: Reply): void {
    if (!('id' in reply)) return this.#options.onRefused(fromWire(reply.error));
    const { id } = reply;
    const call = this.#calls.get(id);
    // It was given up.
    if (call === undefined) return;
    if ('event' in reply) return call.onEvent(reply.event);
    if ('wants' in reply) {
      return call.onWanted((input) => this.#options.send(JSON.stringify({ id, input })));
    }
    this.#calls.delete(id);
    if ('error' in reply) return call.onError(fromWire(reply.error));
    call.onResult(reply.result);
  }
}
