/**
 * A local address that leads to a peer's share: listens on 127.0.0.1 and hands each connection to
 * the link as a socket of its own.
 *
 * Invariant: every accepted connection is opened, waits for room in order, or is reset; after
 * `close()` nothing listens and nothing waits.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { portholeError } from '../../shared/errors.ts';
import { LISTEN_BACKLOG, PROBE_MS } from '../../shared/limits.ts';
import type { Clock } from '../../shared/clock.ts';
import { TcpConnection } from '../tunnel/tcp-connection.ts';

/** The part of a link that a forward needs. */
export interface ForwardLink {
  hasRoom(): boolean;
  openSocket(shareId: Uint8Array, local: TcpConnection): void;
}

export interface ForwardOptions {
  readonly shareId: Uint8Array;
  readonly clock: Clock;
  readonly link: ForwardLink;
}

const LISTEN_HOST = '127.0.0.1';
const LOOPBACK_HOSTS = [LISTEN_HOST, '::1'];
const FIRST_UNPRIVILEGED_PORT = 1024;

/** The local port a person asked for, or the one to take if it is free. */
export type PortWish =
  | { readonly anyBut: number }
  | { readonly preferably: number }
  /** `unless`: a port that is taken even if nobody answers there. */
  | { readonly exactly: number; readonly unless: number | undefined };

/** How the wish for a port came out: as wished, or why another one was taken. */
export type PortOutcome = 'as-wished' | 'taken' | 'privileged';

export class Forward {
  readonly #options: ForwardOptions;
  readonly #server: Server;
  readonly #waiting: Socket[] = [];

  constructor(options: ForwardOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) =>
      this.#onConnection(socket),
    );
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * Starts listening. A preferred port that is taken or not permitted gives way to a free one; an
   * exact one throws `E_PORT_BUSY` or `E_PORT_PRIVILEGED`.
   */
  async listen(wish: PortWish): Promise<PortOutcome> {
    if ('anyBut' in wish) await this.#listenAnywhereBut(wish.anyBut);
    else if ('exactly' in wish) await this.#listenExactly(wish.exactly, wish.unless);
    else return this.#listenPreferably(wish.preferably);
    return 'as-wished';
  }

  async #listenAnywhereBut(port: number): Promise<void> {
    await this.#listenOn(0);
    if (this.port !== port) return;
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#listenAnywhereBut(port);
  }

  /** There is room for more sockets: those that waited go first. */
  onRoom(): void {
    while (this.#waiting.length > 0 && this.#options.link.hasRoom()) {
      this.#open(this.#waiting.shift() as Socket);
    }
  }

  /** Stops listening and resets what waits; sockets that are open belong to the link. */
  close(): void {
    this.#server.close();
    for (const socket of this.#waiting.splice(0)) socket.resetAndDestroy();
  }

  async #listenPreferably(port: number): Promise<PortOutcome> {
    const outcome = (await isAnswered(port)) ? 'taken' : await this.#tryListenOn(port);
    if (outcome !== 'as-wished') await this.#listenOn(0);
    return outcome;
  }

  async #tryListenOn(port: number): Promise<PortOutcome> {
    try {
      await this.#listenOn(port);
      return 'as-wished';
    } catch (thrown) {
      return isPrivileged(port, thrown as NodeJS.ErrnoException) ? 'privileged' : 'taken';
    }
  }

  async #listenExactly(port: number, taken: number | undefined): Promise<void> {
    if (port === taken || (await isAnswered(port))) throw portholeError('E_PORT_BUSY', { port });
    try {
      await this.#listenOn(port);
    } catch (thrown) {
      throw listenError(port, thrown as NodeJS.ErrnoException);
    }
  }

  #listenOn(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: LISTEN_HOST, port, backlog: LISTEN_BACKLOG }, () => {
        this.#server.off('error', reject);
        // A failed accept (out of descriptors) is not the end of the listener.
        this.#server.on('error', () => {});
        resolve();
      });
    });
  }

  #onConnection(socket: Socket): void {
    if (this.#waiting.length === 0 && this.#options.link.hasRoom()) this.#open(socket);
    else this.#wait(socket);
  }

  #wait(socket: Socket): void {
    socket.on('error', () => {});
    this.#waiting.push(socket);
  }

  #open(socket: Socket): void {
    if (socket.destroyed) return;
    this.#options.link.openSocket(
      this.#options.shareId,
      new TcpConnection(socket, this.#options.clock),
    );
  }
}

/**
 * Throws `E_PORT_BUSY` or `E_PORT_PRIVILEGED` unless `port` can be listened on now: asked before an
 * invite is spent on a forward that could not be opened.
 */
export async function requireFreePort(port: number): Promise<void> {
  if (await isAnswered(port)) throw portholeError('E_PORT_BUSY', { port });
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(listenError(port, error)));
    probe.listen({ host: LISTEN_HOST, port }, () => probe.close(() => resolve()));
  });
}

/**
 * Whether somebody answers on this port on either loopback address. Asking is the only way that
 * holds on every system: a service on ::1 or on all addresses does not stop us from listening on
 * 127.0.0.1, and a share of that very service would then lead to itself.
 */
async function isAnswered(port: number): Promise<boolean> {
  const answers = await Promise.all(LOOPBACK_HOSTS.map((host) => answersAt(host, port)));
  return answers.includes(true);
}

function answersAt(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ host, port });
    // No answer at all is no free port either: something swallows what is sent there.
    const timer = setTimeout(() => settle(true), PROBE_MS);
    const settle = (answer: boolean): void => {
      clearTimeout(timer);
      probe.destroy();
      resolve(answer);
    };
    probe.once('connect', () => settle(true));
    probe.once('error', () => settle(false));
  });
}

function listenError(port: number, error: NodeJS.ErrnoException): Error {
  return isPrivileged(port, error)
    ? portholeError('E_PORT_PRIVILEGED', { port, alternative: port + 8000 }, { cause: error })
    : portholeError('E_PORT_BUSY', { port }, { cause: error });
}

/** From 1024 on EACCES is no matter of rights: Windows says so of ports it keeps for itself. */
function isPrivileged(port: number, error: NodeJS.ErrnoException): boolean {
  return error.code === 'EACCES' && port < FIRST_UNPRIVILEGED_PORT;
}
