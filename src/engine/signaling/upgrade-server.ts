/**
 * The guarded door of every signaling server, embedded or stand-alone: HTTP that becomes WebSocket
 * for those the owner of the door admits.
 *
 * Invariant: connections, headers and waiting time are bounded, in all and per address, before the
 * owner is asked; no web page gets in (an upgrade with an `Origin` header never does); whoever is
 * turned away gets a bare HTTP status with the time of day, and a closed socket.
 */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { type WebSocket, WebSocketServer } from 'ws';

import type { Clock } from '../../shared/clock.ts';
import {
  SIGNALING_FIRST_MESSAGE_MS,
  SIGNALING_HEADER_BYTES_MAX,
  SIGNALING_TCP_PER_CONNECTION,
} from '../../shared/limits.ts';
import { AddressCounter } from './address-counter.ts';
import { WEBSOCKET_OPTIONS } from './websocket-channel.ts';

/** A certificate with its chain, and its key, as PEM. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Whose address counts: `direct`, that of the connection; `forwarded`, behind a reverse proxy on
 * the same computer, the last one of `X-Forwarded-For`.
 */
export type AddressSource = 'direct' | 'forwarded';

/** What the owner of the door says to one who wants in. */
export type Admission =
  | { readonly kind: 'refused'; readonly status: number }
  /** Gets the open WebSocket in the same turn, unless the upgrade is malformed. */
  | { readonly kind: 'admitted'; onOpen(socket: WebSocket): void };

/** A bare status, or JSON with it. */
export interface Answer {
  readonly status: number;
  readonly json?: Readonly<Record<string, string | number>>;
}

export interface UpgradeServerOptions {
  readonly clock: Clock;
  /** WebSockets at once. */
  readonly connectionsMax: number;
  /** WebSockets at once from one address. */
  readonly connectionsPerAddressMax: number;
  /** Largest message, bytes. */
  readonly messageBytesMax: number;
  readonly addresses: AddressSource;
  /** With one it speaks TLS. */
  readonly certificate: Certificate | undefined;
  /** Judges an upgrade; asked before the limits, told of what they refuse by `onRefused`. */
  judge(path: string, address: string): Admission;
  /** Answers a request that is no upgrade. */
  answer(request: IncomingMessage): Answer;
  onRefused?(status: number): void;
}

/** See the module header. */
export class UpgradeServer {
  readonly #options: UpgradeServerOptions;
  readonly #http: Server | SecureServer;
  readonly #upgrader: WebSocketServer;
  readonly #sockets = new Set<Socket>();
  readonly #webSockets = new Set<WebSocket>();
  readonly #connecting: AddressCounter;
  readonly #connected: AddressCounter;

  /** Throws what TLS says when the certificate cannot be used. */
  constructor(options: UpgradeServerOptions) {
    const { connectionsMax, connectionsPerAddressMax, addresses } = options;
    this.#options = options;
    // Behind a proxy all come from one address until their headers are read.
    const perAddress = addresses === 'direct' ? connectionsPerAddressMax : connectionsMax;
    this.#connecting = new AddressCounter(perAddress * SIGNALING_TCP_PER_CONNECTION);
    this.#connected = new AddressCounter(connectionsPerAddressMax);
    this.#upgrader = new WebSocketServer({
      ...WEBSOCKET_OPTIONS,
      maxPayload: options.messageBytesMax,
      noServer: true,
      clientTracking: false,
    });
    this.#http = createHttp(options.certificate);
    this.#http.maxConnections = connectionsMax * SIGNALING_TCP_PER_CONNECTION;
    this.#http.on('connection', (socket) => this.#onSocket(socket));
    this.#http.on('request', (request, response) => send(response, options.answer(request)));
    this.#http.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
  }

  /** Rejects with what the system says when the address cannot be had. `undefined`: all of them. */
  async listen(port: number, host: string | undefined): Promise<void> {
    const http = this.#http;
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject);
      http.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        http.off('error', reject);
        // Running out of descriptors later must not end the process; it ends that connection.
        http.on('error', () => {});
        resolve();
      });
    });
  }

  /** The TCP port it listens on. */
  get port(): number {
    const address = this.#http.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  /** WebSockets open now. */
  get connections(): number {
    return this.#connected.total;
  }

  /** For connections from now on. Throws what TLS says, and keeps the old one then. */
  setCertificate(certificate: Certificate): void {
    if ('setSecureContext' in this.#http) this.#http.setSecureContext(certificate);
  }

  /** Stops listening and ends all connections; `graceMs` for goodbyes, 0 for none. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    if (graceMs > 0) await this.#sayGoodbye(graceMs);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #sayGoodbye(graceMs: number): Promise<void> {
    let cancel: (() => void) | undefined;
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(graceMs, resolve);
    });
    await Promise.race([Promise.all([...this.#webSockets].map(goneAway)), late]);
    cancel?.();
  }

  #onSocket(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    socket.on('error', () => {});
    if (this.#connecting.add(address) === 'full') {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#connecting.remove(address);
    });
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = this.#addressOf(request);
    const admission = this.#admission(request, address);
    if (admission.kind === 'refused') {
      this.#options.onRefused?.(admission.status);
      refuse(socket, admission.status);
      return;
    }
    socket.once('close', () => this.#connected.remove(address));
    this.#upgrader.handleUpgrade(request, socket, head, (webSocket) => {
      this.#webSockets.add(webSocket);
      webSocket.once('close', () => this.#webSockets.delete(webSocket));
      admission.onOpen(webSocket);
    });
  }

  /** Counts the one it admits. */
  #admission(request: IncomingMessage, address: string): Admission {
    if (request.headers.origin !== undefined) return { kind: 'refused', status: 403 };
    const admission = this.#options.judge(request.url ?? '', address);
    if (admission.kind === 'refused') return admission;
    if (this.#connected.total >= this.#options.connectionsMax) {
      return { kind: 'refused', status: 503 };
    }
    if (this.#connected.add(address) === 'full') return { kind: 'refused', status: 429 };
    return admission;
  }

  #addressOf(request: IncomingMessage): string {
    const direct = request.socket.remoteAddress ?? '';
    if (this.#options.addresses === 'direct') return direct;
    const forwarded = request.headers['x-forwarded-for'];
    const hops = typeof forwarded === 'string' ? forwarded.split(',') : [];
    return hops.at(-1)?.trim() ?? direct;
  }
}

function createHttp(certificate: Certificate | undefined): Server | SecureServer {
  const options: ServerOptions = {
    maxHeaderSize: SIGNALING_HEADER_BYTES_MAX,
    headersTimeout: SIGNALING_FIRST_MESSAGE_MS,
    requestTimeout: SIGNALING_FIRST_MESSAGE_MS,
    connectionsCheckingInterval: 1000,
  };
  if (certificate === undefined) return createServer(options);
  const handshakeTimeout = SIGNALING_FIRST_MESSAGE_MS;
  return createSecureServer({ ...options, ...certificate, handshakeTimeout });
}

function send(response: ServerResponse, { status, json }: Answer): void {
  const body = json === undefined ? '' : JSON.stringify(json);
  response.writeHead(status, {
    connection: 'close',
    'content-length': Buffer.byteLength(body),
    ...(json === undefined
      ? {}
      : { 'content-type': 'application/json', 'cache-control': 'no-store' }),
  });
  response.end(body);
}

/** Answers with a bare status and closes without waiting for the other side. */
function refuse(socket: Duplex, status: number): void {
  const text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`;
  // RFC 9110 §6.6.1; a device with a wrong clock learns the time of day from it.
  const date = `Date: ${new Date().toUTCString()}`;
  socket.once('finish', () => socket.destroy());
  socket.end(`${text}\r\n${date}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Says that the server ends; resolves when the other side has said goodbye too. */
function goneAway(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
    socket.close(1001);
  });
}
