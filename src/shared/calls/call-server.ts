/**
 * The answering end of one caller, over whatever carries messages. Who the caller is was settled
 * before.
 *
 * Invariant: a call says its last word once. When the caller goes, every call it has open is
 * aborted. Nothing reaches a handler that does not fit the contract.
 */
import type { CallName } from '../contract.ts';
import { toPortholeError } from '../errors.ts';
import type { PortholeError } from '../errors.ts';
import { CONTROL_CALLS_MAX, CONTROL_ANSWER_BYTES_MAX } from '../limits.ts';
import type { CallHandlers, CallTalk } from './api.ts';
import { InputQueue } from './input-queue.ts';
import { checkPart, misunderstood, parseMessage, RequestSchema, toWire } from './messages.ts';
import type { Reply, Request } from './messages.ts';

export interface CallServerOptions {
  /** Calls without a handler here are unknown. */
  readonly handlers: Partial<CallHandlers<CallName>>;
  send(message: string): void;
  /** A last message, then the caller is to be hung up on. */
  sendLast(message: string): void;
  /** A handler threw what is no PortholeError. */
  onFault(error: PortholeError): void;
}

/** A handler, its call forgotten: `checkPart` has made sure that they fit. */
type AnyHandler = (params: unknown, talk: CallTalk<CallName>) => Promise<unknown>;

interface OpenCall {
  readonly id: number;
  readonly name: CallName;
  readonly wish: { readonly signal: AbortSignal; abort(): void };
  readonly inputs: InputQueue<unknown>;
}

export class CallServer {
  readonly #options: CallServerOptions;
  readonly #calls = new Map<number, OpenCall>();

  constructor(options: CallServerOptions) {
    this.#options = options;
  }

  onMessage(message: string): void {
    const request = parseMessage(RequestSchema, message);
    if (request === undefined) return this.refuse(misunderstood('a line that is no request'));
    try {
      this.#onRequest(request);
    } catch (thrown) {
      this.#fail(request.id, toPortholeError(thrown));
    }
  }

  /** Tells the caller why, aborts what it has open, and hangs up. */
  refuse(error: PortholeError): void {
    this.close();
    this.#options.sendLast(JSON.stringify({ error: toWire(error) }));
  }

  /** The caller has gone. */
  close(): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { wish } of calls) wish.abort();
  }

  #onRequest(request: Request): void {
    if ('call' in request) return this.#onCall(request);
    const call = this.#calls.get(request.id);
    // It may just have ended.
    if (call === undefined) return;
    if ('input' in request) return call.inputs.push(checkPart(call.name, 'input', request.input));
    call.wish.abort();
  }

  #onCall({ id, call: name, params }: Extract<Request, { call: string }>): void {
    if (this.#calls.has(id)) return this.refuse(misunderstood('two calls of one number'));
    if (this.#calls.size >= CONTROL_CALLS_MAX) throw misunderstood('too many calls at once');
    if (!this.#isAnswered(name)) throw misunderstood('unknown call');
    const checked = checkPart(name, 'params', params);
    const wish = new AbortController();
    const call: OpenCall = { id, name, wish, inputs: new InputQueue(wish.signal) };
    this.#calls.set(id, call);
    void this.#answer(call, checked);
  }

  #isAnswered(name: string): name is CallName {
    return Object.hasOwn(this.#options.handlers, name);
  }

  async #answer(call: OpenCall, params: unknown): Promise<void> {
    const handler = this.#options.handlers[call.name] as AnyHandler;
    try {
      const result = await handler(params, this.#talkOf(call));
      if (this.#finish(call)) this.#send({ id: call.id, result });
    } catch (thrown) {
      const error = toPortholeError(thrown);
      if (error !== thrown && !call.wish.signal.aborted) this.#options.onFault(error);
      if (this.#calls.get(call.id) === call) this.#fail(call.id, error);
    }
  }

  #talkOf(call: OpenCall): CallTalk<CallName> {
    const { id, wish, inputs } = call;
    return {
      signal: wish.signal,
      emit: (event) => {
        if (this.#calls.get(id) === call) this.#send({ id, event });
      },
      nextInput: () => {
        if (this.#calls.get(id) === call) this.#send({ id, wants: 'input' });
        // The caller's talk has the type of its call.
        return inputs.next() as Promise<never>;
      },
    };
  }

  /** Whether the call was still open. */
  #finish(call: OpenCall): boolean {
    return this.#calls.get(call.id) === call && this.#calls.delete(call.id);
  }

  #fail(id: number, error: PortholeError): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    call?.wish.abort();
    this.#send({ id, error: toWire(error) });
  }

  #send(reply: Reply): void {
    const message = JSON.stringify(reply);
    if (utf8Length(message) <= CONTROL_ANSWER_BYTES_MAX) return this.#options.send(message);
    if ('id' in reply) this.#fail(reply.id, misunderstood('an answer that is too long'));
  }
}

/** Bytes of a text in UTF-8; surrogates come in pairs of two each. */
function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) bytes += 1;
    if (unit > 0x7_ff && (unit < 0xd8_00 || unit > 0xdf_ff)) bytes += 1;
  }
  return bytes;
}
