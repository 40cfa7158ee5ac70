/**
 * A local address that leads to a peer's share: listens on 127.0.0.1 and hands each connection to
 * the link as a socket of its own. It outlives links: while there is none, connections are reset.
 *
 * Invariant: every accepted connection is opened, waits for room in order, or is reset; after
 * `close()` nothing listens and nothing waits.
 */
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { portholeError } from '../../shared/errors.ts';
import { LISTEN_BACKLOG } from '../../shared/limits.ts';
import type { Clock } from '../../shared/clock.ts';
import { Meter } from '../tunnel/meter.ts';
import type { Traffic } from '../tunnel/meter.ts';
import { TcpConnection } from '../tunnel/tcp-connection.ts';
import {
  LISTEN_HOST,
  listenError,
  outcomeOf,
  outcomeOfError,
  requireFreePort,
} from './local-port.ts';
import type { PortOutcome } from './local-port.ts';

/** Whether a connection can be led to the peer now, has to wait for another to end, or cannot. */
export type Room = 'free' | 'full' | 'offline';

/** The part of a link that a forward needs. */
export interface ForwardLink {
  room(): Room;
  openSocket(shareId: Uint8Array, local: TcpConnection): void;
}

export interface ForwardOptions {
  readonly shareId: Uint8Array;
  readonly clock: Clock;
  readonly link: ForwardLink;
}

/** The local port a person asked for, or the one to take if it is free. */
export type PortWish =
  | { readonly anyBut: number }
  /** `never`: not that one, free or not, when another has to be taken. */
  | { readonly preferably: number; readonly never: number | undefined }
  /** `unless`: a port that is taken even if nobody answers there. */
  | { readonly exactly: number; readonly unless: number | undefined };

export class Forward {
  readonly #options: ForwardOptions;
  readonly #server: Server;
  readonly #waiting: Socket[] = [];
  readonly #meter = new Meter();

  constructor(options: ForwardOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) =>
      this.#onConnection(socket),
    );
  }

  /** What has gone through it so far. */
  get traffic(): Traffic {
    return this.#meter.read();
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * Starts listening. A preferred port that is taken or not permitted gives way to a free one; an
   * exact one throws `E_PORT_BUSY` or `E_PORT_PRIVILEGED`.
   */
  async listen(wish: PortWish): Promise<PortOutcome> {
    if ('preferably' in wish) return this.#listenPreferably(wish.preferably, wish.never);
    if ('anyBut' in wish) await this.#listenAnywhereBut(wish.anyBut);
    else await this.#listenExactly(wish.exactly, wish.unless);
    return 'as-wished';
  }

  /** There is room for more sockets: those that waited go first. */
  onRoom(): void {
    while (this.#waiting.length > 0 && this.#options.link.room() === 'free') {
      this.#open(this.#waiting.shift() as Socket);
    }
  }

  /** There is no link any more: what waited for it is reset. */
  onOffline(): void {
    for (const socket of this.#waiting.splice(0)) socket.resetAndDestroy();
  }

  /** Stops listening and resets what waits; sockets that are open belong to the link. */
  close(): void {
    this.#server.close();
    this.onOffline();
  }

  async #listenAnywhereBut(port: number | undefined): Promise<void> {
    await this.#listenOn(0);
    if (this.port !== port) return;
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#listenAnywhereBut(port);
  }

  async #listenPreferably(port: number, never: number | undefined): Promise<PortOutcome> {
    const free = await outcomeOf(port);
    const outcome = free === 'as-wished' ? await this.#tryListenOn(port) : free;
    if (outcome !== 'as-wished') await this.#listenAnywhereBut(never);
    return outcome;
  }

  async #tryListenOn(port: number): Promise<PortOutcome> {
    try {
      await this.#listenOn(port);
      return 'as-wished';
    } catch (thrown) {
      return outcomeOfError(thrown);
    }
  }

  async #listenExactly(port: number, taken: number | undefined): Promise<void> {
    if (port === taken) throw portholeError('E_PORT_BUSY', { port });
    await requireFreePort(port);
    await this.#listenOn(port);
  }

  #listenOn(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => reject(listenError(port, error));
      this.#server.once('error', onError);
      this.#server.listen({ host: LISTEN_HOST, port, backlog: LISTEN_BACKLOG }, () => {
        this.#server.off('error', onError);
        // A failed accept (out of descriptors) is not the end of the listener.
        this.#server.on('error', () => {});
        resolve();
      });
    });
  }

  #onConnection(socket: Socket): void {
    const room = this.#options.link.room();
    if (room === 'offline') socket.resetAndDestroy();
    else if (room === 'free' && this.#waiting.length === 0) this.#open(socket);
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
      new TcpConnection(socket, this.#options.clock, this.#meter),
    );
  }
}
