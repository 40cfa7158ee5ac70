/**
 * One way from a local port to a target, with the target at its end and everything a test opens.
 *
 * Invariant: after each test no connection is left at the target, whatever the test did.
 */
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { PythonPeer } from '../support/python.ts';
import { SeededBytes } from '../support/seeded-bytes.ts';
import { sink, TestServer } from '../support/servers.ts';
import type { Target } from '../support/tcp.ts';
import { connectTo, freePort, readToEnd, settled, within } from '../support/tcp.ts';

/** A local port that leads to a target. */
export interface Forward {
  readonly port: number;
  close(): Promise<void>;
}

/** A way from local ports to targets: a relay, a tunnel. */
export interface Way {
  forward(target: Target): Promise<Forward>;
  close(): Promise<void>;
  /** Sockets or descriptors the way has open now; if given, they must not grow. */
  open?(): number;
}

/** `seed`: that of the run, for a way that throws dice. */
export type OpenWay = (seed: number) => Promise<Way>;

/** Smaller numbers for ways that are slow by their nature. */
export interface Capabilities {
  /** @default 64 MiB */
  readonly echoBytes?: number;
  /** @default 32 MiB */
  readonly floodBytes?: number;
  /** More than the way and the kernels on it ever hold for one connection. @default 96 MiB */
  readonly overflowBytes?: number;
  /** @default 1000 */
  readonly atOnce?: number;
  /** @default 10000 */
  readonly oneAfterTheOther?: number;
  /** @default 20000 */
  readonly singleBytes?: number;
}

export interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

interface OpenOptions {
  readonly seed: number;
  readonly capabilities: Capabilities;
}

/** One whole connection, so that what a way opens once and keeps is open. */
async function warmUp(forward: Forward): Promise<void> {
  const client = await connectTo(forward.port);
  client.end('warm');
  const ending = await readToEnd(client, () => undefined);
  if (ending !== 'end') throw new Error(`the first connection ended with ${ending}`);
}

export class TunnelUnderTest {
  readonly server: TestServer;
  readonly capabilities: Required<Capabilities>;
  /** What clients send, and what servers send. */
  readonly up: SeededBytes;
  readonly down: SeededBytes;
  readonly #way: Way;
  readonly #forward: Forward;
  readonly #clients = new Set<Socket>();
  readonly #openAtStart: number;
  #python: { readonly peer: PythonPeer; readonly forward: Forward } | undefined;
  #refused: Forward | undefined;

  private constructor(
    { way, forward, server }: { way: Way; forward: Forward; server: TestServer },
    { seed, capabilities, openAtStart }: Required<OpenOptions> & { openAtStart: number },
  ) {
    this.#way = way;
    this.#forward = forward;
    this.server = server;
    this.up = new SeededBytes(seed);
    this.down = new SeededBytes(seed + 1);
    this.capabilities = {
      echoBytes: 64 * 1024 * 1024,
      floodBytes: 32 * 1024 * 1024,
      overflowBytes: 96 * 1024 * 1024,
      atOnce: 1000,
      oneAfterTheOther: 10_000,
      singleBytes: 20_000,
      ...capabilities,
    };
    this.#openAtStart = openAtStart;
  }

  static async open(openWay: OpenWay, options: OpenOptions): Promise<TunnelUnderTest> {
    const server = await TestServer.start(sink);
    const way = await openWay(options.seed);
    const forward = await way.forward({ host: '127.0.0.1', port: server.port });
    await warmUp(forward);
    const openAtStart = await settled(() => way.open?.() ?? 0, 300);
    server.handle(undefined);
    return new TunnelUnderTest({ way, forward, server }, { ...options, openAtStart });
  }

  /** The local port that leads to `server`. */
  get port(): number {
    return this.#forward.port;
  }

  /** A connection to the local port. */
  async connect(): Promise<Socket> {
    return this.adopt(await connectTo(this.port));
  }

  /** Has a connection of the test closed with the others. */
  adopt(socket: Socket): Socket {
    this.#clients.add(socket);
    socket.once('close', () => this.#clients.delete(socket));
    return socket;
  }

  /** A connection through the tunnel, both ends of it; reading is paused at both. */
  async pair(): Promise<Pair> {
    const client = await this.connect();
    return { client, server: await this.server.accept() };
  }

  /** Peers that are not Node, with a way from `port` to the server among them. */
  async python(): Promise<{ readonly peer: PythonPeer; readonly port: number }> {
    if (this.#python === undefined) {
      const peer = await PythonPeer.start();
      const forward = await this.#way.forward({ host: '127.0.0.1', port: peer.port });
      this.#python = { peer, forward };
    }
    return { peer: this.#python.peer, port: this.#python.forward.port };
  }

  /** A local port that leads to where nothing listens. */
  async refusedPort(): Promise<number> {
    this.#refused ??= await this.#way.forward({
      host: '127.0.0.1',
      port: await freePort(createServer()),
    });
    return this.#refused.port;
  }

  /** Ends what a test left open; fails when the target still has a connection then. */
  async clear(): Promise<void> {
    this.server.handle(undefined);
    for (const client of this.#clients) client.resetAndDestroy();
    try {
      await this.server.untilIdle();
    } finally {
      // The test has failed by now if anything is left; the next one starts clean all the same.
      this.server.destroyAll();
    }
  }

  /** Fails when the way holds more open than before the first connection. */
  async expectNothingHeld(): Promise<void> {
    await within('the way giving back every connection', this.#untilNothingHeld());
  }

  async close(): Promise<void> {
    await this.#python?.forward.close();
    await this.#refused?.close();
    await this.#forward.close();
    await this.#way.close();
    await this.#python?.peer.stop();
    await this.server.close();
  }

  async #untilNothingHeld(): Promise<void> {
    while ((this.#way.open?.() ?? 0) > this.#openAtStart) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
