/**
 * One session with a peer: its sockets, its CONTROL messages, and the lanes that carry them. Lanes
 * come and go; as long as the session lives nothing that was sent is lost.
 *
 * What makes that so: every sequenced frame is kept until it is acknowledged. When a lane is lost,
 * both sides tell each other anew what they have (RESUME), and each sends again what the other does
 * not acknowledge (docs/protocol.md, "Resume", with the argument).
 *
 * Invariant: after `end()` nothing is sent, and no socket, timer or lane of this session is left.
 */
import { create } from '@bufbuild/protobuf';
import {
  CARRIERS_MAX,
  CONTROL_PER_MINUTE_MAX,
  DRAIN_TIMEOUT_MS,
  SHARE_ID_BYTES_MAX,
} from '../../shared/limits.ts';
import type { ErrorCode, PortholeError } from '../../shared/errors.ts';
import { isPort } from '../../shared/target.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { protocolViolation } from '../protocol/frame.ts';
import type { Frame } from '../protocol/frame.ts';
import { ShareSchema, SharesSchema } from '../protocol/generated/session_pb.ts';
import type { Control } from '../protocol/generated/session_pb.ts';
import type { IdParity } from '../protocol/socket-ids.ts';
import type { Dialer } from '../tunnel/dialer.ts';
import { Dispatcher } from '../tunnel/dispatcher.ts';
import { EventCounter } from '../tunnel/event-counter.ts';
import type { LocalConnection } from '../tunnel/local-connection.ts';
import { ControlStream } from './control-stream.ts';
import type { Lane } from './lane.ts';
import { readReach, writeReach } from './reach.ts';
import type { Reach } from './reach.ts';
import type { Account } from './resume.ts';

/** A share as its owner announces it. */
export interface SharedService {
  /** What CONNECT names: 16 random bytes. */
  readonly id: Uint8Array;
  readonly name: string;
  /** Port of the target: a hint for the local one. */
  readonly port: number;
  /** The target is on its computer's loopback interface. */
  readonly loopback: boolean;
  /** The target does not answer right now. */
  readonly down: boolean;
}

export interface LinkEvents {
  /** The peer's list of shares, whole, whenever it changes. */
  onShares(shares: readonly SharedService[]): void;
  /** Where the peer can be found later, whenever it changes. */
  onReach(reach: Reach): void;
  /** The peer ended a socket this side opened, for another reason than its application's reset. */
  onSocketRefused(code: ErrorCode): void;
  /** A socket may be opened again after `hasRoom` was false. */
  onRoom(): void;
  /** One more carrier is offered, or ours was answered. */
  onLaneSignal(signal: LaneSignal): void;
}

export type LaneSignal = Extract<Control['kind'], { case: 'laneOffer' | 'laneAnswer' }>;

export interface LinkOptions {
  /** Id of the session. */
  readonly id: string;
  readonly clock: Clock;
  /** Parity of the socket ids this side hands out. */
  readonly parity: IdParity;
  /** Opens connections to what this side shares. */
  readonly dialer: Dialer;
  readonly events: LinkEvents;
  /** The peer asks for too much: the session must end. */
  readonly onAbuse: (error: PortholeError) => void;
  /** There is something to tell the peer: a lane did not drain and was lost, or one that drained may have had a question. */
  readonly onStuck: () => void;
}

/** What an account says of a session itself. */
type SessionAccount = Pick<Account, 'lanes' | 'adopted' | 'controlNext' | 'sockets'>;

/** A lane that nothing is sent on any more, until all that was has arrived. */
interface Draining {
  readonly cancelTimer: CancelTimer;
  /** Whether the peer knows that this side sends nothing more. */
  told: 'not-yet' | 'told';
}

export class Link {
  readonly id: string;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #onStuck: () => void;
  readonly #dispatcher: Dispatcher;
  readonly #control: ControlStream;
  readonly #controls = new EventCounter(CONTROL_PER_MINUTE_MAX, 60_000);
  readonly #lanes = new Set<Lane>();
  readonly #sending = new Set<Lane>();
  readonly #draining = new Map<Lane, Draining>();
  /** Lanes the peer sends nothing more on. */
  readonly #peerLeft = new WeakSet<Lane>();
  /** A lane was lost, and the peer has not been told since what this side has. */
  #unsaid: 'no' | 'yes' = 'no';
  /** …and what was on it has not been sent again since. */
  #unsent: 'no' | 'yes' = 'no';
  #peerNumber = 0;
  /** Lanes to send on, by the newest account of a peer that decides. */
  #adopted: readonly string[] = [];

  constructor({ id, clock, parity, dialer, events, onAbuse, onStuck }: LinkOptions) {
    this.id = id;
    this.#clock = clock;
    this.#events = events;
    this.#onStuck = onStuck;
    this.#dispatcher = new Dispatcher({
      clock,
      parity,
      dialer,
      events: {
        onSessionFrame: (frame) => this.#control.onFrame(frame),
        onSocketRefused: (code) => events.onSocketRefused(code),
        onAbuse: (reason) => onAbuse(protocolViolation(reason)),
        onRoom: () => events.onRoom(),
      },
    });
    this.#control = new ControlStream(
      (message) => this.#dispatcher.gate.pass(message),
      (kind) => this.#onControl(kind),
    );
  }

  // ── Sockets ─────────────────────────────────────────────────────────────────────────────────

  /** Whether one more socket may be opened now; if not, `onRoom` says when. */
  get hasRoom(): boolean {
    return this.#dispatcher.hasRoom;
  }

  get liveSockets(): number {
    return this.#dispatcher.liveSockets;
  }

  /** Bytes of frames kept until the peer acknowledges them. */
  get keptBytes(): number {
    return this.#dispatcher.counters.keptBytes;
  }

  /** Leads a local connection to the peer's share. */
  openSocket(shareId: Uint8Array, local: LocalConnection): void {
    this.#dispatcher.open(shareId, local);
  }

  /** Resets every connection the peer opened to this share, and tells it why. */
  closeShare(shareId: Uint8Array, code: ErrorCode): void {
    this.#dispatcher.closeShare(shareId, code);
  }

  /** Takes a frame of one of its lanes. Throws `E_PROTOCOL` when the peer broke the protocol. */
  onFrame(frame: Frame): void {
    this.#dispatcher.onFrame(frame);
  }

  // ── Control ─────────────────────────────────────────────────────────────────────────────────

  /** Announces the whole list of what the peer may use. While the link is held it says nothing: announce again then. */
  announce(services: readonly SharedService[]): void {
    const shares = services.map((service) => create(ShareSchema, service));
    this.#send({ case: 'shares', value: create(SharesSchema, { shares }) });
  }

  /** Tells the peer where this side can be found later; as `announce`. */
  announceReach(reach: Reach): void {
    this.#send({ case: 'reach', value: writeReach(reach) });
  }

  /** Signals one more carrier. */
  signalLane(signal: LaneSignal): void {
    this.#send(signal);
  }

  /** All of it is said anew when a lane joins, so nothing piles up meanwhile. */
  #send(kind: Control['kind']): void {
    if (this.#sending.size > 0) this.#control.send(kind);
  }

  #onControl(kind: Control['kind']): void {
    if (this.#controls.count(this.#clock.now()) === 'beyond') {
      throw protocolViolation('too many CONTROL messages');
    }
    switch (kind.case) {
      case 'shares':
        return this.#onShares(kind.value.shares);
      case 'reach':
        return this.#events.onReach(readReach(kind.value));
      case 'laneOffer':
      case 'laneAnswer':
        return this.#events.onLaneSignal(kind);
      case undefined:
        return;
    }
  }

  #onShares(shares: readonly SharedService[]): void {
    if (!shares.every(isWellFormed)) throw protocolViolation('malformed share');
    this.#events.onShares(shares);
  }

  // ── Lanes ───────────────────────────────────────────────────────────────────────────────────

  get lanes(): ReadonlySet<Lane> {
    return this.#lanes;
  }

  /** Those that are sent on. */
  get sending(): ReadonlySet<Lane> {
    return this.#sending;
  }

  get sendingIds(): readonly string[] {
    return [...this.#sending].map(({ id }) => id);
  }

  /** Lanes that were heard lately. */
  get wellLanes(): readonly Lane[] {
    return [...this.#lanes].filter(({ health }) => health === 'well');
  }

  /** Takes a lane in; nothing is sent on it before `use()`. */
  join(lane: Lane): void {
    if (this.#lanes.size >= CARRIERS_MAX) throw protocolViolation('too many carriers');
    this.#lanes.add(lane);
  }

  /**
   * Sends on these lanes from now on; the others are closed once they have drained. Where none of
   * them is there (any more), any lane is better than none.
   */
  use(ids: readonly string[]): void {
    const named = [...this.#lanes].filter(({ id }) => ids.includes(id));
    const chosen = named.length > 0 ? named : this.#unclaimedLanes();
    this.#sending.clear();
    for (const lane of chosen) {
      this.#sending.add(lane);
      this.#stopDraining(lane);
    }
    this.#useSending();
    for (const lane of this.#lanes) if (!this.#sending.has(lane)) this.#drain(lane);
  }

  /** Sends on what the peer, which decides, wants by its newest account. */
  useAdopted(): void {
    this.use(this.#adopted);
  }

  /** Something of what was sent on the lane has arrived. */
  onArrived(lane: Lane): void {
    this.#closeIfDrained(lane);
  }

  /** The peer sends nothing more on this lane. */
  onPeerLeft(lane: Lane): void {
    this.#peerLeft.add(lane);
    this.#closeIfDrained(lane);
  }

  /** The lane works no more: what was on its way there counts as lost. */
  lose(lane: Lane): void {
    if (!this.#lanes.delete(lane)) return;
    this.#stopDraining(lane);
    this.#unsaid = 'yes';
    this.#unsent = 'yes';
    if (this.#sending.delete(lane)) this.#replaceSending();
    lane.leave();
  }

  /** The session is over: resets every socket, and closes the lanes with this farewell. */
  end(farewell?: ErrorCode): void {
    for (const { cancelTimer } of this.#draining.values()) cancelTimer();
    this.#draining.clear();
    this.#dispatcher.close();
    const lanes = [...this.#lanes];
    this.#lanes.clear();
    this.#sending.clear();
    for (const lane of lanes) lane.close(farewell);
  }

  #useSending(): void {
    this.#dispatcher.gate.use([...this.#sending].map(({ gate }) => gate));
  }

  /** Lanes that the peer does not close by itself: it was not told that this side left them. If there are none, all. */
  #unclaimedLanes(): Lane[] {
    const unclaimed = [...this.#lanes].filter((lane) => this.#draining.get(lane)?.told !== 'told');
    return unclaimed.length > 0 ? unclaimed : [...this.#lanes];
  }

  #replaceSending(): void {
    if (this.#sending.size > 0) this.#useSending();
    else this.use([]);
  }

  #drain(lane: Lane): void {
    if (this.#draining.has(lane)) return;
    const cancelTimer = this.#clock.after(DRAIN_TIMEOUT_MS, () => {
      this.lose(lane);
      this.#onStuck();
    });
    this.#draining.set(lane, { cancelTimer, told: 'not-yet' });
    this.#closeIfDrained(lane);
  }

  #stopDraining(lane: Lane): void {
    this.#draining.get(lane)?.cancelTimer();
    this.#draining.delete(lane);
  }

  #closeIfDrained(lane: Lane): void {
    const draining = this.#draining.get(lane);
    if (draining === undefined || lane.gate.inFlightBytes > 0) return;
    if (draining.told === 'not-yet') lane.tellLeft();
    draining.told = 'told';
    if (!this.#peerLeft.has(lane)) return;
    this.#stopDraining(lane);
    this.#lanes.delete(lane);
    lane.leave();
    if (this.#unsent === 'no') return;
    // A question that went over it may not have been read.
    this.#unsaid = 'yes';
    this.#clock.soon(() => this.#onStuck());
  }

  // ── Resume ──────────────────────────────────────────────────────────────────────────────────

  /** Whether the peer has to hear anew what this side has. */
  get mustSay(): boolean {
    return this.#unsaid === 'yes';
  }

  /** What this side has, about to be told; `adopted`: the lanes that are sent on. */
  takeAccount(adopted: readonly string[] = this.sendingIds): SessionAccount {
    this.#unsaid = 'no';
    return {
      lanes: this.wellLanes.map(({ id }) => id),
      adopted,
      controlNext: this.#control.nextExpected,
      sockets: this.#dispatcher.takeStates(),
    };
  }

  /**
   * What the peer says of lanes: those it does not name work no more, but the one that `via` says so.
   * An account that was overtaken says nothing of lanes. Returns whether it was the newest.
   */
  takeLanes(account: Account, via: Lane): 'newest' | 'overtaken' {
    if (account.number <= this.#peerNumber) return 'overtaken';
    this.#peerNumber = account.number;
    this.#adopted = account.adopted;
    for (const lane of this.#lanes) {
      if (lane !== via && !account.lanes.includes(lane.id)) this.lose(lane);
    }
    return 'newest';
  }

  /** What the peer has: forgets that; `sendAgain` sends the rest. Throws `E_PROTOCOL`. */
  takeSockets({ controlNext, sockets }: Account): void {
    this.#control.acknowledge(controlNext);
    this.#dispatcher.onPeerStates(sockets);
  }

  /** Sends again what may have been lost with a lane. */
  sendAgain(): void {
    if (this.#unsent === 'no' || this.#sending.size === 0) return;
    this.#unsent = 'no';
    this.#control.sendAgain();
    this.#dispatcher.sendAgain();
  }
}

function isWellFormed({ id, port }: SharedService): boolean {
  return id.length >= 1 && id.length <= SHARE_ID_BYTES_MAX && isPort(port);
}
