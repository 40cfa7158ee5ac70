/**
 * One page of the web UI, as the answering process sees it, over its WebSocket. The first message
 * shows the token, `{"token":"…"}`; then the page hears `{"ready":true}`, and calls begin
 * (shared/calls/messages.ts), one message of theirs in one of the WebSocket.
 *
 * Invariant: nothing is answered before the page has shown the token. When the page goes, every call it
 * has open is aborted. A page that does not read is cut.
 */
import type { RawData, WebSocket } from 'ws';
import type { CallHandlers } from '../../shared/calls/api.ts';
import { CallServer } from '../../shared/calls/call-server.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import type { CallName } from '../../shared/contract.ts';
import type { PortholeError } from '../../shared/errors.ts';
import {
  CONTROL_OUTPUT_BYTES_MAX,
  WEB_UI_GOODBYE_MS,
  WEB_UI_GREETING_MS,
} from '../../shared/limits.ts';
import { WEB_CLOSE_REFUSED, WEB_CLOSE_TOKEN_LATE } from '../../shared/page-limits.ts';
import type { TokenJudge } from './token-judge.ts';

/** Close codes (RFC 6455 §7.4); those of 4xxx are ours, the page knows them. */
const CLOSE_CODES = {
  misunderstood: 1008,
  binary: 1003,
  full: 1013,
  wrongToken: WEB_CLOSE_REFUSED,
  noToken: WEB_CLOSE_TOKEN_LATE,
} as const;

export interface PageConnectionOptions {
  readonly judge: TokenJudge;
  readonly handlers: CallHandlers<CallName>;
  readonly clock: Clock;
  /** Whether there is room for one more page. */
  readonly hasRoom: () => boolean;
  /** A handler threw what is no PortholeError. */
  readonly onFault: (error: PortholeError) => void;
  readonly onClose: () => void;
}

/** `judged`: it waits for the verdict on its token. */
type State = 'new' | 'judged' | 'trusted' | 'leaving';

export class PageConnection {
  readonly #socket: WebSocket;
  readonly #options: PageConnectionOptions;
  readonly #calls: CallServer;
  #state: State = 'new';
  #cancelTimer: CancelTimer;
  #cancelVerdict: CancelTimer = () => {};

  constructor(socket: WebSocket, options: PageConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#calls = new CallServer({
      handlers: options.handlers,
      send: (message) => this.#send(message),
      sendLast: (message) => {
        this.#send(message);
        this.#leave('misunderstood');
      },
      onFault: options.onFault,
    });
    this.#cancelTimer = options.clock.after(WEB_UI_GREETING_MS, () => this.#leave('noToken'));
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    // No page can send one, and each would be answered.
    socket.on('ping', () => this.cut());
    // `close` comes right behind.
    socket.on('error', () => {});
    socket.once('close', () => this.#onClose());
  }

  get isTrusted(): boolean {
    return this.#state === 'trusted';
  }

  cut(): void {
    this.#socket.terminate();
  }

  #send(message: string): void {
    this.#socket.send(message);
    if (this.#socket.bufferedAmount > CONTROL_OUTPUT_BYTES_MAX) this.cut();
  }

  #leave(why: keyof typeof CLOSE_CODES): void {
    this.#state = 'leaving';
    this.#cancelTimer();
    this.#cancelVerdict();
    this.#calls.close();
    this.#cancelTimer = this.#options.clock.after(WEB_UI_GOODBYE_MS, () => this.cut());
    this.#socket.close(CLOSE_CODES[why]);
  }

  #onClose(): void {
    this.#state = 'leaving';
    this.#cancelTimer();
    this.#cancelVerdict();
    this.#calls.close();
    this.#options.onClose();
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#state === 'leaving') return;
    if (isBinary || !Buffer.isBuffer(data)) return this.#leave('binary');
    const message = data.toString('utf8');
    switch (this.#state) {
      case 'new':
        return this.#onGreeting(message);
      case 'judged':
        return this.#leave('wrongToken');
      case 'trusted':
        return this.#calls.onMessage(message);
    }
  }

  #onGreeting(message: string): void {
    this.#state = 'judged';
    this.#cancelVerdict = this.#options.judge.judge(message, (verdict) => {
      if (verdict === 'wrong') return this.#leave('wrongToken');
      if (!this.#options.hasRoom()) return this.#leave('full');
      this.#cancelTimer();
      this.#state = 'trusted';
      this.#send('{"ready":true}');
    });
  }
}
