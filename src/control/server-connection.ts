/**
 * One client of the control socket, as the answering process sees it.
 *
 * Invariant: nothing is answered before the client has shown the token. When the client goes, for
 * whatever reason, every call it has open is aborted; a call says its last word once.
 */
import type { Socket } from 'node:net';
import type { CancelTimer, Clock } from '../shared/clock.ts';
import type { CallName } from '../shared/contract.ts';
import { toPortholeError } from '../shared/errors.ts';
import type { PortholeError } from '../shared/errors.ts';
import {
  CONTROL_CALLS_MAX,
  CONTROL_GREETING_BYTES_MAX,
  CONTROL_GREETING_MS,
  CONTROL_LINE_BYTES_MAX,
} from '../shared/limits.ts';
import type { CallHandlers, CallTalk } from './api.ts';
import { InputQueue } from './input-queue.ts';
import { LineSocket } from './line-socket.ts';
import {
  checkPart,
  formatLine,
  isCallName,
  isSameSecret,
  misunderstood,
  NonceSchema,
  parseLine,
  proofOf,
  RequestSchema,
  TokenSchema,
  toWire,
} from './wire.ts';
import type { Reply, Request } from './wire.ts';

export interface ServerConnectionOptions {
  readonly token: string;
  readonly handlers: CallHandlers;
  readonly clock: Clock;
  /** A handler threw what is no PortholeError. */
  readonly onFault: (error: PortholeError) => void;
  readonly onClose: () => void;
}

/** A handler, its call forgotten: `checkPart` has made sure that they fit. */
type AnyHandler = (params: unknown, talk: CallTalk<CallName>) => Promise<unknown>;

interface OpenCall {
  readonly id: number;
  readonly name: CallName;
  readonly wish: AbortController;
  readonly inputs: InputQueue<unknown>;
}

type State = 'new' | 'proved' | 'trusted' | 'leaving';

export class ServerConnection {
  readonly #options: ServerConnectionOptions;
  readonly #lines: LineSocket;
  readonly #calls = new Map<number, OpenCall>();
  #state: State = 'new';
  #cancelTimer: CancelTimer;

  constructor(socket: Socket, options: ServerConnectionOptions) {
    this.#options = options;
    this.#lines = new LineSocket(socket, CONTROL_GREETING_BYTES_MAX, {
      onLine: (line) => this.#onLine(line),
      onClose: () => this.#onClose(),
    });
    this.#cancelTimer = this.#cutLater();
  }

  /** Tells the client why, aborts what it has open, and hangs up. */
  refuse(error: PortholeError): void {
    this.#send({ error: toWire(error) }, 'last');
  }

  cut(): void {
    this.#lines.cut();
  }

  #cutLater(): CancelTimer {
    return this.#options.clock.after(CONTROL_GREETING_MS, () => this.#lines.cut());
  }

  #onClose(): void {
    this.#cancelTimer();
    this.#abortAll();
    this.#options.onClose();
  }

  #abortAll(): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { wish } of calls) wish.abort();
  }

  #onLine(line: string): void {
    switch (this.#state) {
      case 'new':
        return this.#onNonce(line);
      case 'proved':
        return this.#onToken(line);
      case 'trusted':
        return this.#onRequestLine(line);
      case 'leaving':
        return;
    }
  }

  // ── Greeting ──────────────────────────────────────────────────────────────────────────────────

  #onNonce(line: string): void {
    const message = parseLine(NonceSchema, line);
    if (message === undefined) return this.#lines.cut();
    this.#state = 'proved';
    this.#lines.write(formatLine({ proof: proofOf(this.#options.token, message.nonce) }));
  }

  #onToken(line: string): void {
    const message = parseLine(TokenSchema, line);
    if (message === undefined || !isSameSecret(message.token, this.#options.token)) {
      return this.#lines.cut();
    }
    this.#cancelTimer();
    this.#state = 'trusted';
    this.#lines.allowLongLines();
  }

  // ── Calls ─────────────────────────────────────────────────────────────────────────────────────

  #onRequestLine(line: string): void {
    const request = parseLine(RequestSchema, line);
    if (request === undefined) return this.refuse(misunderstood('a line that is no request'));
    try {
      this.#onRequest(request);
    } catch (thrown) {
      this.#fail(request.id, toPortholeError(thrown));
    }
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
    if (!isCallName(name)) throw misunderstood('unknown call');
    const checked = checkPart(name, 'params', params);
    const wish = new AbortController();
    const call: OpenCall = { id, name, wish, inputs: new InputQueue(wish.signal) };
    this.#calls.set(id, call);
    void this.#answer(call, checked);
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

  #send(reply: Reply, turn: 'more' | 'last' = 'more'): void {
    const line = formatLine(reply);
    if (turn === 'last') {
      this.#state = 'leaving';
      this.#cancelTimer();
      this.#cancelTimer = this.#cutLater();
      this.#abortAll();
      return this.#lines.end(line);
    }
    if (Buffer.byteLength(line) <= CONTROL_LINE_BYTES_MAX) return this.#lines.write(line);
    if ('id' in reply) this.#fail(reply.id, misunderstood('an answer that is too long'));
  }
}
