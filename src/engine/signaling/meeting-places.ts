/**
 * Where other devices meet this one: its own signaling server, told on the local network to paired
 * devices, and the rendezvous servers.
 *
 * Invariant: nothing listens before `listen()`; the port of the server stays the same from one run
 * to the next where it can, so that paired devices find it where it was.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import type { EngineEvent, RendezvousView } from '../../shared/contract.ts';
import { compareDeviceIds } from '../../shared/device-id.ts';
import { toPortholeError } from '../../shared/errors.ts';
import {
  INVITE_ENDPOINTS_MAX,
  RENDEZVOUS_PATIENCE_MS,
  ROOM_TAG_BYTES,
} from '../../shared/limits.ts';
import type { SettingsStore } from '../store/settings-store.ts';
import type { Endpoint } from './endpoint.ts';
import { endpointsOfThisComputer } from './endpoint.ts';
import { combinedRooms } from './combined-rooms.ts';
import { LanDiscovery, type LanPeer } from './lan-discovery.ts';
import { LanPresence } from './lan-presence.ts';
import { RendezvousRooms } from './rendezvous-rooms.ts';
import { parseRendezvousUrl } from './rendezvous-url.ts';
import { SignalingServer } from './server.ts';
import type { RoomRegistry } from './server.ts';

export interface MeetingPlacesOptions {
  readonly clock: Clock;
  readonly settings: SettingsStore;
  /** `ws://` or `wss://` URLs. Throws E_USAGE for anything else. */
  readonly rendezvous: readonly string[];
  readonly emit: (event: EngineEvent) => void;
  /** Time of day, ms since 1970. */
  readonly timeOfDay: () => number;
  /** Of this device: Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A paired device, as far as meeting it goes. */
export interface MetPeer extends LanPeer {
  readonly deviceId: string;
}

/** See the module header. */
export class MeetingPlaces {
  readonly rendezvousEndpoints: readonly Endpoint[];
  readonly #options: MeetingPlacesOptions;
  readonly #rendezvous: readonly RendezvousRooms[];
  /** Unless the settings turn it off. */
  readonly #lan: LanDiscovery | undefined;
  #listening: Promise<SignalingServer> | undefined;
  #server: SignalingServer | undefined;

  constructor(options: MeetingPlacesOptions) {
    this.#options = options;
    const { clock, timeOfDay, publicKey, settings } = options;
    if (settings.get().discovery !== false) {
      const onTrouble = (error: Error): void => this.#tellTrouble(error);
      this.#lan = new LanDiscovery({ clock, timeOfDay, publicKey, onTrouble });
    }
    this.rendezvousEndpoints = options.rendezvous.map(parseRendezvousUrl);
    this.#rendezvous = this.rendezvousEndpoints.map(
      (server) =>
        new RendezvousRooms({
          server,
          clock: options.clock,
          onState: (state) => {
            if (state.kind === 'open') return;
            const { code, message } = state.error;
            options.emit({ kind: 'notice', level: 'warn', code, text: message });
          },
        }),
    );
  }

  /** Starts the server of this computer, unless it runs. Rejects with what the system says. */
  async listen(): Promise<void> {
    this.#listening ??= this.#listen();
    this.#server = await this.#listening;
  }

  /**
   * Keeps an eye on the rendezvous servers, so that a person hears when one cannot be reached though
   * this device waits for nobody there: a room that nobody knows.
   */
  watch(): void {
    for (const places of this.#rendezvous) {
      places.openRoom(randomBytes(ROOM_TAG_BYTES), (channel) => channel.close());
    }
  }

  /** The rendezvous servers, as a person is shown them. */
  rendezvousViews(): RendezvousView[] {
    return this.#rendezvous.map(({ state }, index) => ({
      url: this.#options.rendezvous[index] ?? '',
      state: state.kind,
      reason: state.kind === 'unreachable' ? state.error.message : '',
    }));
  }

  /** Ports of this process on this computer. */
  ports(): ReadonlySet<number> {
    return new Set(this.#server === undefined ? [] : [this.#server.port]);
  }

  /** All places together, for an invite; before `listen()` the rendezvous servers alone. */
  rooms(): RoomRegistry {
    return combinedRooms([...this.#own(), ...this.#rendezvous]);
  }

  /** Resolves when the rooms opened so far can be entered, or after RENDEZVOUS_PATIENCE_MS. */
  async settled(): Promise<void> {
    const rooms = Promise.all(this.#rendezvous.map((places) => places.settled()));
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(RENDEZVOUS_PATIENCE_MS, resolve);
      void rooms.then(() => {
        cancel();
        return resolve();
      });
    });
  }

  /**
   * The places where a paired device finds us; it is told on the local network while a room is open
   * there. Of two devices the one with the larger id waits at the rendezvous: a room there has one
   * host.
   */
  roomsFor(ownId: string, peer: MetPeer): RoomRegistry {
    const waits = compareDeviceIds(ownId, peer.deviceId) > 0;
    return combinedRooms([
      ...this.#own(),
      ...this.#presence(peer),
      ...(waits ? this.#rendezvous : []),
    ]);
  }

  /** Looks for a paired device on the local network, until the function returned is called; see `LanDiscovery.seek`. */
  seek(peer: LanPeer, onEndpoint: (endpoint: Endpoint) => void): () => void {
    return this.#lan?.seek(peer, onEndpoint) ?? ((): void => {});
  }

  /** This computer has other addresses, or was asleep. */
  onNetworkChanged(): void {
    this.#lan?.onNetworkChanged();
    for (const places of this.#rendezvous) places.reconnect();
  }

  /** What an invite names: the rendezvous servers, then the addresses of this computer. */
  endpoints(): readonly Endpoint[] {
    const own = endpointsOfThisComputer(this.#embedded().port);
    const room = Math.max(1, INVITE_ENDPOINTS_MAX - this.rendezvousEndpoints.length);
    return [...own.slice(0, room), ...this.rendezvousEndpoints].slice(0, INVITE_ENDPOINTS_MAX);
  }

  /** What paired devices are told; empty before `listen()`. */
  reach(): { readonly endpoints: readonly Endpoint[]; readonly rendezvous: readonly string[] } {
    const { rendezvous } = this.#options;
    const endpoints = this.#server === undefined ? [] : endpointsOfThisComputer(this.#server.port);
    return { endpoints, rendezvous };
  }

  async close(): Promise<void> {
    this.#lan?.close();
    await Promise.all(this.#rendezvous.map((rooms) => rooms.close()));
    const server = await this.#listening?.catch(() => undefined);
    await server?.close();
  }

  #own(): readonly RoomRegistry[] {
    return this.#server === undefined ? [] : [this.#server];
  }

  #presence(peer: LanPeer): readonly RoomRegistry[] {
    const [lan, server] = [this.#lan, this.#server];
    if (lan === undefined || server === undefined) return [];
    return [new LanPresence(() => lan.announce(peer, server.port))];
  }

  /** Some networks have no multicast; devices there find each other as before. */
  #tellTrouble({ message }: Error): void {
    const text = `Paired devices cannot be found by multicast on this network (${message}). Remembered addresses and rendezvous servers are used.`;
    this.#options.emit({ kind: 'notice', level: 'info', code: '', text });
  }

  #embedded(): SignalingServer {
    if (this.#server === undefined) throw new Error('not listening');
    return this.#server;
  }

  async #listen(): Promise<SignalingServer> {
    const { clock, settings } = this.#options;
    const port = settings.get().signalingPort;
    const server = await SignalingServer.listen({ clock, port: port ?? 0 }).catch(
      // Something else took it meanwhile.
      async (thrown: unknown) => {
        if (port === undefined) throw thrown;
        return await SignalingServer.listen({ clock });
      },
    );
    if (port === undefined) this.#rememberPort(server.port);
    return server;
  }

  /** On a disk that is full peers find this computer all the same, until it starts again. */
  #rememberPort(signalingPort: number): void {
    const { settings, emit } = this.#options;
    try {
      settings.save({ ...settings.get(), signalingPort });
    } catch (thrown) {
      const { code, message } = toPortholeError(thrown);
      emit({ kind: 'notice', level: 'warn', code, text: message });
    }
  }
}
