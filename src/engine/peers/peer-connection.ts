/**
 * One paired device as this one knows it: its link, what runs over it, and what is stored of it.
 *
 * Invariant: at most one link; what it says of itself is told once, and stored where it outlives the
 * process.
 */
import { isDeepStrictEqual } from 'node:util';
import type { EngineEvent, ForwardView, MetricsSample, PeerView } from '../../shared/contract.ts';
import type { CancelTimer } from '../../shared/clock.ts';
import { portholeError, toPortholeError } from '../../shared/errors.ts';
import type { ErrorCode, PortholeError } from '../../shared/errors.ts';
import { NUDGE_PATIENCE_MS } from '../../shared/limits.ts';
import type { Carrier } from '../carrier/carrier.ts';
import type { Lane, LaneReceiver } from '../link/lane.ts';
import type { LinkState } from '../link/link-states.ts';
import type { LaneSignal, SharedService } from '../link/link.ts';
import type { CallAttempt } from '../link/peer-caller.ts';
import { PeerLink } from '../link/peer-link.ts';
import type { LanePurpose } from '../link/peer-link.ts';
import type { Reach } from '../link/reach.ts';
import { dialable } from './dialable.ts';
import { shortDeviceId } from '../pairing/identity.ts';
import { protocolViolation } from '../protocol/frame.ts';
import type { ForwardSet } from '../service/forward-set.ts';
import { Session } from '../service/session.ts';
import type { ShareBook } from '../service/share-book.ts';
import type { Endpoint } from '../signaling/endpoint.ts';
import { NO_TRAFFIC, sumOfTraffic } from '../tunnel/meter.ts';
import type { Traffic } from '../tunnel/meter.ts';
import { nameOf } from '../store/peer-record.ts';
import type { PeerRecord } from '../store/peer-record.ts';
import type { PeerStore } from '../store/peer-store.ts';
import { LaneMaker } from './lane-maker.ts';
import type { NewLane } from './lane-maker.ts';
import { Nearby } from './nearby.ts';
import type { PeerContext } from './peer-context.ts';

export interface PeerConnectionOptions {
  readonly deviceId: string;
  readonly context: PeerContext;
  readonly store: PeerStore;
  readonly book: ShareBook;
  readonly forwards: ForwardSet | undefined;
  /** One call; resolves when the link is up. */
  readonly call: (record: PeerRecord, attempt: CallAttempt) => Promise<void>;
  /** Looks for the peer on the local network, until the function returned is called. */
  readonly seek: (record: PeerRecord, found: (endpoint: Endpoint) => void) => () => void;
  /** Authenticates one more carrier of a link that is up, and has it join. */
  readonly openLane: (
    record: PeerRecord,
    carrier: Carrier,
    lane: NewLane,
    cancelled: AbortSignal,
  ) => Promise<void>;
  /** Whether there is any way to call this peer. */
  readonly canCall: (record: PeerRecord) => boolean;
  /** Where this device can be called, as the peer should know. */
  readonly reach: () => Reach;
  readonly emit: (event: EngineEvent) => void;
}

/** See the module header. */
export class PeerConnection {
  readonly deviceId: string;
  /** Short device id. */
  readonly id: string;
  readonly #options: PeerConnectionOptions;
  readonly #link: PeerLink;
  readonly #session: Session;
  readonly #maker: LaneMaker;
  readonly #nearby: Nearby;
  readonly #sharesArrived = new Set<() => void>();
  #hasShares: 'not-yet' | 'yes' = 'not-yet';
  #toldName = '';
  #cancelTelling: CancelTimer = () => {};
  #told: 'connecting' | 'up' | 'held' | 'closed' | undefined;
  /** What keeps it from being reached, where a person can do something about it; told once. */
  #obstacle: ErrorCode | undefined;
  /** Since when there has been no carrier, ms since 1970. */
  #since: number | undefined;

  constructor(options: PeerConnectionOptions) {
    this.#options = options;
    const { deviceId, context, book, forwards } = options;
    this.deviceId = deviceId;
    this.id = shortDeviceId(deviceId);
    this.#session = new Session({ deviceId, book, forwards, link: () => this.#link });
    this.#maker = new LaneMaker({
      clock: context.clock,
      connectors: context.connectors,
      timeOfDay: context.timeOfDay,
      sendOffer: (value) => this.#link.session?.signalLane({ case: 'laneOffer', value }),
      sendAnswer: (value) => this.#link.session?.signalLane({ case: 'laneAnswer', value }),
      openLane: (carrier, lane, cancelled) =>
        options.openLane(this.record, carrier, lane, cancelled),
    });
    this.#nearby = new Nearby({
      seek: (found) => options.seek(this.record, found),
      onFound: () => this.#onFound(),
    });
    this.#link = new PeerLink({
      clock: context.clock,
      random: context.random,
      deviceId: context.identity.deviceId,
      peerId: deviceId,
      peerName: () => this.name,
      holdMs: context.holdMs,
      dialer: this.#session.dialer,
      call: (attempt) => this.#call(attempt),
      canCall: () => this.record.trust !== 'removed' && options.canCall(this.record),
      makeLane: (path, purpose) => this.#maker.make(path, purpose),
      events: {
        onLaneSignal: (signal) => this.#onLaneSignal(signal),
        onState: (state) => this.#onState(state),
        onUp: () => this.#onUp(),
        onOver: (cause) => this.#onOver(cause),
        onShares: (shares) => this.#onShares(shares),
        onReach: (reach) => this.#onReach(reach),
        onSocketRefused: (code) =>
          options.emit({ kind: 'refused', peer: this.id, peerName: this.name, code }),
        onRoom: () => this.#session.onRoom(),
      },
    });
  }

  get name(): string {
    return nameOf(this.record);
  }

  /** Throws E_PEER_UNKNOWN once it was forgotten. */
  get record(): PeerRecord {
    const record = this.#options.store.get(this.deviceId);
    if (record === undefined) throw portholeError('E_PEER_UNKNOWN', { peer: this.id });
    return record;
  }

  get isUp(): boolean {
    return this.#link.state === 'up';
  }

  /** Connections open over its link, held ones too. */
  get liveSockets(): number {
    return this.#link.liveSockets;
  }

  /** Round trip of the PINGs, to a tenth of a millisecond. */
  get roundTripMs(): number | null {
    const { roundTripMs } = this.#link;
    return roundTripMs === undefined ? null : Math.round(roundTripMs * 10) / 10;
  }

  /** Part of the packets that got lost lately, to a tenth of a percent. */
  get loss(): number | null {
    const loss = this.#link.measureLoss();
    return loss === undefined ? null : Math.round(loss * 1000) / 1000;
  }

  /** What the two have moved through shares and forwards. */
  get traffic(): Traffic {
    const { forwards, book } = this.#options;
    const used = forwards?.traffic ?? NO_TRAFFIC;
    return sumOfTraffic([used, book.trafficWith(this.deviceId)]);
  }

  get forwards(): ForwardSet | undefined {
    return this.#options.forwards;
  }

  view(): PeerView {
    const { pairedAt, lastSeen, trust } = this.record;
    const { name } = this;
    return {
      id: this.id,
      name,
      pairedAt: new Date(pairedAt).toISOString(),
      lastSeen: lastSeen === null ? null : new Date(lastSeen).toISOString(),
      state: trust === 'removed' ? 'removed' : VIEW_STATES[this.#link.state],
      path: this.#link.path ?? null,
      roundTripMs: this.roundTripMs,
      loss: this.loss,
      route: this.#link.route ?? null,
      connections: this.liveSockets,
      obstacle: this.#obstacle ?? null,
      since: this.#since === undefined ? null : new Date(this.#since).toISOString(),
    };
  }

  forwardViews(): ForwardView[] {
    const peer = { peer: this.id, peerName: this.name };
    const states = this.#options.forwards?.states() ?? [];
    return states.map(({ down, state, traffic, ...forward }) => ({
      ...forward,
      state: down ? 'down' : state,
      connections: traffic.connections,
      ...peer,
    }));
  }

  forwardTraffic(): MetricsSample['forwards'] {
    const states = this.#options.forwards?.states() ?? [];
    return states.map(({ share, traffic }) => ({ share, peer: this.id, ...traffic }));
  }

  /** Opens a forward to one of its shares; see `ForwardSet.connect`. */
  async connect(share: string, localPort: number | undefined): Promise<ForwardView> {
    const opened = await this.#options.forwards?.connect(share, localPort);
    const view = this.forwardViews().find((forward) => forward.share === opened?.share);
    if (view === undefined) throw portholeError('E_SHARE_UNKNOWN', { share });
    return view;
  }

  /** Whatever the peer shares becomes a forward, now and later. */
  wantAllShares(): void {
    this.#options.forwards?.wantAll(undefined);
    this.#remember({ forwards: { ...this.record.forwards, mode: 'all' } });
  }

  /** Calls the peer whenever no carrier works, from now on. */
  keepCalling(): void {
    if (this.#link.state !== 'up' && this.record.trust !== 'removed') this.#nearby.start();
    this.#link.keepCalling();
  }

  /** Calls the peer now, without waiting for the next try; carriers have to prove themselves. */
  reconnect(): void {
    this.keepCalling();
    this.#link.nudge();
  }

  /** Calls it by another name on this computer; empty for its own. Throws E_DATA_DIR. */
  rename(alias: string): void {
    this.#options.store.update(this.deviceId, ({ alias: _before, ...record }) =>
      alias === '' ? record : { ...record, alias },
    );
  }

  /** Where the peer is said to be on the local network. */
  get nearby(): readonly Endpoint[] {
    return this.#nearby.endpoints;
  }

  /** This computer woke, or its network is another one. */
  onEnvironment(): void {
    this.#nearby.forget();
    this.#obstacle = undefined;
    this.#link.nudge();
    this.announceReach();
  }

  /** It authenticated under the pair key: both sides have stored it. */
  confirm(): void {
    if (this.record.trust !== 'confirmed') this.#remember({ trust: 'confirmed' });
  }

  /** Takes a lane whose peer proved to be this one. */
  take(lane: Lane, purpose: LanePurpose): LaneReceiver {
    return this.#link.take(lane, purpose);
  }

  /** Acts on a change of what is shared. */
  onShareChanged(shareId: string): void {
    this.#session.onShareChanged(shareId);
  }

  announceReach(): void {
    this.#link.session?.announceReach(this.#options.reach());
  }

  /** Resolves when the first list of the peer's shares was taken in, after `patienceMs`, or at the end. */
  async firstShares(patienceMs: number): Promise<void> {
    if (this.#hasShares === 'not-yet') {
      await new Promise<void>((resolve) => {
        const arrived = (): void => {
          cancel();
          this.#sharesArrived.delete(arrived);
          resolve();
        };
        const cancel = this.#options.context.clock.after(patienceMs, arrived);
        this.#sharesArrived.add(arrived);
      });
    }
    await this.#options.forwards?.settled();
  }

  /** Ends the link and its forwards for good; `farewell` tells the peer why. */
  close(farewell?: ErrorCode): void {
    this.#cancelTelling();
    this.#maker.close();
    this.#nearby.stop();
    this.#link.close(farewell);
    this.#options.forwards?.close();
    for (const arrived of this.#sharesArrived) arrived();
  }

  // ── What the link tells ─────────────────────────────────────────────────────────────────────

  #onState(state: LinkState): void {
    this.#cancelTelling();
    if (state === 'up' || state === 'idle' || state === 'closed') this.#since = undefined;
    else this.#since ??= this.#options.context.timeOfDay();
    if (state === 'held') {
      this.#seen();
      this.#nearby.start();
    }
    if (state === 'up') this.#nearby.stop();
    // The first of many tries is news; an end is told with its reason, by `#onOver`.
    if (state === 'connecting' && this.#told !== 'connecting') this.#tellLink('connecting', '');
    if (state === 'held') this.#tellHeldSoon();
    if (state === 'up' && this.#told !== 'up') this.#tellLink('up', '');
  }

  /** A carrier that is only asked whether it still works answers within a moment. */
  #tellHeldSoon(): void {
    const { clock } = this.#options.context;
    this.#cancelTelling = clock.after(NUDGE_PATIENCE_MS, () => this.#tellLink('held', ''));
  }

  #onUp(): void {
    this.#obstacle = undefined;
    this.#hasShares = 'not-yet';
    this.#session.onUp();
    this.announceReach();
    this.#seen();
  }

  #onOver(cause: PortholeError | undefined): void {
    this.#session.onOver();
    // Held, it was last heard before that.
    if (this.#told !== 'held') this.#seen();
    const isRemoved = cause?.code === 'E_REMOVED';
    // What removing means is told by itself.
    this.#tellLink('closed', isRemoved ? '' : (cause?.message ?? ''));
    if (isRemoved) this.#removedByPeer(cause);
    else if (this.#link.isWanted) this.#nearby.start();
  }

  #onFound(): void {
    if (this.#link.state !== 'up') this.#link.nudge();
  }

  /** What a person can do something about is told once for each time the peer is gone. */
  async #call(attempt: CallAttempt): Promise<void> {
    try {
      await this.#options.call(this.record, attempt);
    } catch (thrown) {
      const error = toPortholeError(thrown);
      this.#onObstacle(error);
      throw error;
    }
  }

  /** Told again only when something else was in the way meanwhile. */
  #onObstacle(error: PortholeError): void {
    const obstacle = OBSTACLES.has(error.code) ? error.code : undefined;
    const isNews = obstacle !== undefined && obstacle !== this.#obstacle;
    this.#obstacle = obstacle;
    if (isNews) this.#tellError(error);
  }

  #onShares(shares: readonly SharedService[]): void {
    this.#session.onShares(shares);
    this.#hasShares = 'yes';
    for (const arrived of this.#sharesArrived) arrived();
  }

  /** Only the deciding side may offer, and only the other one answer. */
  #onLaneSignal(signal: LaneSignal): void {
    const isOffer = signal.case === 'laneOffer';
    if (isOffer === (this.#link.role === 'decides')) throw protocolViolation('lane out of turn');
    if (signal.case === 'laneOffer') void this.#maker.onOffer(signal.value);
    else this.#maker.onAnswer(signal.value);
  }

  #onReach(reach: Reach): void {
    const before = this.record;
    const name = reach.name === '' ? before.name : reach.name;
    const after: PeerRecord = { ...before, ...dialable(reach, this.#link.reach), name };
    if (!isDeepStrictEqual(after, before)) this.#remember(after);
  }

  #removedByPeer(cause: PortholeError): void {
    this.#nearby.stop();
    this.#remember({ trust: 'removed' });
    this.#tellError(cause);
  }

  /** A disk that is full must not end a link; the person hears of it. */
  #remember(change: Partial<PeerRecord>): void {
    try {
      this.#options.store.update(this.deviceId, (record) => ({ ...record, ...change }));
    } catch (thrown) {
      this.#tellError(toPortholeError(thrown));
    }
  }

  #tellError({ code, message }: PortholeError): void {
    this.#options.emit({ kind: 'notice', level: 'error', code, text: message });
  }

  #seen(): void {
    const { store, context } = this.#options;
    if (store.get(this.deviceId) === undefined) return;
    store.touch(this.deviceId, context.timeOfDay());
  }

  #storedName(): string | undefined {
    const record = this.#options.store.get(this.deviceId);
    return record && nameOf(record);
  }

  #tellLink(state: 'connecting' | 'up' | 'held' | 'closed', reason: string): void {
    this.#told = state;
    const path = this.#link.path ?? 'datachannel';
    // It can be forgotten by now.
    this.#toldName = this.#storedName() ?? this.#toldName;
    const { id: peer } = this;
    const peerName = this.#toldName;
    this.#options.emit({ kind: 'link', peer, peerName, state, path, reason });
  }
}

/** Why calls fail that a person can do something about. */
const OBSTACLES: ReadonlySet<ErrorCode> = new Set(['E_UDP_BLOCKED', 'E_IDENTITY', 'E_VERSION']);

const VIEW_STATES: Record<LinkState, PeerView['state']> = {
  idle: 'offline',
  connecting: 'connecting',
  authenticating: 'connecting',
  up: 'up',
  held: 'held',
  closed: 'offline',
};
