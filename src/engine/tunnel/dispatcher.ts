/**
 * Routes the frames of one session to the handlers of its sockets, by id, whatever carrier they came
 * over, and looks after what all of them share: the ids, the gate, the credit that is owed, the
 * limits.
 *
 * Invariant: it holds no state of a socket but the socket. An id is in the table from its first
 * frame until its handler is finished and its local connection closed; an id that was seen and is
 * not in the table is finished.
 */
import {
  CREDIT_DELAY_MS,
  EARLY_TOTAL_BYTES_MAX,
  KEPT_BYTES_MAX,
  RAPID_RESETS_PER_10_S_MAX,
  REFUSED_OPENS_PER_MINUTE_MAX,
  SOCKETS_PER_PEER_MAX,
  TURNED_AWAY_MAX,
  WAITING_FRAMES_TOTAL_MAX,
} from '../../shared/limits.ts';
import { ERRORS, portholeError } from '../../shared/errors.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import {
  encodeClose,
  encodeCredit,
  FIRST_OPTIONAL_TYPE,
  FRAME,
  protocolViolation,
} from '../protocol/frame.ts';
import type { Frame } from '../protocol/frame.ts';
import { initialWindow, WindowBudget } from '../protocol/credit.ts';
import { serialAdd } from '../protocol/serial.ts';
import { IdSequence, parityOf, SeenIds } from '../protocol/socket-ids.ts';
import type { IdParity } from '../protocol/socket-ids.ts';
import { DialQueue } from './dial-queue.ts';
import type { Dialer } from './dialer.ts';
import { EventCounter } from './event-counter.ts';
import { Gate } from './gate.ts';
import type { LocalConnection } from './local-connection.ts';
import { TunnelSocket } from './tunnel-socket.ts';
import type { SocketHost, SocketState } from './tunnel-socket.ts';

export interface DispatcherEvents {
  /** A CONTROL frame, or a CREDIT of the session itself. */
  onSessionFrame(frame: Frame): void;
  /** The peer ended a socket this side opened. */
  onSocketRefused(code: ErrorCode): void;
  /** The peer asked for what it may not have too often, or resets too fast: the link must end. */
  onAbuse(reason: string): void;
  /** A slot is free again after `hasRoom` was false. */
  onRoom(): void;
}

export interface DispatcherOptions {
  readonly clock: Clock;
  /** Parity of the ids this side hands out. */
  readonly parity: IdParity;
  readonly dialer: Dialer;
  readonly events: DispatcherEvents;
}

/** Plain counters; whoever shows them reads them. */
export interface DispatcherCounters {
  openedByUs: number;
  openedByPeer: number;
  lateFrames: number;
  optionalFramesIgnored: number;
  /** Bytes of frames that are kept until the peer acknowledges them, now. */
  keptBytes: number;
}

export class Dispatcher implements SocketHost {
  readonly clock: Clock;
  readonly gate = new Gate();
  readonly windowBudget = new WindowBudget();
  readonly counters: DispatcherCounters = {
    openedByUs: 0,
    openedByPeer: 0,
    lateFrames: 0,
    optionalFramesIgnored: 0,
    keptBytes: 0,
  };
  readonly #events: DispatcherEvents;
  readonly #parity: IdParity;
  readonly #ids: IdSequence;
  readonly #peerIds: SeenIds;
  readonly #dials: DialQueue;
  readonly #sockets = new Map<number, TunnelSocket>();
  readonly #dirty = new Set<TunnelSocket>();
  readonly #owing = new Set<TunnelSocket>();
  /** Ids there was no room for, until the peer has heard it. */
  readonly #turnedAway = new Set<number>();
  readonly #refusals = new EventCounter(REFUSED_OPENS_PER_MINUTE_MAX, 60_000);
  readonly #rapidResets = new EventCounter(RAPID_RESETS_PER_10_S_MAX, 10_000);
  #state: 'open' | 'closed' = 'open';
  #room: 'free' | 'full' = 'free';
  #flush: 'idle' | 'scheduled' = 'idle';
  #cancelCreditTimer: CancelTimer | undefined;
  #earlyBytes = 0;
  #waitingFrames = 0;

  constructor(options: DispatcherOptions) {
    this.clock = options.clock;
    this.#parity = options.parity;
    this.#ids = new IdSequence(options.parity);
    this.#peerIds = new SeenIds(options.parity === 'odd' ? 'even' : 'odd');
    this.#dials = new DialQueue(options.dialer);
    this.#events = options.events;
  }

  get liveSockets(): number {
    return this.#sockets.size;
  }

  /** Whether one more socket may be opened; if not, `onRoom` says when. */
  get hasRoom(): boolean {
    if (this.#sockets.size < SOCKETS_PER_PEER_MAX) return true;
    this.#room = 'full';
    return false;
  }

  /** Opens a socket for a connection of this side's application. Throws when the session is over. */
  open(shareId: Uint8Array, local: LocalConnection): TunnelSocket {
    if (this.#state === 'closed') throw portholeError('E_INTERNAL', { reason: 'session is over' });
    const socket = TunnelSocket.open(this.#ids.take(), this, { shareId, local });
    this.#sockets.set(socket.id, socket);
    this.counters.openedByUs += 1;
    return socket;
  }

  /** Takes a frame of any carrier. Throws `E_PROTOCOL` when the peer broke the protocol. */
  onFrame(frame: Frame): void {
    this.#route(frame);
  }

  // ── Resume ──────────────────────────────────────────────────────────────────────────────────

  /** What this side has of every live socket, as the peer is about to be told. */
  takeStates(): SocketState[] {
    const live = [...this.#sockets.values()].filter(({ phase }) => phase !== 'finished');
    return live.map((socket) => socket.takeState());
  }

  /** What the peer has of its live sockets. Throws `E_PROTOCOL` for what it cannot have. */
  onPeerStates(states: readonly SocketState[]): void {
    for (const state of states) {
      const socket = this.#sockets.get(state.id);
      const isOurs = parityOf(state.id) === this.#parity;
      if (isOurs && !this.#ids.wasTaken(state.id)) throw protocolViolation('socket never opened');
      // One that is finished here hears so when it sends again; one not seen here will be opened.
      socket?.onPeerState(state);
    }
    this.#sendAgainUnless(new Set(states.map(({ id }) => id)));
  }

  /**
   * What the peer does not tell of it has finished, or never seen. Either way it answers to what is
   * sent again; an acknowledgement that it sent before it finished may have been lost with a carrier.
   */
  #sendAgainUnless(told: ReadonlySet<number>): void {
    for (const socket of this.#sockets.values()) if (!told.has(socket.id)) socket.sendAgain();
  }

  /** A carrier was lost: every socket sends again what is not acknowledged. */
  sendAgain(): void {
    for (const socket of this.#sockets.values()) socket.sendAgain();
    for (const id of this.#turnedAway) this.#tellTurnedAway(id);
  }

  /** Resets every connection the peer opened to this share, dialed or not, and tells it the code. */
  closeShare(shareId: Uint8Array, code: ErrorCode): void {
    const sockets = [...this.#sockets.values()].filter((socket) => socket.leadsTo(shareId));
    this.#dials.dropWaiting(sockets);
    for (const socket of sockets) socket.closeShare(code);
  }

  /** The session is over: every socket with it. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.gate.close();
    this.#dials.close();
    this.#cancelCreditTimer?.();
    for (const socket of this.#sockets.values()) socket.onSessionLost();
  }

  // ── What a handler needs ────────────────────────────────────────────────────────────────────

  firstWindow(): number {
    return initialWindow(this.#sockets.size + 1);
  }

  markDirty(socket: TunnelSocket): void {
    this.#dirty.add(socket);
    if (this.#flush === 'scheduled') return;
    this.#flush = 'scheduled';
    this.clock.soon(() => this.#flushDirty());
  }

  countEarly(bytes: number): 'within' | 'beyond' {
    this.#earlyBytes += bytes;
    return this.#earlyBytes > EARLY_TOTAL_BYTES_MAX ? 'beyond' : 'within';
  }

  countWaiting(frames: number): void {
    this.#waitingFrames += frames;
    if (this.#waitingFrames > WAITING_FRAMES_TOTAL_MAX) {
      throw protocolViolation('too many frames out of order');
    }
  }

  countKept(bytes: number): void {
    const before = this.counters.keptBytes;
    this.counters.keptBytes += bytes;
    // The windows of an honest peer never let so much be on its way.
    if (before <= KEPT_BYTES_MAX && this.counters.keptBytes > KEPT_BYTES_MAX) {
      this.clock.soon(() => this.#events.onAbuse('grants without acknowledging'));
    }
  }

  dial(socket: TunnelSocket, shareId: Uint8Array): void {
    if (this.#dials.add(socket, shareId) === 'accepted') return;
    socket.dialFailed('E_NOT_ALLOWED');
    if (this.#refusals.count(this.clock.now()) === 'beyond') {
      this.#events.onAbuse('too many opens of what is not shared');
    }
  }

  cancelDial(socket: TunnelSocket): void {
    this.#dials.remove(socket);
  }

  abandonDial(socket: TunnelSocket): void {
    this.#dials.remove(socket);
    if (this.#state === 'closed') return;
    if (this.#rapidResets.count(this.clock.now()) === 'beyond') {
      this.#events.onAbuse('too many resets');
    }
  }

  onClosedByPeer(socket: TunnelSocket, code: ErrorCode | undefined): void {
    if (parityOf(socket.id) === this.#parity && code !== undefined && code !== 'E_SOCKET_RESET') {
      this.#events.onSocketRefused(code);
    }
  }

  onGone(socket: TunnelSocket): void {
    this.#sockets.delete(socket.id);
    this.#owing.delete(socket);
    if (this.#room === 'free' || this.#state === 'closed') return;
    this.#room = 'free';
    this.#events.onRoom();
  }

  // ── Routing ─────────────────────────────────────────────────────────────────────────────────

  #route(frame: Frame): void {
    switch (frame.type) {
      case FRAME.CONNECT:
      case FRAME.DATA:
      case FRAME.FIN:
      case FRAME.CLOSE:
        return this.#routeSequenced(frame);
      case FRAME.CREDIT:
        return this.#routeCredit(frame);
      case FRAME.CONTROL:
        return this.#events.onSessionFrame(frame);
      default:
        if (frame.type < FIRST_OPTIONAL_TYPE) throw protocolViolation(`unknown type ${frame.type}`);
        this.counters.optionalFramesIgnored += 1;
    }
  }

  #routeSequenced(frame: Frame): void {
    if (frame.socketId === 0) throw protocolViolation('socket id 0');
    const socket = this.#sockets.get(frame.socketId);
    if (socket !== undefined) socket.onFrame(frame);
    else if (this.#turnedAway.has(frame.socketId)) this.#tellTurnedAway(frame.socketId);
    else if (this.#isFinished(frame.socketId)) this.#acknowledgeLate(frame);
    else this.#acceptNew(frame);
  }

  #routeCredit(frame: Frame): void {
    if (frame.socketId === 0) return this.#events.onSessionFrame(frame);
    const socket = this.#sockets.get(frame.socketId);
    if (socket !== undefined) return socket.onFrame(frame);
    if (!this.#isFinished(frame.socketId))
      throw protocolViolation('CREDIT for a socket never seen');
    this.#turnedAway.delete(frame.socketId);
    this.counters.lateFrames += 1;
  }

  #isFinished(id: number): boolean {
    return parityOf(id) === this.#parity ? this.#ids.wasTaken(id) : this.#peerIds.wasSeen(id);
  }

  #acknowledgeLate(frame: Frame): void {
    this.counters.lateFrames += 1;
    this.gate.pass(encodeCredit(frame.socketId, serialAdd(frame.seq, 1), 0));
  }

  #acceptNew(frame: Frame): void {
    if (parityOf(frame.socketId) === this.#parity)
      throw protocolViolation('socket id of wrong parity');
    this.#peerIds.markSeen(frame.socketId);
    if (this.#sockets.size >= SOCKETS_PER_PEER_MAX) return this.#turnAway(frame.socketId);
    const socket = TunnelSocket.accept(frame.socketId, this);
    this.#sockets.set(frame.socketId, socket);
    this.counters.openedByPeer += 1;
    socket.onFrame(frame);
  }

  #turnAway(id: number): void {
    if (this.#turnedAway.size === TURNED_AWAY_MAX) throw protocolViolation('too many sockets');
    this.#turnedAway.add(id);
    this.#tellTurnedAway(id);
  }

  #tellTurnedAway(id: number): void {
    const reason = ERRORS.E_SOCKET_LIMIT.wire;
    this.gate.pass(encodeClose(id, 0, { reason, order: 'at-once', text: '' }));
  }

  // ── At the end of a turn ────────────────────────────────────────────────────────────────────

  #flushDirty(): void {
    this.#flush = 'idle';
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    for (const socket of dirty) this.#flushOne(socket);
  }

  #flushOne(socket: TunnelSocket): void {
    switch (socket.flush()) {
      case 'credit-due':
        this.#owing.delete(socket);
        socket.sendCredit();
        return;
      case 'credit-owed':
        this.#owing.add(socket);
        this.#cancelCreditTimer ??= this.clock.after(CREDIT_DELAY_MS, () => this.#sendOwed());
        return;
      case 'nothing-owed':
        return;
    }
  }

  #sendOwed(): void {
    this.#cancelCreditTimer = undefined;
    for (const socket of this.#owing) socket.sendCredit();
    this.#owing.clear();
  }
}
