/**
 * The signaling server inside the sharing process: rooms reached by their tag, over plain WebSocket.
 * It hands the connections of a room to the room's owner and knows nothing of what they say.
 *
 * Invariant: whoever does not know the tag of an open room gets an HTTP status and a closed socket;
 * connections, headers and waiting time are bounded, in all and per address; no web page gets in.
 */
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { WebSocketServer } from 'ws';

import type { Clock } from '../../shared/clock.ts';
import { portholeError } from '../../shared/errors.ts';
import {
  CONNECT_TIMEOUT_MS,
  SIGNALING_CONNECTIONS_MAX,
  SIGNALING_CONNECTIONS_PER_ADDRESS_MAX,
  SIGNALING_FIRST_MESSAGE_MS,
  SIGNALING_HEADER_BYTES_MAX,
  SIGNALING_ROOMS_MAX,
  SIGNALING_TCP_PER_CONNECTION,
} from '../../shared/limits.ts';
import { AddressCounter } from './address-counter.ts';
import { type SignalingChannel, WEBSOCKET_OPTIONS, WebSocketChannel } from './channel.ts';
import { hasNetwork, roomPath } from './endpoint.ts';

export interface SignalingServerOptions {
  readonly clock: Clock;
  /** Address to listen on. @default all, or 127.0.0.1 while no other interface is up */
  readonly host?: string;
  /** @default any free one */
  readonly port?: number;
}

/** Gets every connection of a room, and must `start()` or `close()` it at once. */
export type RoomOwner = (channel: SignalingChannel) => void;

/** Where rooms are opened; what a room needs of a server. */
export interface RoomRegistry {
  /** Opens a room; the returned function closes it to newcomers. Throws E_INTERNAL when it is full. */
  openRoom(tag: Uint8Array, owner: RoomOwner): () => void;
}

/** See the module header. */
export class SignalingServer implements RoomRegistry {
  readonly #clock: Clock;
  readonly #http: Server;
  readonly #upgrader = new WebSocketServer({
    ...WEBSOCKET_OPTIONS,
    noServer: true,
    clientTracking: false,
  });
  readonly #rooms = new Map<string, RoomOwner>();
  readonly #sockets = new Set<Socket>();
  readonly #connecting = new AddressCounter(
    SIGNALING_CONNECTIONS_PER_ADDRESS_MAX * SIGNALING_TCP_PER_CONNECTION,
  );
  readonly #connected = new AddressCounter(SIGNALING_CONNECTIONS_PER_ADDRESS_MAX);

  private constructor(clock: Clock) {
    this.#clock = clock;
    this.#http = createServer({
      maxHeaderSize: SIGNALING_HEADER_BYTES_MAX,
      headersTimeout: SIGNALING_FIRST_MESSAGE_MS,
      requestTimeout: SIGNALING_FIRST_MESSAGE_MS,
      connectionsCheckingInterval: 1000,
    });
    this.#http.maxConnections = SIGNALING_CONNECTIONS_MAX * SIGNALING_TCP_PER_CONNECTION;
    this.#http.on('connection', (socket) => this.#onSocket(socket));
    this.#http.on('request', (_request, response) => {
      response.writeHead(426, { connection: 'close' }).end();
    });
    this.#http.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
  }

  /** Starts a server. Rejects with what the system says when the address cannot be had. */
  static async listen(options: SignalingServerOptions): Promise<SignalingServer> {
    const server = new SignalingServer(options.clock);
    const host = options.host ?? (hasNetwork() ? undefined : '127.0.0.1');
    await new Promise<void>((resolve, reject) => {
      server.#http.once('error', reject);
      server.#http.listen(
        { port: options.port ?? 0, ...(host === undefined ? {} : { host }) },
        () => {
          server.#http.off('error', reject);
          // Running out of descriptors later must not end the process; it ends that connection.
          server.#http.on('error', () => {});
          resolve();
        },
      );
    });
    return server;
  }

  /** The TCP port it listens on. */
  get port(): number {
    const address = this.#http.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  openRoom(tag: Uint8Array, owner: RoomOwner): () => void {
    const path = roomPath(tag);
    if (this.#rooms.size >= SIGNALING_ROOMS_MAX || this.#rooms.has(path)) {
      throw portholeError('E_INTERNAL', { reason: 'no room for another invite' });
    }
    this.#rooms.set(path, owner);
    return () => this.#rooms.delete(path);
  }

  /** Ends all connections at once and stops listening. */
  async close(): Promise<void> {
    this.#rooms.clear();
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
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
    const owner = this.#rooms.get(request.url ?? '');
    if (request.headers.origin !== undefined) refuse(socket, 403);
    else if (owner === undefined) refuse(socket, 404);
    else if (this.#connected.total >= SIGNALING_CONNECTIONS_MAX) refuse(socket, 503);
    else if (this.#connected.add(request.socket.remoteAddress ?? '') === 'full')
      refuse(socket, 429);
    else this.#admit({ request, socket, head, owner });
  }

  #admit(upgrade: {
    readonly request: IncomingMessage;
    readonly socket: Duplex;
    readonly head: Buffer;
    readonly owner: RoomOwner;
  }): void {
    const address = upgrade.request.socket.remoteAddress ?? '';
    upgrade.socket.once('close', () => this.#connected.remove(address));
    this.#upgrader.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, (webSocket) => {
      upgrade.owner(
        new WebSocketChannel(webSocket, {
          clock: this.#clock,
          firstMessageMs: SIGNALING_FIRST_MESSAGE_MS,
          lifeMs: CONNECT_TIMEOUT_MS,
        }),
      );
    });
  }
}

/** Answers with a bare status and closes without waiting for the other side. */
function refuse(socket: Duplex, status: number): void {
  const text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`;
  socket.once('finish', () => socket.destroy());
  socket.end(`${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
