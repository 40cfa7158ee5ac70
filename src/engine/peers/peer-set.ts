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
import type { Reach } from '../link/reach.ts';
import { ChannelAuthenticator } from '../pairing/channel-authenticator.ts';
import type { Comparison, PairedPeer, PairingTrust } from '../pairing/channel-authenticator.ts';
import { deviceIdOf } from '../pairing/identity.ts';
import type { PairingKeys } from '../pairing/keys.ts';
import type { ShareBook } from '../service/share-book.ts';
import { ForwardSet } from '../service/forward-set.ts';
import { Session } from '../service/session.ts';
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
  /** Who called. */
  readonly initiator: 'us' | 'peer';
  readonly keys: PairingKeys;
  readonly expectedPublicKey: Uint8Array;
  readonly mode: LinkMode;
  /** The local port a person asked for. */
  readonly localPort?: number | undefined;
  /** Where the peer was met: it may be there again, until it tells better. */
  readonly metAt?: readonly Endpoint[];
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
  readonly emit: (event: EngineEvent) => void;
}

/** See the module header. */
export class PeerSet {
  readonly context: PeerContext;
  readonly #options: PeerSetOptions;
  readonly #connections = new Map<string, PeerConnection>();
  readonly #active = new Set<PeerConnection>();
  readonly #peerRooms = new Map<string, PeerRoom>();
  readonly #sessions = new Set<Session>();
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

  /** Removes a peer for good: its link, its forwards, its key. Throws E_DATA_DIR, and then nothing has changed. */
  forget(connection: PeerConnection): void {
    const { deviceId, id, name, isUp } = connection;
    // First: what cannot be forgotten for good is not forgotten at all, and the person is told.
    this.#options.store.remove(deviceId);
    connection.close('E_REMOVED');
    if (isUp) this.#tellForgotten(id, name);
    this.#closeRoom(deviceId);
    this.#active.delete(connection);
    this.#connections.delete(deviceId);
  }

  #tellForgotten(peer: string, peerName: string): void {
    const { emit } = this.#options;
    emit({ kind: 'link', peer, peerName, state: 'closed', path: 'datachannel', reason: '' });
  }

  /** Resolves when every link is over; none begins from then on. */
  async close(): Promise<void> {
    this.#state = 'closed';
    for (const deviceId of this.#peerRooms.keys()) this.#closeRoom(deviceId);
    for (const connection of this.#connections.values()) connection.close();
    const sessions = [...this.#sessions];
    for (const session of sessions) session.close();
    await Promise.all(sessions.map(({ ended }) => ended));
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
    const { book, emit } = this.#options;
    const deviceId = deviceIdOf(request.expectedPublicKey);
    const connection = (): PeerConnection | undefined => this.#connections.get(deviceId);
    const session: Session = new Session({
      carrier,
      clock: this.context.clock,
      authenticator: this.#authenticator(carrier, request),
      book,
      forwardsFor: () => connection()?.forwards,
      events: {
        onReady: () => this.#ready(deviceId, session, request),
        onShares: () => connection()?.onShares(session),
        onReach: (reach) => connection()?.onReach(session, reach),
        onSocketRefused: (code) => {
          const peer = connection();
          if (peer === undefined) return;
          emit({ kind: 'refused', peer: peer.id, peerName: peer.name, code });
        },
        onClosed: (cause) => connection()?.onClosed(session, cause),
      },
    });
    this.#sessions.add(session);
    void session.ended.then(() => this.#sessions.delete(session));
    const onCancelled = (): void =>
      session.close(request.mode.kind === 'pair' ? farewellOf(cancelled.reason) : undefined);
    cancelled.addEventListener('abort', onCancelled, { once: true });
    if (cancelled.aborted) onCancelled();
    await session.ready.finally(() => cancelled.removeEventListener('abort', onCancelled));
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

  #ready(deviceId: string, session: Session, request: LinkRequest): 'adopted' | 'turned-away' {
    const connection = this.#known(deviceId);
    if (request.mode.kind === 'peer') connection.confirm();
    const origin = request.mode.kind === 'peer' ? 'call' : 'pairing';
    const outcome = connection.adopt({ session, initiator: request.initiator, origin });
    this.activate(connection);
    return outcome;
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
    const { store, context, forwards, reach, emit } = this.#options;
    const connection = new PeerConnection({
      deviceId,
      context,
      store,
      forwards: forwards === 'open' ? this.#forwardSet(deviceId) : undefined,
      reach,
      emit,
      canCall: (record) => this.#endpointsOf(record).length > 0,
      call: (record, signal) => this.#call(record, signal),
    });
    this.#connections.set(deviceId, connection);
    return connection;
  }

  // ── Calls ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Where it was last, and the rendezvous servers, ours and those it told, where it waits for us if
   * it has the larger id.
   */
  #endpointsOf({ deviceId, endpoints, rendezvous = [] }: PeerRecord): readonly Endpoint[] {
    if (compareDeviceIds(this.context.identity.deviceId, deviceId) > 0) return endpoints;
    const told = rendezvous.flatMap((url) => serverOf(url) ?? []);
    const all = [...endpoints, ...this.#options.rendezvous, ...told];
    return [...new Map(all.map((endpoint) => [endpointUrl(endpoint), endpoint])).values()];
  }

  async #call(record: PeerRecord, signal: AbortSignal): Promise<void> {
    const { clock, connectors, identity, deviceName } = this.context;
    await callPeer({
      record,
      endpoints: this.#endpointsOf(record),
      clock,
      connectors,
      identity,
      name: deviceName(),
      signal,
      timeOfDay: this.context.timeOfDay,
      useCarrier: async (carrier, keys, cancelled) => {
        await this.openLink(carrier, this.#peerRequest(record, keys, 'us'), cancelled);
      },
    });
  }

  #peerRequest(record: PeerRecord, keys: PairingKeys, initiator: 'us' | 'peer'): LinkRequest {
    return {
      role: initiator === 'us' ? 'answerer' : 'offerer',
      initiator,
      keys,
      expectedPublicKey: record.publicKey,
      mode: { kind: 'peer' },
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
          request: this.#peerRequest(record, keys, 'peer'),
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
