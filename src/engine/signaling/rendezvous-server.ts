/**
 * The stand-alone signaling server, where two computers find each other that cannot reach each
 * other's: a room is there as long as its host is connected (`/host/TAG`), and guests come to
 * `/TAG` as they do to an embedded server.
 *
 * Invariant: it keeps nothing once a connection is gone, learns nothing but tags, addresses, sizes
 * and times, and tells nothing but counts. What the door (UpgradeServer) guards is guarded here.
 */
import type { IncomingMessage } from 'node:http';

import type { WebSocket } from 'ws';

import type { Clock } from '../../shared/clock.ts';
import {
  CONNECT_TIMEOUT_MS,
  RENDEZVOUS_CONNECTIONS_MAX,
  RENDEZVOUS_CONNECTIONS_PER_ADDRESS_MAX,
  RENDEZVOUS_GOODBYE_MS,
  RENDEZVOUS_ROOMS_MAX,
  SIGNALING_FIRST_MESSAGE_MS,
} from '../../shared/limits.ts';
import { HOST_FRAME_BYTES_MAX } from './host-frame.ts';
import { HostedRoom } from './hosted-room.ts';
import {
  type AddressSource,
  type Admission,
  type Answer,
  type Certificate,
  UpgradeServer,
} from './upgrade-server.ts';
import { webSocketChannel } from './websocket-channel.ts';

export interface RendezvousServerOptions {
  readonly clock: Clock;
  /** Address to listen on. @default all */
  readonly host?: string | undefined;
  /** TCP port; 0 for any free one. */
  readonly port: number;
  /** What `/health` says it is. */
  readonly version: string;
  /** With one it is `wss`. @default none */
  readonly certificate?: Certificate | undefined;
  /** @default direct */
  readonly addresses?: AddressSource | undefined;
  /** @default those of limits.ts */
  readonly limits?: RendezvousLimits;
}

export interface RendezvousLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly rooms: number;
}

/** What happened since the server started. */
export interface RendezvousCounts {
  readonly hosts: number;
  readonly guests: number;
  readonly messages: number;
  readonly refused: number;
}

const DEFAULT_LIMITS: RendezvousLimits = {
  connections: RENDEZVOUS_CONNECTIONS_MAX,
  connectionsPerAddress: RENDEZVOUS_CONNECTIONS_PER_ADDRESS_MAX,
  rooms: RENDEZVOUS_ROOMS_MAX,
};

/** 16 bytes in their one base64url spelling, behind what they are for. */
const HOST_PATH = /^\/host(\/[\w-]{21}[AQgw])$/;

/** See the module header. */
export class RendezvousServer {
  readonly #clock: Clock;
  readonly #version: string;
  readonly #limits: RendezvousLimits;
  readonly #door: UpgradeServer;
  /** By the path of their guests. */
  readonly #rooms = new Map<string, HostedRoom>();
  readonly #startedAt: number;
  readonly #counts = { hosts: 0, guests: 0, messages: 0, refused: 0 };

  private constructor(options: RendezvousServerOptions) {
    const { clock, version, certificate, addresses = 'direct', limits = DEFAULT_LIMITS } = options;
    this.#clock = clock;
    this.#version = version;
    this.#limits = limits;
    this.#startedAt = clock.now();
    this.#door = new UpgradeServer({
      clock,
      connectionsMax: limits.connections,
      connectionsPerAddressMax: limits.connectionsPerAddress,
      messageBytesMax: HOST_FRAME_BYTES_MAX,
      addresses,
      certificate,
      judge: (path, address) => this.#judge(path, address),
      answer: (request) => this.#answer(request),
      onRefused: () => this.#counts.refused++,
    });
  }

  /** Starts a server. Rejects with what TLS or the system says about the certificate or address. */
  static async listen(options: RendezvousServerOptions): Promise<RendezvousServer> {
    const server = new RendezvousServer(options);
    await server.#door.listen(options.port, options.host);
    return server;
  }

  /** The TCP port it listens on. */
  get port(): number {
    return this.#door.port;
  }

  /** Rooms whose host is connected. */
  get rooms(): number {
    return this.#rooms.size;
  }

  /** Hosts and guests connected now. */
  get connections(): number {
    return this.#door.connections;
  }

  get counts(): RendezvousCounts {
    return { ...this.#counts };
  }

  /** For connections from now on. Throws what TLS says, and keeps the old one then. */
  setCertificate(certificate: Certificate): void {
    this.#door.setCertificate(certificate);
  }

  /** Says goodbye to all, for at most RENDEZVOUS_GOODBYE_MS, and stops listening. */
  async close(): Promise<void> {
    await this.#door.close(RENDEZVOUS_GOODBYE_MS);
  }

  #judge(path: string, address: string): Admission {
    const hosted = HOST_PATH.exec(path)?.[1];
    return hosted === undefined ? this.#judgeGuest(path, address) : this.#judgeHost(hosted);
  }

  #judgeHost(path: string): Admission {
    const isFull = this.#rooms.size >= this.#limits.rooms && !this.#rooms.has(path);
    if (isFull) return { kind: 'refused', status: 503 };
    return { kind: 'admitted', onOpen: (socket) => this.#openRoom(path, socket) };
  }

  #judgeGuest(path: string, address: string): Admission {
    const room = this.#rooms.get(path);
    const status = room?.statusFor(address) ?? 404;
    if (room === undefined || status !== 101) return { kind: 'refused', status };
    return { kind: 'admitted', onOpen: (socket) => this.#welcome({ room, socket, address }) };
  }

  #openRoom(path: string, socket: WebSocket): void {
    this.#counts.hosts++;
    this.#rooms.get(path)?.replace();
    const room: HostedRoom = new HostedRoom({
      socket,
      clock: this.#clock,
      onMessage: () => this.#counts.messages++,
      onClosed: () => {
        if (this.#rooms.get(path) === room) this.#rooms.delete(path);
      },
    });
    this.#rooms.set(path, room);
  }

  #welcome(arrival: {
    readonly room: HostedRoom;
    readonly socket: WebSocket;
    readonly address: string;
  }): void {
    this.#counts.guests++;
    const channel = webSocketChannel(arrival.socket, {
      clock: this.#clock,
      firstMessageMs: SIGNALING_FIRST_MESSAGE_MS,
      lifeMs: CONNECT_TIMEOUT_MS,
    });
    arrival.room.welcome(channel, arrival.address);
  }

  #answer({ method, url }: IncomingMessage): Answer {
    if (method !== 'GET' || url !== '/health') return { status: 404 };
    const uptimeSeconds = Math.floor((this.#clock.now() - this.#startedAt) / 1000);
    const { rooms, connections } = this;
    const version = this.#version;
    return { status: 200, json: { status: 'ok', rooms, connections, uptimeSeconds, version } };
  }
}
