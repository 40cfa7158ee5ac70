/**
 * The target of the tests: one real TCP server whose connections a test takes one by one, or that
 * a handler answers.
 *
 * Invariant: it knows every connection it accepted until that is closed, so that a test can ask
 * whether any is left.
 */
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { closed, listen, tame, within } from './tcp.ts';

export type Handler = (socket: Socket) => void;

export class TestServer {
  readonly port: number;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  readonly #accepted: Socket[] = [];
  readonly #waiting: Handler[] = [];
  #handler: Handler | undefined;
  #acceptedCount = 0;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (socket) => this.#onConnection(socket));
  }

  static async start(handler?: Handler): Promise<TestServer> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const started = new TestServer(server, await listen(server));
    started.handle(handler);
    return started;
  }

  /** From now on `handler` gets every connection; `undefined`: they wait for `accept`. */
  handle(handler: Handler | undefined): void {
    this.#handler = handler;
  }

  /** The next connection; reading is paused. */
  async accept(): Promise<Socket> {
    const ready = this.#accepted.shift();
    if (ready !== undefined) return ready;
    const next = new Promise<Socket>((resolve) => this.#waiting.push(resolve));
    return within('a connection at the target', next);
  }

  /** Connections accepted so far. */
  get acceptedCount(): number {
    return this.#acceptedCount;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Ends and reads all that is open to its end; fails when a connection stays. */
  async untilIdle(): Promise<void> {
    const open = [...this.#open];
    this.#accepted.length = 0;
    for (const socket of open) {
      socket.end();
      socket.resume();
    }
    await Promise.all(open.map(async (socket) => closed(socket, 'a connection at the target')));
  }

  /** Forgets what nobody accepted and destroys what is open. */
  destroyAll(): void {
    this.#accepted.length = 0;
    this.#waiting.length = 0;
    for (const socket of this.#open) socket.destroy();
  }

  async close(): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.destroyAll();
    await within('the target closing', done);
  }

  #onConnection(socket: Socket): void {
    this.#acceptedCount++;
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    tame(socket);
    const take = this.#handler ?? this.#waiting.shift();
    if (take === undefined) this.#accepted.push(socket);
    else take(socket);
  }
}

/** Sends back what comes, ends behind it. */
export function echo(socket: Socket): void {
  socket.pipe(socket);
}

/** Reads all and answers nothing; ends when the other side did. */
export function sink(socket: Socket): void {
  socket.on('end', () => socket.end());
  socket.resume();
}
