/**
 * One client of the control socket, as the answering process sees it.
 *
 * Invariant: nothing is answered before the client has shown the token. When the client goes, for
 * whatever reason, every call it has open is aborted.
 */
import type { Socket } from 'node:net';
import type { EngineHandlers } from '../shared/calls/api.ts';
import { CallServer } from '../shared/calls/call-server.ts';
import { parseMessage } from '../shared/calls/messages.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';
import type { PortholeError } from '../shared/errors.ts';
import { CONTROL_GREETING_BYTES_MAX, CONTROL_GREETING_MS } from '../shared/limits.ts';
import { LineSocket } from './line-socket.ts';
import { isSameSecret, NonceSchema, proofOf, TokenSchema } from './wire.ts';

export interface ServerConnectionOptions {
  readonly token: string;
  readonly handlers: EngineHandlers;
  readonly clock: Clock;
  /** A handler threw what is no PortholeError. */
  readonly onFault: (error: PortholeError) => void;
  readonly onClose: () => void;
}

type State = 'new' | 'proved' | 'trusted' | 'leaving';

export class ServerConnection {
  readonly #options: ServerConnectionOptions;
  readonly #lines: LineSocket;
  readonly #calls: CallServer;
  #state: State = 'new';
  #cancelTimer: CancelTimer;

  constructor(socket: Socket, options: ServerConnectionOptions) {
    this.#options = options;
    this.#lines = new LineSocket(socket, CONTROL_GREETING_BYTES_MAX, {
      onLine: (line) => this.#onLine(line),
      onClose: () => this.#onClose(),
    });
    this.#calls = new CallServer({
      handlers: options.handlers,
      send: (message) => this.#lines.write(`${message}\n`),
      sendLast: (message) => this.#leave(message),
      onFault: options.onFault,
    });
    this.#cancelTimer = this.#cutLater();
  }

  /** Tells the client why, aborts what it has open, and hangs up. */
  refuse(error: PortholeError): void {
    this.#calls.refuse(error);
  }

  cut(): void {
    this.#lines.cut();
  }

  #cutLater(): CancelTimer {
    return this.#options.clock.after(CONTROL_GREETING_MS, () => this.#lines.cut());
  }

  #onClose(): void {
    this.#cancelTimer();
    this.#calls.close();
    this.#options.onClose();
  }

  #leave(message: string): void {
    this.#state = 'leaving';
    this.#cancelTimer();
    this.#cancelTimer = this.#cutLater();
    this.#lines.end(`${message}\n`);
  }

  #onLine(line: string): void {
    switch (this.#state) {
      case 'new':
        return this.#onNonce(line);
      case 'proved':
        return this.#onToken(line);
      case 'trusted':
        return this.#calls.onMessage(line);
      case 'leaving':
        return;
    }
  }

  // ── Greeting ──────────────────────────────────────────────────────────────────────────────────

  #onNonce(line: string): void {
    const message = parseMessage(NonceSchema, line);
    if (message === undefined) return this.#lines.cut();
    this.#state = 'proved';
    const proof = proofOf(this.#options.token, message.nonce);
    this.#lines.write(`${JSON.stringify({ proof })}\n`);
  }

  #onToken(line: string): void {
    const message = parseMessage(TokenSchema, line);
    if (message === undefined || !isSameSecret(message.token, this.#options.token)) {
      return this.#lines.cut();
    }
    this.#cancelTimer();
    this.#state = 'trusted';
    this.#lines.allowLongLines();
  }
}
