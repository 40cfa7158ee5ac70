/**
 * The signaling server inside the sharing process: rooms reached by their tag, over plain WebSocket.
 * It hands the connections of a room to the room's owner and knows nothing of what they say.
 *
 * Invariant: whoever does not know the tag of an open room gets an HTTP status and a closed socket;
 * what the door (UpgradeServer) guards is guarded here.
 */
import type { WebSocket } from 'ws';

import type { Clock } from '../../shared/clock.ts';
import { portholeError } from '../../shared/errors.ts';
import {
  CONNECT_TIMEOUT_MS,
  SIGNALING_BYTES_MAX,
  SIGNALING_CONNECTIONS_MAX,
  SIGNALING_CONNECTIONS_PER_ADDRESS_MAX,
  SIGNALING_FIRST_MESSAGE_MS,
  SIGNALING_ROOMS_MAX,
} from '../../shared/limits.ts';
import type { SignalingChannel } from './channel.ts';
import { roomPath } from './endpoint.ts';
import { type Admission, UpgradeServer } from './upgrade-server.ts';
import { webSocketChannel } from './websocket-channel.ts';

export interface SignalingServerOptions {
  readonly clock: Clock;
  /** Address to listen on. @default all: a network may come up later */
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
  readonly #door: UpgradeServer;
  readonly #rooms = new Map<string, RoomOwner>();

  private constructor(clock: Clock) {
    this.#clock = clock;
    this.#door = new UpgradeServer({
      clock,
      connectionsMax: SIGNALING_CONNECTIONS_MAX,
      connectionsPerAddressMax: SIGNALING_CONNECTIONS_PER_ADDRESS_MAX,
      messageBytesMax: SIGNALING_BYTES_MAX,
      addresses: 'direct',
      certificate: undefined,
      judge: (path) => this.#judge(path),
      answer: () => ({ status: 426 }),
    });
  }

  /** Starts a server. Rejects with what the system says when the address cannot be had. */
  static async listen(options: SignalingServerOptions): Promise<SignalingServer> {
    const server = new SignalingServer(options.clock);
    await server.#door.listen(options.port ?? 0, options.host);
    return server;
  }

  /** The TCP port it listens on. */
  get port(): number {
    return this.#door.port;
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
    await this.#door.close(0);
  }

  #judge(path: string): Admission {
    const owner = this.#rooms.get(path);
    if (owner === undefined) return { kind: 'refused', status: 404 };
    return { kind: 'admitted', onOpen: (socket) => owner(this.#channel(socket)) };
  }

  #channel(socket: WebSocket): SignalingChannel {
    return webSocketChannel(socket, {
      clock: this.#clock,
      firstMessageMs: SIGNALING_FIRST_MESSAGE_MS,
      lifeMs: CONNECT_TIMEOUT_MS,
    });
  }
}
