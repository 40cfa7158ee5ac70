/**
 * The bridge of a page in a browser: a WebSocket to the daemon that served it.
 *
 * Invariant: at most one socket is open; the token is told to the host that served the page and to
 * nobody else, and is in no address.
 */
import { CallClient } from '../../shared/calls/call-client.ts';
import type { CallTalk, PortholeApi } from '../../shared/calls/api.ts';
import type { CallName, CallParams, CallResult } from '../../shared/contract.ts';
import { portholeError } from '../../shared/errors.ts';
import {
  PAGE_RECONNECT_FIRST_MS,
  PAGE_RECONNECT_MAX_MS,
  WEB_CLOSE_REFUSED,
} from '../../shared/page-limits.ts';
import { Store } from '../state/store.ts';
import type { Bridge, Connection } from './bridge.ts';

/** The part of a WebSocket that is used; `ws` of the tests has it too. */
export type Socket = Pick<WebSocket, 'addEventListener' | 'send' | 'close'>;

export interface SocketBridgeOptions {
  /** `undefined` when the page was opened without one. */
  readonly token: string | undefined;
  open(): Socket;
  /** Calls once later; returns how to cancel. */
  after(ms: number, callback: () => void): () => void;
}

export class SocketBridge implements Bridge {
  readonly connection = new Store<Connection>({ kind: 'connecting' });
  readonly api: PortholeApi<CallName>;
  readonly #options: SocketBridgeOptions;
  #client: CallClient | undefined;
  #socket: Socket | undefined;
  #cancelRetry: () => void = () => {};
  #failures = 0;

  constructor(options: SocketBridgeOptions) {
    this.#options = options;
    this.api = {
      call: <Name extends CallName>(
        name: Name,
        params: CallParams<Name>,
        talk: CallTalk<Name>,
      ): Promise<CallResult<Name>> =>
        this.#client?.call(name, params, talk) ?? Promise.reject(portholeError('E_NO_DAEMON')),
    };
    if (options.token === undefined) this.connection.set({ kind: 'refused' });
    else this.#connect(options.token);
  }

  close(): void {
    this.#cancelRetry();
    this.#socket?.close();
  }

  #connect(token: string): void {
    const socket = this.#options.open();
    this.#socket = socket;
    socket.addEventListener('open', () => socket.send(JSON.stringify({ token })));
    socket.addEventListener('message', ({ data }) => this.#onMessage(socket, String(data)));
    // An error says nothing; its end follows.
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', ({ code }) => this.#onClose(socket, code, token));
  }

  #onMessage(socket: Socket, message: string): void {
    if (socket !== this.#socket) return;
    if (this.#client !== undefined) return this.#client.onMessage(message);
    // Anything else is not from a Porthole of this version.
    if (message !== '{"ready":true}') return socket.close();
    this.#failures = 0;
    this.#client = new CallClient({
      send: (text) => socket.send(text),
      onRefused: () => socket.close(),
    });
    this.connection.set({ kind: 'ready' });
  }

  #onClose(socket: Socket, code: number, token: string): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    const client = this.#client;
    this.#client = undefined;
    const isRefused = code === WEB_CLOSE_REFUSED;
    this.connection.set(isRefused ? { kind: 'refused' } : { kind: 'lost' });
    client?.close();
    if (isRefused) return;
    const wait = Math.min(PAGE_RECONNECT_FIRST_MS * 2 ** this.#failures, PAGE_RECONNECT_MAX_MS);
    this.#failures += 1;
    this.#cancelRetry = this.#options.after(wait, () => this.#connect(token));
  }
}
