/**
 * The composition root: the only module of the engine that a shell calls (types of what the events
 * tell come from where they are defined, stores from `store/`). It joins the parts to what a person
 * wants: share a target, pair with a device, use what it shares.
 *
 * Invariant: everything it opens is closed by `close()`, and what happened is told through its
 * events, never through a log.
 */
import type {
  CallParams,
  EngineEvent,
  ForwardView,
  ListeningPort,
  MetricsSample,
  PeerView,
  RendezvousView,
  ShareView,
} from '../shared/contract.ts';
import type { Clock } from '../shared/clock.ts';
import { portholeError, toPortholeError } from '../shared/errors.ts';
import type { PortholeError } from '../shared/errors.ts';
import {
  CALL_TIMEOUT_MS,
  DEVICE_NAME_BYTES_MAX,
  FINISHED_INVITES_MAX,
  FIRST_SHARES_MS,
  HOLD_DEFAULT_MS,
} from '../shared/limits.ts';
import type { TurnServer } from './carrier/ice-server.ts';
import { releaseDataChannels } from './carrier/native-channel.ts';
import { parseStunUrl } from '../shared/ice-url.ts';
import type { Reach } from './link/reach.ts';
import { SystemWatch } from './noticing/system-watch.ts';
import { cutName } from './pairing/device-name.ts';
import { deviceIdOf, shortDeviceId } from './pairing/identity.ts';
import { parseCode } from './pairing/invite.ts';
import type { InviteRoom } from './pairing/invite-room.ts';
import { Connectors } from './peers/connectors.ts';
import { hostInvite } from './peers/host-invite.ts';
import { hostOffline } from './peers/host-offline.ts';
import type { HostOptions } from './peers/host-offline.ts';
import { joinInvite } from './peers/join-invite.ts';
import { joinOffline } from './peers/join-offline.ts';
import type { PairingTalk } from './peers/pairing-talk.ts';
import type { PeerConnection } from './peers/peer-connection.ts';
import { PeerSet } from './peers/peer-set.ts';
import { listeningView } from './service/listening-view.ts';
import { PortLookout } from './service/listening-ports/port-lookout.ts';
import { requireFreePort } from './service/local-port.ts';
import { ShareBook } from './service/share-book.ts';
import { ShareDesk } from './service/share-desk.ts';
import { MeetingPlaces } from './signaling/meeting-places.ts';
import type { DataFolder } from './store/open-data-folder.ts';
import type { Settings } from './store/settings-store.ts';
import { systemClock } from './system-clock.ts';

/**
 * What a process is for.
 *   keep     everything of this user: kept shares, forwards, all peers (the daemon)
 *   share    its own shares, as long as it runs, for all peers
 *   forward  the forwards to the peers it is told to use
 */
export type Purpose = 'keep' | 'share' | 'forward';

export interface EngineOptions {
  readonly data: DataFolder;
  readonly purpose: Purpose;
  /** Name of this device, as peers see it. */
  readonly deviceName: string;
  /** `ws://` or `wss://` URLs. */
  readonly rendezvous: readonly string[];
  /** `stun:HOST` or `stun:HOST:PORT`; else the constructor throws E_USAGE. */
  readonly stun: readonly string[];
  /** @default none */
  readonly turn?: readonly TurnServer[];
  readonly emit: (event: EngineEvent) => void;
  /** Ports of this process besides the engine's own, which are never shared either. @default none */
  readonly ownPorts?: () => ReadonlySet<number>;
  /** @default the real one */
  readonly clock?: Clock;
  /** Time of day, ms since 1970. @default Date.now */
  readonly timeOfDay?: () => number;
}

/** Lets go of what all engines of a process share. Call it once, last, before the process ends. */
export function releaseEngine(): void {
  releaseDataChannels();
}

export class Engine {
  readonly #options: EngineOptions;
  readonly #clock: Clock;
  readonly #book: ShareBook;
  readonly #shares: ShareDesk;
  readonly #peers: PeerSet;
  readonly #connectors: Connectors;
  readonly #places: MeetingPlaces;
  readonly #finishedInvites: InviteRoom[] = [];
  #watch: SystemWatch | undefined;
  readonly #listeningPorts: PortLookout;
  #deviceName: string;
  #metAt: 'nowhere' | 'rendezvous' | 'everywhere' = 'nowhere';
  /** Aborted by `close()`. */
  readonly #life = new AbortController();

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#deviceName = options.deviceName;
    const { data, purpose, stun, turn = [], emit } = options;
    const identity = data.identity();
    const timeOfDay = options.timeOfDay ?? Date.now;
    this.#clock = options.clock ?? systemClock;
    this.#connectors = new Connectors({
      clock: this.#clock,
      iceServers: [
        ...stun.map((url) => ({ kind: 'stun' as const, ...parseStunUrl(url) })),
        ...turn,
      ],
    });
    this.#places = new MeetingPlaces({
      clock: this.#clock,
      settings: data.settings,
      rendezvous: options.rendezvous,
      emit,
      timeOfDay,
      publicKey: identity.publicKey,
    });
    this.#listeningPorts = new PortLookout(this.#clock, () => this.#ownPorts());
    this.#book = new ShareBook({
      clock: this.#clock,
      random: Math.random,
      ownPorts: () => this.#ownListeners(),
      events: {
        onChanged: (id) => this.#peers.onShareChanged(id),
        onHealth: (id, health) => this.#tellHealth(id, health),
      },
    });
    this.#shares = new ShareDesk({
      store: data.shares,
      book: this.#book,
    });
    this.#peers = new PeerSet({
      context: {
        clock: this.#clock,
        random: Math.random,
        timeOfDay,
        identity,
        holdMs: holdMsOf(data.settings.get()),
        connectors: this.#connectors,
        deviceName: () => this.#deviceName,
      },
      store: data.peers,
      book: this.#book,
      forwards: purpose === 'share' ? 'none' : 'open',
      rendezvous: this.#places.rendezvousEndpoints,
      reach: () => this.#reach(),
      seek: (peer, found) => this.#places.seek(peer, found),
      emit,
    });
  }

  /** Short device id of this computer. */
  get device(): string {
    return shortDeviceId(this.#peers.context.identity.deviceId);
  }

  get deviceName(): string {
    return this.#deviceName;
  }

  /** Calls this device by another name; peers that are connected hear of it at once. */
  setDeviceName(name: string): void {
    this.#deviceName = name;
    for (const peer of this.#peers.all()) peer.announceReach();
  }

  /** The whole device id of this computer. */
  get deviceId(): string {
    return this.#peers.context.identity.deviceId;
  }

  /** `offline`: no network is up but the loopback interface. */
  get network(): 'online' | 'offline' {
    return this.#watch?.isOnline === false ? 'offline' : 'online';
  }

  /** How the rendezvous servers stand. */
  rendezvous(): RendezvousView[] {
    return this.#places.rendezvousViews();
  }

  /**
   * What programs of this user listen on, but for this process. Looked at no more often than every
   * LISTENING_FRESH_MS. Rejects with E_PORTS_UNREADABLE.
   */
  async listening(): Promise<ListeningPort[]> {
    const ports = await this.#listeningPorts.look();
    const shares = this.shares();
    return ports.map((port) => listeningView(port, shares));
  }

  /** Counters of everything, as they are now. */
  metrics(): MetricsSample {
    const peers = this.#peers.all();
    return {
      at: this.#clock.now(),
      shares: this.#shares.traffic(),
      forwards: peers.flatMap((peer) => peer.forwardTraffic()),
      peers: peers.map(({ id, traffic, roundTripMs, loss }) => ({
        id,
        ...traffic,
        roundTripMs,
        loss,
      })),
    };
  }

  /** Connections open now, of all peers. */
  get connections(): number {
    return this.#peers.all().reduce((sum, peer) => sum + peer.liveSockets, 0);
  }

  /** Begins what the process is for. */
  async start(): Promise<void> {
    this.#places.watch();
    this.#connectors.refresh();
    this.#watch = this.#watchSystem();
    if (this.#options.purpose === 'forward') this.#meetPeers('rendezvous');
    if (this.#options.purpose !== 'keep') return;
    this.#tellAll(this.#shares.restore());
    await this.#connectAll();
  }

  /** This computer slept, or its network is another one: everything has to prove itself. */
  onResume(): void {
    // Before any peer is called: what answered there may be out of reach here.
    this.#connectors.refresh();
    this.#places.onNetworkChanged();
    this.#peers.onEnvironment();
  }

  /** Ends every link, invite and listener; resolves when nothing of this engine is left. */
  async close(): Promise<void> {
    this.#life.abort(portholeError('E_UNREACHABLE', { reason: 'it was stopped' }));
    this.#watch?.close();
    this.#listeningPorts.close();
    this.#book.close();
    for (const room of this.#finishedInvites.splice(0)) room.close();
    this.#connectors.close();
    await this.#peers.close();
    await this.#places.close();
  }

  // ── Shares ──────────────────────────────────────────────────────────────────────────────────

  shares(): ShareView[] {
    return this.#shares.views();
  }

  /**
   * A command that shares meets its peers once it has something for them. Rejects with E_TARGET_…,
   * E_LAN_TARGET, E_PEER_UNKNOWN or E_DATA_DIR.
   */
  async share({ target, name, peers, lan }: CallParams<'share'>): Promise<ShareView> {
    const chosen = peers.map((peer) => this.#peers.find(peer).deviceId);
    const record = await this.#shares.add({
      target,
      name,
      lan,
      access:
        chosen.length === 0 ? { kind: 'everyone', except: [] } : { kind: 'chosen', peers: chosen },
      lifetime: this.#options.purpose === 'keep' ? 'kept' : 'command',
    });
    if (this.#options.purpose === 'share' && this.#peers.all().length > 0) await this.#connectAll();
    return this.#shares.view(record);
  }

  /** Ends a share at once, open connections too. Throws E_SHARE_UNKNOWN. */
  unshare({ share }: CallParams<'unshare'>): ShareView {
    const record = this.#shares.find(share);
    const view = this.#shares.view(record);
    this.#shares.remove(record);
    return { ...view, state: 'stopped' };
  }

  /** `paused`: nobody can use any share. */
  get sharing(): 'on' | 'paused' {
    return this.#shares.sharing;
  }

  /** Pauses a share, and returns it, or all of them; open connections end at once. Throws E_SHARE_UNKNOWN or E_DATA_DIR. */
  pause({ share }: CallParams<'pause'>): ShareView | undefined {
    if (share === null) {
      this.#shares.pauseAll();
      return undefined;
    }
    return this.#shares.view(this.#shares.pause(this.#shares.find(share)));
  }

  /** Throws E_SHARE_UNKNOWN, E_DATA_DIR, or what no longer lets a target be shared. */
  resume({ share }: CallParams<'resume'>): ShareView | undefined {
    if (share === null) {
      this.#tellAll(this.#shares.resumeAll());
      return undefined;
    }
    return this.#shares.view(this.#shares.resume(this.#shares.find(share)));
  }

  grant({ peer, share }: CallParams<'grant'>): { peer: PeerView; share: ShareView } {
    const connection = this.#peers.find(peer);
    const record = this.#shares.grant(this.#shares.find(share), connection.deviceId);
    return { peer: connection.view(), share: this.#shares.view(record) };
  }

  /** The peer's open connections to the share end at once. */
  revoke({ peer, share }: CallParams<'revoke'>): { peer: PeerView; share: ShareView } {
    const connection = this.#peers.find(peer);
    const record = this.#shares.revoke(this.#shares.find(share), connection.deviceId);
    return { peer: connection.view(), share: this.#shares.view(record) };
  }

  // ── Peers ───────────────────────────────────────────────────────────────────────────────────

  peers(): PeerView[] {
    return this.#peers.all().map((peer) => peer.view());
  }

  /** Calls a peer now, without waiting for the next try. Throws E_PEER_UNKNOWN or E_REMOVED. */
  reconnect({ peer }: CallParams<'reconnect'>): PeerView {
    const connection = this.#peers.find(peer);
    if (connection.record.trust === 'removed') {
      throw portholeError('E_REMOVED', { peer: connection.name });
    }
    this.#peers.activate(connection);
    connection.reconnect();
    return connection.view();
  }

  /** Calls a peer by another name on this computer. Throws E_PEER_UNKNOWN or E_DATA_DIR. */
  rename({ peer, name }: CallParams<'rename'>): PeerView {
    const connection = this.#peers.find(peer);
    connection.rename(cutName(name, DEVICE_NAME_BYTES_MAX));
    return connection.view();
  }

  /** Ends the link with a peer and forgets it. Throws E_PEER_UNKNOWN. */
  forget({ peer }: CallParams<'forget'>): PeerView {
    const connection = this.#peers.find(peer);
    const view = connection.view();
    this.#peers.forget(connection);
    this.#shares.forgetDevice(connection.deviceId);
    return { ...view, state: 'removed' };
  }

  // ── Forwards ────────────────────────────────────────────────────────────────────────────────

  forwards(): ForwardView[] {
    return this.#peers.all().flatMap((peer) => peer.forwardViews());
  }

  /** Opens a forward to a peer's share. Rejects with E_PEER_…, E_REMOVED, E_SHARE_UNKNOWN, E_PORT_BUSY or E_PORT_PRIVILEGED. */
  async connect({ peer, share, localPort }: CallParams<'connect'>): Promise<ForwardView> {
    const connection = this.#peers.find(peer);
    if (connection.record.trust === 'removed') {
      throw portholeError('E_REMOVED', { peer: connection.name });
    }
    this.#peers.activate(connection);
    await connection.firstShares(connection.isUp ? FIRST_SHARES_MS : CALL_TIMEOUT_MS);
    return await this.#openForward(connection, share, localPort ?? undefined);
  }

  /** Closes a forward for good. Throws E_FORWARD_UNKNOWN or E_AMBIGUOUS. */
  disconnect({ forward }: CallParams<'disconnect'>): ForwardView {
    const { connection, view } = this.#findForward(forward);
    connection.forwards?.disconnect(view.share);
    return view;
  }

  // ── Pairing ─────────────────────────────────────────────────────────────────────────────────

  /** Makes an invite and waits for the device that uses it; see `hostInvite` and `hostOffline`. */
  async invite(params: CallParams<'invite'>, asking: PairingTalk): Promise<PeerView> {
    const { mode, trust, grant, forwards = 'chosen' } = params;
    const share = grant === null ? undefined : this.#shares.find(grant);
    const pairing = {
      peers: this.#peers,
      trust,
      talk: this.#whileOpen(asking),
      onStored: (deviceId: string) => {
        this.#shares.grantIfShared(share?.id, deviceId);
        if (forwards === 'all') this.#peers.get(deviceId)?.wantAllShares();
      },
    };
    // By hand too: the new peer is told where it finds this device the next time.
    await this.#listen();
    const connection =
      mode === 'offline' ? await hostOffline(pairing) : await this.#inviteOnline(pairing);
    // Its list says that it has stored us; a process that ends now would leave it in doubt.
    await connection.firstShares(FIRST_SHARES_MS);
    return connection.view();
  }

  /**
   * Pairs with the device a code came from; its shares become forwards. Resolves when the first of
   * them are open. Rejects with E_INVITE_…, E_VERSION, E_OWN_INVITE, E_UNREACHABLE, E_IDENTITY,
   * E_DIGITS_DIFFER or, before the code is touched, E_PORT_BUSY or E_PORT_PRIVILEGED.
   */
  async join(params: CallParams<'join'>, asking: PairingTalk): Promise<PeerView> {
    const talk = this.#whileOpen(asking);
    const code = parseCode(params.code, this.#peers.context.timeOfDay());
    const { publicKey, name } = code.invite;
    const deviceId = deviceIdOf(publicKey);
    const { trust, localPort } = params;
    if (deviceId === this.#peers.context.identity.deviceId) throw portholeError('E_OWN_INVITE');
    if (localPort !== null) await requireFreePort(localPort);
    talk.emit({ kind: 'connecting', peer: shortDeviceId(deviceId), peerName: name });
    const joining = { peers: this.#peers, trust, talk, localPort: localPort ?? undefined };
    const connection =
      code.kind === 'offline'
        ? await joinOffline({ ...joining, code })
        : await joinInvite({ ...joining, invite: code.invite });
    await connection.firstShares(FIRST_SHARES_MS);
    return connection.view();
  }

  async #inviteOnline(pairing: HostOptions): Promise<PeerConnection> {
    return await hostInvite({
      ...pairing,
      rooms: this.#places.rooms(),
      endpoints: this.#places.endpoints(),
      settled: () => this.#places.settled(),
      finished: (room) => this.#finished(room),
    });
  }

  /** The talk, ended by `close()` too. */
  #whileOpen(talk: PairingTalk): PairingTalk {
    return {
      signal: AbortSignal.any([talk.signal, this.#life.signal]),
      emit: (event) => talk.emit(event),
      nextInput: () => talk.nextInput(),
    };
  }

  #finished(room: InviteRoom): void {
    if (this.#life.signal.aborted) return room.close();
    this.#finishedInvites.push(room);
    if (this.#finishedInvites.length > FINISHED_INVITES_MAX) this.#finishedInvites.shift()?.close();
  }

  #tellAll(errors: readonly PortholeError[]): void {
    for (const { code, message } of errors) {
      this.#options.emit({ kind: 'notice', level: 'warn', code, text: message });
    }
  }

  #watchSystem(): SystemWatch {
    return new SystemWatch({
      clock: this.#clock,
      timeOfDay: this.#peers.context.timeOfDay,
      events: {
        onWoke: () => this.onResume(),
        onNetworkChanged: () => this.onResume(),
      },
    });
  }

  async #connectAll(): Promise<void> {
    await this.#listen();
    for (const peer of this.#peers.all()) this.#peers.activate(peer);
  }

  async #listen(): Promise<void> {
    await this.#places.listen();
    this.#meetPeers('everywhere');
  }

  /** Lets peers call us; a process that only forwards opens no port for that. */
  #meetPeers(where: 'rendezvous' | 'everywhere'): void {
    if (this.#metAt === where || this.#metAt === 'everywhere') return;
    this.#metAt = where;
    const own = this.#peers.context.identity.deviceId;
    this.#peers.listen((peer) => this.#places.roomsFor(own, peer));
  }

  async #openForward(connection: PeerConnection, share: string, localPort: number | undefined) {
    try {
      return await connection.connect(share, localPort);
    } catch (thrown) {
      const isUnknown = toPortholeError(thrown).code === 'E_SHARE_UNKNOWN';
      if (!isUnknown || connection.isUp) throw thrown;
      throw portholeError('E_PEER_OFFLINE', { peer: connection.name }, { cause: thrown });
    }
  }

  /** Where this process takes calls and shows its page: nothing may lead there. */
  #ownListeners(): ReadonlySet<number> {
    return new Set([...this.#places.ports(), ...(this.#options.ownPorts?.() ?? [])]);
  }

  /** Whatever this process listens on. */
  #ownPorts(): ReadonlySet<number> {
    const local = this.forwards().map((forward) => Number(forward.local.split(':')[1]));
    return new Set([...this.#ownListeners(), ...local]);
  }

  #reach(): Reach {
    const { endpoints, rendezvous } = this.#places.reach();
    return { endpoints, rendezvous, name: this.#deviceName };
  }

  #tellHealth(id: string, health: 'up' | 'down'): void {
    const share = this.#shares.views().find((view) => view.id === id);
    if (share === undefined) return;
    const { name, target } = share;
    this.#options.emit({ kind: 'health', share: id, name, target, health });
  }

  #findForward(text: string): { connection: PeerConnection; view: ForwardView } {
    const all = this.#peers
      .all()
      .flatMap((connection) => connection.forwardViews().map((view) => ({ connection, view })));
    const wanted = text.trim();
    const found = all.filter(({ view }) =>
      [view.local, view.local.split(':')[1], view.share, view.name].includes(wanted),
    );
    const [only] = found;
    if (only === undefined) throw portholeError('E_FORWARD_UNKNOWN', { forward: text });
    if (found.length > 1) {
      const choices = found.map(({ view }) => view.local).join(', ');
      throw portholeError('E_AMBIGUOUS', { name: text, choices });
    }
    return only;
  }
}

function holdMsOf({ holdSeconds }: Settings): number {
  return holdSeconds === undefined ? HOLD_DEFAULT_MS : holdSeconds * 1000;
}
