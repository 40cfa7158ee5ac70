/**
 * The reference the tunnel is compared with: a correct relay between two TCP connections. Half-close
 * and reset pass in both directions, a slow reader slows its own connection, and nothing is lost.
 *
 * `RELAY_FAULT=<fault> npx vitest run test/compliance/tcp-relay.test.ts` breaks it in one of the ways
 * relays really break, which shows that the suite can fail.
 */
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { closed, listen, within } from './tcp.ts';
import type { Target } from './tcp.ts';

export const RELAY_FAULTS = [
  'first-end-closes-both',
  'reset-becomes-end',
  'reset-behind-data-becomes-end',
  'reset-overtakes-data',
  'end-overtakes-data',
  'ignores-backpressure',
  'loses-a-byte',
  'few-connections',
  'refused-becomes-end',
  'directions-wait',
  'forgets-to-close',
  'all-stop-for-one',
] as const;

export type RelayFault = (typeof RELAY_FAULTS)[number];

/** How long a reset waits for bytes ahead of it; TCP itself would drop them. */
const RESET_LINGER_MS = 10_000;

export class TcpRelay {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, { port, sockets }: { port: number; sockets: Set<Socket> }) {
    this.#server = server;
    this.port = port;
    this.#sockets = sockets;
  }

  /** Relays every connection to a new port to `target`. */
  static async start(target: Target, fault?: RelayFault): Promise<TcpRelay> {
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      if (fault === 'few-connections' && sockets.size > 200) {
        client.destroy();
        return;
      }
      const upstream = connect({ ...target, allowHalfOpen: true });
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.setNoDelay(true);
        socket.once('close', () => sockets.delete(socket));
      }
      RelayedConnection.start(client, upstream, { fault, sockets });
    });
    return new TcpRelay(server, { port: await listen(server), sockets });
  }

  /** Sockets that are open now, two for each connection. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const open = [...this.#sockets];
    for (const socket of open) socket.resetAndDestroy();
    await Promise.all(open.map(async (socket) => closed(socket, 'a relayed connection')));
    await within('the relay closing', done);
  }
}

class RelayedConnection {
  readonly #fault: RelayFault | undefined;
  readonly #all: Set<Socket>;
  readonly #client: Socket;
  readonly #upstream: Socket;
  #connected = false;
  #lost = false;

  private constructor(
    client: Socket,
    upstream: Socket,
    { fault, sockets }: { fault: RelayFault | undefined; sockets: Set<Socket> },
  ) {
    this.#fault = fault;
    this.#all = sockets;
    this.#client = client;
    this.#upstream = upstream;
    upstream.once('connect', () => {
      this.#connected = true;
      this.#pump(client, upstream);
      this.#pump(upstream, client);
    });
    client.on('error', () => this.#reset(upstream));
    upstream.on('error', () => {
      if (!this.#connected && fault === 'refused-becomes-end') client.end();
      else this.#reset(client);
    });
  }

  static start(
    ...given: [Socket, Socket, { fault: RelayFault | undefined; sockets: Set<Socket> }]
  ): RelayedConnection {
    return new RelayedConnection(...given);
  }

  #pump(from: Socket, to: Socket): void {
    from.on('data', (chunk: Buffer) => this.#onData(chunk, { from, to }));
    to.on('drain', () => {
      if (this.#fault !== 'all-stop-for-one') from.resume();
      if (this.#fault === 'directions-wait') to.resume();
      if (this.#fault === 'all-stop-for-one') this.#resumeAll();
    });
    from.on('end', () => this.#onEnd(from, to));
    to.on('close', () => {
      if (this.#fault === 'forgets-to-close') return;
      if (!from.readableEnded || !from.writableEnded) this.#reset(from);
    });
    from.resume();
  }

  #resumeAll(): void {
    if (this.#anyFull()) return;
    for (const socket of this.#all) socket.resume();
  }

  #anyFull(): boolean {
    return [...this.#all].some((socket) => socket.writableNeedDrain);
  }

  #onData(chunk: Buffer, { from, to }: { from: Socket; to: Socket }): void {
    if (!to.writable) return;
    if (this.#fault === 'reset-overtakes-data' || this.#fault === 'end-overtakes-data') {
      setImmediate(() => {
        if (to.writable && !to.write(chunk)) from.pause();
      });
      return;
    }
    const lose = this.#fault === 'loses-a-byte' && !this.#lost && from.bytesRead > 5_000_000;
    if (lose) this.#lost = true;
    const room = to.write(lose ? chunk.subarray(1) : chunk);
    const stopped = this.#fault === 'all-stop-for-one' && this.#anyFull();
    if (room && !stopped) return;
    if (this.#fault === 'ignores-backpressure') return;
    from.pause();
    if (this.#fault === 'directions-wait') to.pause();
    if (this.#fault === 'all-stop-for-one') for (const socket of this.#all) socket.pause();
  }

  #onEnd(from: Socket, to: Socket): void {
    // Data and RST in one go look like an end; the kernel then has no peer any more.
    const wasReset = !from.writableFinished && from.remoteAddress === undefined;
    if (wasReset && this.#fault !== 'reset-behind-data-becomes-end') this.#reset(to);
    else if (this.#fault === 'reset-overtakes-data') setImmediate(() => to.end());
    else to.end();
    if (this.#fault === 'first-end-closes-both') {
      this.#client.destroySoon();
      this.#upstream.destroySoon();
    }
  }

  /** RST behind what was written; `resetAndDestroy` alone would drop what Node still holds. */
  #reset(socket: Socket): void {
    if (socket.destroyed || this.#fault === 'forgets-to-close') return;
    if (this.#fault === 'reset-becomes-end') {
      socket.end();
      return;
    }
    socket.removeAllListeners('data');
    socket.resume();
    if (socket.writableLength === 0 || this.#fault === 'reset-overtakes-data') {
      socket.resetAndDestroy();
      return;
    }
    const timer = setTimeout(() => socket.resetAndDestroy(), RESET_LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
    if (socket.writableEnded) socket.once('finish', () => socket.resetAndDestroy());
    else socket.write(Buffer.alloc(0), () => socket.resetAndDestroy());
  }
}
