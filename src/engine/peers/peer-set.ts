/**
 * All paired devices of this one, and the only place where a carrier becomes a link.
 *
 * Invariant: a link is adopted only after its peer proved the key that was expected, and is then
 * stored; nothing of a peer is left after `forget`.
 */
import type { EngineEvent } from '../../shared/contract.ts';
import { PortholeError, portholeError } from '../../shared/errors.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { compareDeviceIds } from '../../shared/device-id.ts';
import type { Carrier } from '../carrier/carrier.ts';
import type { Authenticator, PeerIdentity } from '../link/authenticator.ts';
import { Lane } from '../link/lane.ts';
import type { LaneReceiver } from '../link/lane.ts';
import type { CallAttempt } from '../link/peer-caller.ts';
import type { LanePurpose } from '../link/peer-link.ts';
import type { Reach } from '../link/reach.ts';
import { ChannelAuthenticator } from '../pairing/channel-authenticator.ts';
import type { Comparison, PairedPeer, PairingTrust } from '../pairing/channel-authenticator.ts';
import { deviceIdOf } from '../pairing/identity.ts';
import { derivePeerKeys } from '../pairing/keys.ts';
import type { PairingKeys } from '../pairing/keys.ts';
import type { ShareBook } from '../service/share-book.ts';
import { ForwardSet } from '../service/forward-set.ts';
import { endpointUrl } from '../signaling/endpoint.ts';
import type { Endpoint } from '../signaling/endpoint.ts';
import type { RoomRegistry } from '../signaling/server.ts';
import type { PeerRecord } from '../store/peer-record.ts';
import type { PeerStore } from '../store/peer-store.ts';
import { callPeer } from './call-peer.ts';
import { serverOf } from './dialable.ts';
import { findNamed } from './find-named.ts';
import { ForwardReporter } from './forward-reporter.ts';
import { makeOffer } from './make-offer.ts';
import { PeerConnection } from './peer-connection.ts';
import type { PeerContext } from './peer-context.ts';
import { PeerRoom } from './peer-room.ts';

/** How the other end is to prove itself, and what comes of it. */
type LinkMode =
  | {
      readonly kind: 'pair';
      readonly trust: PairingTrust;
      readonly ask: (comparison: Comparison) => Promise<boolean>;
      /** The peer is stored, and nothing is shared with it yet; what it throws ends the link. */
      readonly onStored: (deviceId: string) => void;
    }
  | { readonly kind: 'peer' };

export interface LinkRequest {
  readonly role: 'offerer' | 'answerer';
  readonly keys: PairingKeys;
  readonly expectedPublicKey: Uint8Array;
  readonly mode: LinkMode;
  /** The local port a person asked for. */
  readonly localPort?: number | undefined;
  /** Where the peer was met: it may be there again, until it tells better. */
  readonly metAt?: readonly Endpoint[];
  /** What the carrier is for. */
  readonly purpose: LanePurpose;
  /** The peer is authenticated; what it throws ends the link. */
  readonly onProved: (peer: PeerIdentity) => void;
}

export interface PeerSetOptions {
  readonly context: PeerContext;
  readonly store: PeerStore;
  readonly book: ShareBook;
  /** Whether the peers' shares get local ports in this process. */
  readonly forwards: 'open' | 'none';
  /** Our rendezvous servers. */
  readonly rendezvous: readonly Endpoint[];
  /** Where this device can be called, as peers should know. */
  readonly reach: () => Reach;
  /** Looks for a peer on the local network, until the function returned is called. */
  readonly seek: (peer: PeerRecord, found: (endpoint: Endpoint) => void) => () => void;
  readonly emit: (event: EngineEvent) => void;
}

/** See the module header. */
export class PeerSet {
  readonly context: PeerContext;
  readonly #options: PeerSetOptions;
  readonly #connections = new Map<string, PeerConnection>();
  readonly #active = new Set<PeerConnection>();
  readonly #peerRooms = new Map<string, PeerRoom>();
  readonly #lanes = new Set<Lane>();
  #rooms: ((peer: PeerRecord) => RoomRegistry) | undefined;
  #state: 'open' | 'closed' = 'open';

  constructor(options: PeerSetOptions) {
    this.#options = options;
    this.context = options.context;
    for (const { deviceId } of options.store.all()) this.#add(deviceId);
  }

  /** In the order they were paired. */
  all(): PeerConnection[] {
    return this.#options.store.all().map(({ deviceId }) => this.#known(deviceId));
  }

  /**
   * The peer a person means: by name, short id or the beginning of an id. Throws E_PEER_UNKNOWN or
   * E_AMBIGUOUS.
   */
  find(text: string): PeerConnection {
    const found = findNamed(text, this.all(), (peer) => peer);
    if (found === undefined) throw portholeError('E_PEER_UNKNOWN', { peer: text });
    return found;
  }

  /** The peer with that device id, if it is paired. */
  get(deviceId: string): PeerConnection | undefined {
    return this.#connections.get(deviceId);
  }

  // ── Life ────────────────────────────────────────────────────────────────────────────────────

  /** Opens the peer's forwards and brings its link back whenever it is down. */
  activate(connection: PeerConnection): void {
    if (this.#active.has(connection)) return;
    this.#active.add(connection);
    void connection.forwards?.restore();
    this.#openRoom(connection);
    connection.keepCalling();
  }

  /** Lets all active peers, now and later, call us in these rooms. */
  listen(rooms: (peer: PeerRecord) => RoomRegistry): void {
    this.#rooms = rooms;
    for (const connection of this.#active) {
      this.#closeRoom(connection.deviceId);
      this.#openRoom(connection);
      connection.announceReach();
    }
  }

  /** This computer woke, or its network is another one: every link has to prove itself. */
  onEnvironment(): void {
    for (const connection of this.#active) connection.onEnvironment();
  }

  /** Removes a peer for good: its link, its forwards, its key. Throws E_DATA_DIR, and then nothing has changed. */
  forget(connection: PeerConnection): void {
    const { deviceId } = connection;
    // First: what cannot be forgotten for good is not forgotten at all, and the person is told.
    this.#options.store.remove(deviceId);
    this.#closeRoom(deviceId);
    this.#active.delete(connection);
    // What its end makes known must not ask for what was stored of it.
    this.#connections.delete(deviceId);
    connection.close('E_REMOVED');
  }

  /** Resolves when every link is over; none begins from then on. */
  async close(): Promise<void> {
    this.#state = 'closed';
    for (const deviceId of this.#peerRooms.keys()) this.#closeRoom(deviceId);
    for (const connection of this.#connections.values()) connection.close();
    const lanes = [...this.#lanes];
    for (const lane of lanes) lane.close();
    await Promise.all(lanes.map(({ ended }) => ended));
  }

  // ── Shares ──────────────────────────────────────────────────────────────────────────────────

  /** A share was added, removed or changed: peers that may not use it any more lose it at once. */
  onShareChanged(shareId: string): void {
    for (const connection of this.#connections.values()) connection.onShareChanged(shareId);
  }

  // ── Links ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Authenticates the other end and runs the link; resolves when it is up, rejects if it never is.
   * Until it is up `cancelled` ends it, with a farewell.
   */
  async openLink(
    carrier: Carrier,
    request: LinkRequest,
    cancelled: AbortSignal,
  ): Promise<PeerConnection> {
    if (this.#state === 'closed') {
      carrier.close();
      throw portholeError('E_UNREACHABLE', { reason: 'it was stopped' });
    }
    const deviceId = deviceIdOf(request.expectedPublicKey);
    const lane = new Lane({
      carrier,
      clock: this.context.clock,
      authenticator: this.#authenticator(carrier, request),
      onReady: (ready) => this.#ready(deviceId, ready, request),
    });
    this.#lanes.add(lane);
    void lane.ended.then(() => this.#lanes.delete(lane));
    const onCancelled = (): void => {
      if (request.mode.kind === 'pair') lane.close(farewellOf(cancelled.reason));
      else lane.cancel();
    };
    cancelled.addEventListener('abort', onCancelled, { once: true });
    if (cancelled.aborted) onCancelled();
    await lane.joined.finally(() => cancelled.removeEventListener('abort', onCancelled));
    return this.#known(deviceId);
  }

  #authenticator(carrier: Carrier, request: LinkRequest): Authenticator {
    const { identity, deviceName } = this.context;
    const { role, keys, expectedPublicKey, mode, onProved } = request;
    return new ChannelAuthenticator({
      identity,
      name: deviceName(),
      role,
      keys,
      expectedPublicKey,
      binding: carrier.binding,
      mode:
        mode.kind === 'peer'
          ? { kind: 'peer', onProved }
          : {
              kind: 'pair',
              trust: mode.trust,
              onProved,
              onCompare: mode.ask,
              onPaired: async (paired) => {
                this.#paired(paired, request);
                mode.onStored(paired.peer.deviceId);
              },
            },
    });
  }

  /** Both sides said yes. What it throws ends the link. */
  #paired({ peer, pairKey }: PairedPeer, request: LinkRequest): void {
    const { role } = request;
    const { deviceId, publicKey, name } = peer;
    const { store, emit } = this.#options;
    const before = store.get(deviceId);
    const mode = role === 'answerer' ? 'all' : 'chosen';
    store.put({
      endpoints: [...(request.metAt ?? [])],
      rendezvous: [],
      forwards: { mode, entries: [], declined: [] },
      lastSeen: null,
      ...before,
      ...(role === 'answerer' && before ? { forwards: { ...before.forwards, mode } } : {}),
      deviceId,
      publicKey,
      name,
      pairKey,
      pairedAt: this.context.timeOfDay(),
      trust: 'unconfirmed',
    });
    const connection = this.#connections.get(deviceId) ?? this.#add(deviceId);
    // Its room has another key from now on.
    this.#closeRoom(deviceId);
    if (this.#active.has(connection)) this.#openRoom(connection);
    if (role === 'answerer') connection.forwards?.wantAll(request.localPort);
    emit({ kind: 'paired', peer: connection.id, peerName: name });
  }

  #ready(deviceId: string, lane: Lane, { mode, purpose }: LinkRequest): LaneReceiver {
    const connection = this.#known(deviceId);
    if (mode.kind === 'peer') connection.confirm();
    const receiver = connection.take(lane, purpose);
    this.activate(connection);
    return receiver;
  }

  #known(deviceId: string): PeerConnection {
    const connection = this.#connections.get(deviceId);
    if (connection === undefined) throw portholeError('E_INTERNAL', { reason: 'peer is gone' });
    return connection;
  }

  #forwardSet(deviceId: string): ForwardSet {
    const { store, context, emit } = this.#options;
    const { mode, entries, declined } = (store.get(deviceId) as PeerRecord).forwards;
    const connection = (): PeerConnection | undefined => this.#connections.get(deviceId);
    const events = new ForwardReporter({ connection, store, emit });
    return new ForwardSet({ clock: context.clock, mode, entries, declined, events });
  }

  #add(deviceId: string): PeerConnection {
    const { store, book, context, forwards, reach, seek, emit } = this.#options;
    const connection = new PeerConnection({
      deviceId,
      context,
      store,
      book,
      forwards: forwards === 'open' ? this.#forwardSet(deviceId) : undefined,
      reach,
      seek,
      emit,
      canCall: (record) => this.#endpointsOf(record).length > 0,
      call: (record, attempt) => this.#call(record, attempt),
      openLane: async (record, carrier, { role, day, purpose }, cancelled) => {
        const request = { ...this.#requestOn(day, record, role), purpose };
        await this.openLink(carrier, request, cancelled);
      },
    });
    this.#connections.set(deviceId, connection);
    return connection;
  }

  // ── Calls ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Where it is said to be near, where it was last, and the rendezvous servers, ours and those it
   * told, where it waits for us if it has the larger id.
   */
  #endpointsOf({ deviceId, endpoints, rendezvous = [] }: PeerRecord): readonly Endpoint[] {
    const near = [...(this.get(deviceId)?.nearby ?? []), ...endpoints];
    const isFirst = compareDeviceIds(this.context.identity.deviceId, deviceId) < 0;
    const servers = [
      ...this.#options.rendezvous,
      ...rendezvous.flatMap((url) => serverOf(url) ?? []),
    ];
    const all = isFirst ? [...near, ...servers] : near;
    return [...new Map(all.map((endpoint) => [endpointUrl(endpoint), endpoint])).values()];
  }

  async #call(record: PeerRecord, attempt: CallAttempt): Promise<void> {
    const { clock, connectors, identity, deviceName } = this.context;
    await callPeer({
      record,
      endpoints: this.#endpointsOf(record),
      clock,
      connectors,
      identity,
      name: deviceName(),
      ...attempt,
      timeOfDay: this.context.timeOfDay,
      useCarrier: async (carrier, keys, cancelled) => {
        await this.openLink(carrier, this.#peerRequest(record, keys, 'answerer'), cancelled);
      },
    });
  }

  #requestOn(day: number, record: PeerRecord, role: LinkRequest['role']): LinkRequest {
    return this.#peerRequest(record, derivePeerKeys(record.pairKey, day), role);
  }

  #peerRequest(record: PeerRecord, keys: PairingKeys, role: LinkRequest['role']): LinkRequest {
    return {
      role,
      keys,
      expectedPublicKey: record.publicKey,
      mode: { kind: 'peer' },
      purpose: 'call',
      onProved: () => {},
    };
  }

  #openRoom(connection: PeerConnection): void {
    const { deviceId, record } = connection;
    if (this.#rooms === undefined || this.#peerRooms.has(deviceId)) return;
    const room = new PeerRoom({
      pairKey: record.pairKey,
      publicKey: record.publicKey,
      clock: this.context.clock,
      rooms: this.#rooms(record),
      timeOfDay: this.context.timeOfDay,
      makeOffer: (keys) =>
        makeOffer({
          peers: this,
          request: this.#peerRequest(record, keys, 'offerer'),
          onLink: () => {},
          onFailed: () => {},
        }),
      onFailed: ({ code, message }) =>
        this.#options.emit({ kind: 'notice', level: 'warn', code, text: message }),
    });
    this.#peerRooms.set(deviceId, room);
  }

  #closeRoom(deviceId: string): void {
    this.#peerRooms.get(deviceId)?.close();
    this.#peerRooms.delete(deviceId);
  }
}

/** What the other side is told of why a pairing was cancelled here. */
function farewellOf(reason: unknown): ErrorCode {
  const isUsed = reason instanceof PortholeError && reason.code === 'E_INVITE_USED';
  return isUsed ? 'E_INVITE_USED' : 'E_INVITE_CANCELLED';
}
