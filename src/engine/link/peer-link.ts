/**
 * The link with one peer: one state machine (link-states.ts) over whatever carriers there are, and the
 * session they carry. It lives as long as the peer is known; sessions and carriers come and go.
 *
 * Of two devices the one with the smaller id decides, by RESUME: whether a carrier continues the
 * session or begins one, and which carriers are sent on. The other follows (resume.ts).
 *
 * Invariant: at most one session is alive, and every lane it uses has said so by RESUME. A session
 * ends when it was held for the shorter of both holds, when the peer does not know it, or when one
 * side ends it; every socket is reset then, and `onOver` comes once.
 */
import {
  CALL_COURTESY_MS,
  CALL_URGENT_MS,
  CARRIERS_MAX,
  HOLD_LEAST_MS,
  HOLD_MAX_MS,
  LINK_HEALTHY_MS,
  NUDGE_PATIENCE_MS,
  RESUMES_PER_MINUTE_MAX,
} from '../../shared/limits.ts';
import { portholeError } from '../../shared/errors.ts';
import type { ErrorCode, PortholeError } from '../../shared/errors.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { compareDeviceIds } from '../../shared/device-id.ts';
import type { Carrier, CarrierReach, CarrierRoute } from '../carrier/carrier.ts';
import { protocolViolation } from '../protocol/frame.ts';
import type { Resume } from '../protocol/generated/session_pb.ts';
import type { Dialer } from '../tunnel/dialer.ts';
import { EventCounter } from '../tunnel/event-counter.ts';
import type { LocalConnection } from '../tunnel/local-connection.ts';
import type { Lane, LaneEnd, LaneReceiver } from './lane.ts';
import { LaneKeeper } from './lane-keeper.ts';
import type { PathKind } from './lane-plan.ts';
import { LINK_STATES } from './link-states.ts';
import type { LinkAction, LinkEvent, LinkState } from './link-states.ts';
import { Link } from './link.ts';
import type { LinkEvents } from './link.ts';
import { LossEstimate } from './loss-estimate.ts';
import { PeerCaller } from './peer-caller.ts';
import type { CallAttempt } from './peer-caller.ts';
import {
  decide,
  follow,
  makeInstance,
  makeSessionId,
  ResumeReader,
  writeAccount,
} from './resume.ts';
import type { Account, KnownSession } from './resume.ts';

export interface PeerLinkEvents extends LinkEvents {
  onState(state: LinkState): void;
  /** A carrier carries the session from now on; whatever was announced before is to be announced again. */
  onUp(): void;
  /** The session is over: `undefined` when this side ended it, else why. */
  onOver(cause: PortholeError | undefined): void;
}

export interface PeerLinkOptions {
  readonly clock: Clock;
  /** Spreads calls and names this process; never for secrets. */
  readonly random: () => number;
  /** Of this device, and of the peer. */
  readonly deviceId: string;
  readonly peerId: string;
  readonly peerName: () => string;
  /** How long this side holds sockets without a carrier, ms. */
  readonly holdMs: number;
  /** Opens connections to what this side shares. */
  readonly dialer: Dialer;
  /** One call; resolves when it has joined, or is not needed. */
  readonly call: (attempt: CallAttempt) => Promise<void>;
  /** Whether there is any way to call. */
  readonly canCall: () => boolean;
  /** Makes one more carrier of a session that is up; resolves when it has joined. Only the deciding side asks. */
  readonly makeLane: (path: PathKind, purpose: 'growth' | 'change') => Promise<void>;
  readonly events: PeerLinkEvents;
}

/**
 * What a lane came up for.
 *   call     to have a link: not needed where a good one is there
 *   pairing  two people want it now
 *   growth   to be used beside the others
 *   change   to be used in the place of the others
 */
export type LanePurpose = 'call' | 'pairing' | 'growth' | 'change';

/** See the module header. */
export class PeerLink implements LaneReceiver {
  readonly #options: PeerLinkOptions;
  readonly #events: PeerLinkEvents;
  readonly #caller: PeerCaller;
  readonly #keeper: LaneKeeper;
  readonly #losses = new LossEstimate();
  readonly #instance: string;
  readonly #role: 'decides' | 'follows';
  /** Lanes whose peer is authenticated, with what they came up for. */
  readonly #joining = new Map<Lane, LanePurpose>();
  readonly #readers = new WeakMap<Lane, ResumeReader>();
  readonly #resumes = new EventCounter(RESUMES_PER_MINUTE_MAX, 60_000);
  #state: LinkState = 'idle';
  #calls: 'unwanted' | 'wanted' = 'unwanted';
  #link: Link | undefined;
  #session: KnownSession | undefined;
  #sessions = 0;
  #accounts = 0;
  #peerHoldMs = HOLD_MAX_MS;
  #cancelHold: CancelTimer = () => {};
  #upSince = Number.POSITIVE_INFINITY;
  #urgentUntil = 0;

  constructor(options: PeerLinkOptions) {
    this.#options = options;
    this.#events = options.events;
    this.#instance = makeInstance(options.random);
    this.#role = compareDeviceIds(options.deviceId, options.peerId) < 0 ? 'decides' : 'follows';
    this.#caller = new PeerCaller({
      clock: options.clock,
      random: options.random,
      isUrgent: () => this.#isUrgent,
      attempt: (attempt) => this.#call(attempt),
      onFailed: () => this.#on('call-failed'),
    });
    this.#keeper = new LaneKeeper({
      clock: options.clock,
      lanes: () => [...(this.#link?.sending ?? [])],
      make: options.makeLane,
      drop: (lane) => this.#drop(lane),
    });
  }

  get state(): LinkState {
    return this.#state;
  }

  /** The session, while there is one. */
  get session(): Link | undefined {
    return this.#link;
  }

  /** Which side decides what carriers are used: a lane for `growth` or `change` is its to begin. */
  get role(): 'decides' | 'follows' {
    return this.#role;
  }

  /** Whether the peer is called while there is no session. */
  get isWanted(): boolean {
    return this.#calls === 'wanted' && this.#state !== 'closed';
  }

  /** Round trip of the PINGs, ms. */
  get roundTripMs(): number | undefined {
    return this.#firstLane?.roundTripMs;
  }

  /** Part of the packets that got lost lately, 0 to 1, as far as it was measured. */
  measureLoss(): number | undefined {
    this.#losses.look(this.#link?.sending ?? []);
    return this.#losses.loss;
  }

  /** The way of the first carrier, and how many there are; `undefined` while none works. */
  get route(): (CarrierRoute & { readonly lanes: number }) | undefined {
    const route = this.#firstLane?.carrier.route;
    return route && { ...route, lanes: this.#link?.sending.size ?? 0 };
  }

  /** What kind of carrier is sent on, while there is one. */
  get path(): Carrier['kind'] | undefined {
    return this.#firstLane?.carrier.kind;
  }

  /** Where the peer is, as far as the carrier can tell. */
  get reach(): CarrierReach {
    return this.#firstLane?.carrier.reach ?? 'network';
  }

  get liveSockets(): number {
    return this.#link?.liveSockets ?? 0;
  }

  /** Whether one more socket may be opened now; if not, `onRoom` says when. Held sockets wait. */
  get hasRoom(): boolean {
    return this.#link?.hasRoom ?? false;
  }

  /** Leads a local connection to the peer's share; resets it when there is no session. */
  openSocket(shareId: Uint8Array, local: LocalConnection): void {
    if (this.#link === undefined) local.reset();
    else this.#link.openSocket(shareId, local);
  }

  // ── Calls ───────────────────────────────────────────────────────────────────────────────────

  /** Calls the peer whenever no carrier works, from now on. */
  keepCalling(): void {
    this.#calls = 'wanted';
    this.#hurry();
    if (this.#state === 'idle') this.#startCalling();
  }

  /**
   * Something has changed: this computer woke, its network is another one, or the peer was found
   * somewhere. Carriers have to prove themselves, and the next call is not waited for.
   */
  nudge(): void {
    if (this.#state === 'closed') return;
    this.#hurry();
    this.#caller.reset();
    for (const lane of this.#link?.lanes ?? []) lane.doubt();
    if (this.#state === 'up' || !this.#mayCall) return;
    this.#caller.start(this.#state === 'held' ? NUDGE_PATIENCE_MS : 0);
  }

  /** Ends the session, with a farewell that says why, and every call; for good. */
  close(farewell?: ErrorCode): void {
    this.#calls = 'unwanted';
    for (const lane of this.#joining.keys()) lane.close(farewell);
    this.#endSession(undefined, farewell);
    this.#on('close');
  }

  // ── Lanes ───────────────────────────────────────────────────────────────────────────────────

  /** Takes a lane whose peer is authenticated; `lane.joined` tells what comes of it. */
  take(lane: Lane, purpose: LanePurpose): LaneReceiver {
    if (this.#state === 'closed') {
      throw portholeError('E_UNREACHABLE', { reason: 'it was stopped' });
    }
    if (this.#joining.size + (this.#link?.lanes.size ?? 0) >= CARRIERS_MAX) {
      throw portholeError('E_UNREACHABLE', { reason: 'there are too many connections already' });
    }
    this.#joining.set(lane, purpose);
    this.#readers.set(lane, new ResumeReader());
    this.#on('carrier');
    if (this.#role === 'follows') this.#sendAccount(lane, 'ask');
    return this;
  }

  isActive(): boolean {
    return this.liveSockets > 0;
  }

  onResume(lane: Lane, part: Resume): void {
    const account = this.#readers.get(lane)?.take(part);
    if (account === undefined) return;
    if (this.#resumes.count(this.#options.clock.now()) === 'beyond') {
      throw protocolViolation('too many RESUMEs');
    }
    const purpose = this.#joining.get(lane);
    if (purpose === undefined) this.#onAccount(lane, account);
    else if (this.#role === 'decides') this.#decide(lane, purpose, account);
    else this.#follow(lane, account);
  }

  onFrame(_lane: Lane, frame: Parameters<Link['onFrame']>[0]): void {
    this.#link?.onFrame(frame);
  }

  onArrived(lane: Lane): void {
    this.#link?.onArrived(lane);
  }

  onPeerLeft(lane: Lane): void {
    this.#link?.onPeerLeft(lane);
  }

  onHealth(lane: Lane): void {
    const link = this.#link;
    if (link === undefined || !link.lanes.has(lane)) return;
    if (lane.health === 'well') {
      this.#on('heard');
      // Others may have been lost while nobody could be told.
      return this.#lookAtLanes();
    }
    // Where others work it is given up at once; one that is only doubted may answer yet.
    if (lane.health === 'suspect' && link.wellLanes.length > 0) link.lose(lane);
    this.#lookAtLanes();
  }

  onClosed(lane: Lane, end: LaneEnd): void {
    if (this.#joining.delete(lane)) return this.#onNotJoined(end);
    const link = this.#link;
    if (link === undefined || !link.lanes.has(lane)) return;
    if (end.kind === 'session') return this.#endSession(end.cause, end.cause?.code);
    link.lose(lane);
    this.#lookAtLanes(end.kind === 'lost' ? end.cause : undefined);
  }

  #onNotJoined(end: LaneEnd): void {
    if (this.#joining.size > 0) return;
    this.#on('carrier-failed');
    // An authenticated peer that has nothing to do with this device any more.
    if (end.kind === 'session' && end.cause?.code === 'E_REMOVED') this.#events.onOver(end.cause);
  }

  get #firstLane(): Lane | undefined {
    const [first] = this.#link?.sending ?? [];
    return first;
  }

  /** A lane of the session was lost or is suspect. */
  #lookAtLanes(cause?: PortholeError): void {
    const link = this.#link;
    if (link === undefined) return;
    const [well] = link.wellLanes;
    if (well !== undefined && link.mustSay) this.#sendAccount(speakingLane(link, well), 'ask');
    if (well !== undefined) return;
    this.#on('silent');
    if (link.lanes.size === 0 && this.#holdMs === 0) {
      this.#endSession(cause ?? this.#sessionLost('nothing connects the two any more'));
    }
  }

  // ── RESUME ──────────────────────────────────────────────────────────────────────────────────

  #decide(lane: Lane, purpose: LanePurpose, account: Account): void {
    const decision = decide(this.#session, account);
    if (decision === 'begin') {
      this.#replaceSession();
      this.#sessions += 1;
      this.#beginSession(makeSessionId(this.#instance, this.#sessions), account.instance);
    } else if (purpose === 'call' && this.#isWellWithout(account)) {
      return lane.leave();
    }
    const link = this.#joined(lane, account);
    if (decision === 'resume') link.takeLanes(account, lane);
    const beside = purpose === 'growth' ? link.sendingIds : [];
    const adopted = [...beside, lane.id];
    // First: what is sent on the lane from now on must not keep the other side waiting for it.
    this.#sendAccount(lane, 'answer', adopted);
    link.use(adopted);
    lane.open();
    if (decision === 'resume') link.takeSockets(account);
    this.#up(link);
  }

  /** Both sides have carriers that work, so another one is not needed. */
  #isWellWithout({ lanes }: Account): boolean {
    const sending = [...(this.#link?.sending ?? [])];
    return (
      sending.length > 0 &&
      sending.every(({ id, health }) => health === 'well' && lanes.includes(id))
    );
  }

  #follow(lane: Lane, account: Account): void {
    const following = follow(this.#session, account);
    if (following === 'stale') return lane.leave();
    if (following === 'begin') {
      this.#replaceSession();
      this.#beginSession(account.session as string, account.instance);
    }
    const link = this.#joined(lane, account);
    link.takeLanes(account, lane);
    link.useAdopted();
    lane.open();
    if (following === 'resume') link.takeSockets(account);
    // A question of the decider can overtake its answer.
    if (!account.isAnswer || link.mustSay) this.#sendAccount(speakingLane(link, lane), 'answer');
    this.#up(link);
  }

  /** An account of a lane that has joined: the peer has lost another one, or changed its mind. */
  #onAccount(lane: Lane, account: Account): void {
    const link = this.#link;
    if (link === undefined || !link.lanes.has(lane)) return;
    if (account.session !== link.id) throw protocolViolation('RESUME of another session');
    if (link.takeLanes(account, lane) === 'newest' && this.#role === 'follows') {
      link.useAdopted();
    }
    if (!account.isAnswer || link.mustSay) this.#sendAccount(speakingLane(link, lane), 'answer');
    link.takeSockets(account);
    link.sendAgain();
    this.#lookAtLanes();
  }

  /** Sends on the others only; the peer hears of it over one of them. */
  #drop(lane: Lane): void {
    const link = this.#link;
    const others = [...(link?.sending ?? [])].filter((one) => one !== lane);
    const [first] = others;
    if (link === undefined || first === undefined) return;
    link.use(others.map(({ id }) => id));
    this.#sendAccount(first, 'ask');
  }

  /** `adopting`: the lanes that will be sent on from now on, where that is about to change. */
  #sendAccount(lane: Lane, kind: 'ask' | 'answer', adopting?: readonly string[]): void {
    this.#accounts += 1;
    const { id, state } = this.#session ?? { id: undefined, state: 'alive' };
    const link = this.#link?.takeAccount(adopting);
    const nothing = { lanes: [], adopted: [], controlNext: 0, sockets: [] };
    const { adopted, lanes, ...rest } = link ?? nothing;
    // The other side may use already what is still joining here.
    const joining = [...this.#joining.keys()].map((one) => one.id);
    const account: Account = {
      number: this.#accounts,
      isAnswer: kind === 'answer',
      instance: this.#instance,
      session: id,
      state,
      holdMs: this.#options.holdMs,
      adopted: this.#role === 'decides' ? adopted : [],
      ...rest,
      lanes: [...new Set([...lanes, ...joining])].slice(0, CARRIERS_MAX),
    };
    for (const part of writeAccount(account)) lane.sendResume(part);
  }

  // ── Sessions ────────────────────────────────────────────────────────────────────────────────

  #beginSession(id: string, peerInstance: string): void {
    const { clock, deviceId, peerId, dialer } = this.#options;
    this.#session = { id, state: 'alive', peerInstance };
    this.#keeper.forget();
    this.#losses.forget();
    const link: Link = new Link({
      id,
      clock,
      parity: compareDeviceIds(deviceId, peerId) > 0 ? 'odd' : 'even',
      dialer,
      events: this.#events,
      onAbuse: (error) => {
        if (this.#link === link) this.#endSession(error, error.code);
      },
      onStuck: () => this.#lookAtLanes(),
    });
    this.#link = link;
  }

  /** The lane belongs to the session from now on. */
  #joined(lane: Lane, account: Account): Link {
    const link = this.#link as Link;
    this.#joining.delete(lane);
    this.#peerHoldMs = account.holdMs;
    link.join(lane);
    return link;
  }

  #up(link: Link): void {
    // What came with the lane may have ended it all.
    if (this.#link !== link) return;
    this.#on('joined');
    link.sendAgain();
    this.#events.onUp();
  }

  /** The peer does not know our session (any more). */
  #replaceSession(): void {
    if (this.#link !== undefined) {
      this.#endSession(
        this.#sessionLost('it was started anew, or waited too long'),
        'E_SESSION_LOST',
      );
    }
  }

  #endSession(cause: PortholeError | undefined, farewell?: ErrorCode): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#link = undefined;
    if (this.#session !== undefined) this.#session = { ...this.#session, state: 'over' };
    link.end(farewell);
    this.#on('over');
    this.#events.onOver(cause);
  }

  #sessionLost(reason: string): PortholeError {
    return portholeError('E_SESSION_LOST', { peer: this.#options.peerName(), reason });
  }

  // ── The table at work ───────────────────────────────────────────────────────────────────────

  #on(event: LinkEvent): void {
    const from = this.#state;
    const { to, act } = LINK_STATES[from][event];
    this.#state = to;
    this.#perform(act, event);
    if (from !== to && this.#state === to) this.#events.onState(to);
  }

  #perform(act: LinkAction, event: LinkEvent): void {
    switch (act) {
      case 'none':
        return;
      case 'bug':
        throw portholeError('E_INTERNAL', { reason: `${event} while ${this.#state}` });
      case 'hold':
        return this.#hold();
      case 'release':
        if (this.#role === 'decides') this.#keeper.start();
        this.#upSince = this.#options.clock.now();
        this.#cancelHold();
        return this.#caller.rest();
      case 'recall':
        this.#hurry();
        this.#keeper.stop();
        this.#cancelHold();
        this.#forgiveIfHealthy();
        if (this.#mayCall) this.#caller.startLater();
        else this.#caller.rest();
        return;
      case 'shut':
        this.#keeper.stop();
        this.#cancelHold();
        return this.#caller.stop();
    }
  }

  get #holdMs(): number {
    return Math.min(this.#options.holdMs, this.#peerHoldMs);
  }

  #hold(): void {
    // Without a hold, what is only asked whether it still works gets the time to answer.
    const ms = Math.max(this.#holdMs, HOLD_LEAST_MS);
    this.#keeper.stop();
    this.#cancelHold();
    this.#forgiveIfHealthy();
    this.#cancelHold = this.#options.clock.after(ms, () =>
      this.#endSession(
        this.#sessionLost(`nothing connected the two for ${ms / 1000} s`),
        'E_SESSION_LOST',
      ),
    );
    this.#startCalling();
  }

  /** A link that was well for a while is called for without delay when it goes. */
  #forgiveIfHealthy(): void {
    if (this.#options.clock.now() - this.#upSince >= LINK_HEALTHY_MS) this.#caller.reset();
    this.#upSince = Number.POSITIVE_INFINITY;
  }

  /** Somebody may be waiting: a call that hangs on an address of old must not keep the next one from starting. */
  #hurry(): void {
    this.#urgentUntil = this.#options.clock.now() + CALL_URGENT_MS;
  }

  get #isUrgent(): boolean {
    return this.#state === 'held' || this.#options.clock.now() < this.#urgentUntil;
  }

  get #mayCall(): boolean {
    return (this.#calls === 'wanted' || this.#state === 'held') && this.#options.canCall();
  }

  /** Of two that both call, one waits a moment: the other's call is usually through by then. */
  #startCalling(): void {
    if (!this.#mayCall) return;
    this.#caller.start(this.#role === 'decides' ? 0 : CALL_COURTESY_MS);
  }

  async #call(attempt: CallAttempt): Promise<void> {
    this.#on('call');
    await this.#options.call(attempt);
    // A carrier that was left, or whose session has ended since, is no link.
    if (this.#state !== 'up') throw portholeError('E_UNREACHABLE', { reason: 'it was left again' });
  }
}

/**
 * Where to tell the peer what this side has: it may close a lane that this side does not send on, and
 * never read what is on its way there.
 */
function speakingLane(link: Link, otherwise: Lane): Lane {
  if (link.sending.has(otherwise)) return otherwise;
  return link.wellLanes.find((lane) => link.sending.has(lane)) ?? otherwise;
}
