/**
 * Rooms of this device at a rendezvous server, each on a connection that is made again whenever it
 * is lost.
 *
 * Invariant: one connection, or one wait for the next, for each room that is open. `onState` is told
 * once for each change: `open` when all rooms are reachable, `unreachable` while one is not.
 */
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { type PortholeError, portholeError } from '../../shared/errors.ts';
import {
  RENDEZVOUS_RETRY_MAX_MS,
  RENDEZVOUS_RETRY_MIN_MS,
  RENDEZVOUS_STABLE_MS,
} from '../../shared/limits.ts';
import { type Endpoint, endpointUrl, hostUrl } from './endpoint.ts';
import { HostConnection } from './host-connection.ts';
import type { RoomOwner, RoomRegistry } from './server.ts';

export type RendezvousState =
  | { readonly kind: 'open' }
  /** With E_RENDEZVOUS. It is tried again until it works. */
  | { readonly kind: 'unreachable'; readonly error: PortholeError };

export interface RendezvousRoomsOptions {
  readonly server: Endpoint;
  readonly clock: Clock;
  /** [0, 1), for the waits. @default Math.random */
  readonly random?: () => number;
  onState(state: RendezvousState): void;
}

/** See the module header. */
export class RendezvousRooms implements RoomRegistry {
  readonly #options: RendezvousRoomsOptions;
  readonly #rooms = new Set<RemoteRoom>();
  #told: RendezvousState['kind'] | undefined;
  #now: RendezvousState | { readonly kind: 'connecting' } = { kind: 'connecting' };
  #settled: (() => void)[] = [];

  constructor(options: RendezvousRoomsOptions) {
    this.#options = options;
  }

  /** Opens a room; guests can come once its connection is there. Never throws. */
  openRoom(tag: Uint8Array, owner: RoomOwner): () => void {
    const { server, clock, random = Math.random } = this.#options;
    const room = new RemoteRoom({
      url: hostUrl(server, tag),
      clock,
      random,
      owner,
      onChange: () => this.#tell(),
      onClosed: () => this.#rooms.delete(room),
    });
    this.#rooms.add(room);
    room.connect();
    return () => {
      room.leave();
      this.#tell();
    };
  }

  /** How it stands; `connecting` before the first answer. */
  get state(): RendezvousState | { readonly kind: 'connecting' } {
    return this.#now;
  }

  /** Resolves when every room was reached, or failed at its last try. */
  async settled(): Promise<void> {
    if (this.#isSettled()) return;
    await new Promise<void>((resolve) => this.#settled.push(resolve));
  }

  /** Connects every room anew, at once. */
  reconnect(): void {
    for (const room of this.#rooms) room.reconnect();
  }

  /** Closes all rooms; resolves when nothing of them is left, within SIGNALING_CLOSE_MS. */
  async close(): Promise<void> {
    const rooms = [...this.#rooms];
    for (const room of rooms) room.close();
    await Promise.all(rooms.map(async ({ closed }) => closed));
  }

  #isSettled(): boolean {
    return [...this.#rooms].every(({ state }) => state !== 'connecting');
  }

  #tell(): void {
    if (this.#isSettled()) for (const resolve of this.#settled.splice(0)) resolve();
    const states = [...this.#rooms].map(({ state }) => state).filter((state) => state !== 'left');
    // Whoever opens the next room should hear it again.
    if (states.length === 0 && this.#told === 'unreachable') this.#told = undefined;
    const failure = states.find((state) => typeof state === 'object');
    if (failure !== undefined)
      this.#tellOnce({ kind: 'unreachable', error: this.#errorOf(failure) });
    else if (states.length > 0 && states.every((state) => state === 'open')) {
      this.#tellOnce({ kind: 'open' });
    }
  }

  #tellOnce(state: RendezvousState): void {
    this.#now = state;
    if (state.kind === this.#told) return;
    this.#told = state.kind;
    this.#options.onState(state);
  }

  #errorOf({ reason }: Failed): PortholeError {
    return portholeError('E_RENDEZVOUS', { server: endpointUrl(this.#options.server), reason });
  }
}

interface Failed {
  readonly reason: string;
}

interface RemoteRoomOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly owner: RoomOwner;
  onChange(): void;
  onClosed(): void;
}

/** One room: a connection, or the wait for the next. */
class RemoteRoom {
  /** Resolves when it was closed and nothing is left. */
  readonly closed: Promise<void>;
  /** `connecting` before the first try ended; a failure until it is open again. */
  state: 'connecting' | 'open' | 'left' | Failed = 'connecting';
  readonly #options: RemoteRoomOptions;
  #connection: HostConnection | undefined;
  #cancelWait: CancelTimer | undefined;
  #failures = 0;
  #openedAt: number | undefined;
  #resolveClosed!: () => void;

  constructor(options: RemoteRoomOptions) {
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  connect(): void {
    const { url, clock, owner } = this.#options;
    this.#cancelWait = undefined;
    this.#openedAt = undefined;
    const connection: HostConnection = new HostConnection({
      url,
      clock,
      owner,
      onOpen: () => {
        if (this.#connection === connection) this.#opened();
      },
      onClosed: (reason) => {
        if (this.#connection === connection) this.#lost(reason);
      },
    });
    this.#connection = connection;
  }

  /** This computer is somewhere else: what connects it may be dead without a word. The server lets the newer one have the room. */
  reconnect(): void {
    if (this.state === 'left') return;
    this.#cancelWait?.();
    this.#failures = 0;
    const old = this.#connection;
    this.connect();
    old?.close();
  }

  /** Takes no more guests, and closes when the last one is gone. */
  leave(): void {
    this.state = 'left';
    this.#connection?.leave();
    this.#endIfWaiting();
  }

  close(): void {
    this.state = 'left';
    this.#connection?.close();
    this.#endIfWaiting();
  }

  #endIfWaiting(): void {
    if (this.#cancelWait === undefined) return;
    this.#cancelWait();
    this.#cancelWait = undefined;
    this.#ended();
  }

  #opened(): void {
    this.#openedAt = this.#options.clock.now();
    this.state = 'open';
    this.#options.onChange();
  }

  #lost(reason: string): void {
    this.#connection = undefined;
    if (this.state === 'left') return this.#ended();
    const { clock } = this.#options;
    const wasStable =
      this.#openedAt !== undefined && clock.now() - this.#openedAt >= RENDEZVOUS_STABLE_MS;
    this.#failures = wasStable ? 0 : this.#failures + 1;
    this.#cancelWait = clock.after(this.#wait(), () => this.connect());
    this.state = { reason };
    this.#options.onChange();
  }

  /** Anything from the least wait to one that doubles with each failure in a row, ms. */
  #wait(): number {
    const longest = RENDEZVOUS_RETRY_MIN_MS * 2 ** Math.max(1, this.#failures);
    const span = Math.min(longest, RENDEZVOUS_RETRY_MAX_MS) - RENDEZVOUS_RETRY_MIN_MS;
    return RENDEZVOUS_RETRY_MIN_MS + span * this.#options.random();
  }

  #ended(): void {
    this.#options.onClosed();
    this.#resolveClosed();
  }
}
