/**
 * One carrier on its way to a session and in it: the handshake first, then frames, the heartbeat, and
 * an end that says why.
 *
 *   handshaking  until both READYs; when pairing also until both CONFIRMs
 *   joining      the peer is who it should be; RESUME decides what session it belongs to
 *   open         frames flow
 *   leaving      BYE is sent; the peer's closing, or a quarter of a second, is awaited
 *   closed       over
 *
 * Invariant: no frame but HANDSHAKE is parsed before the peer is authenticated, none is handed on
 * before the lane was opened. `onClosed` comes exactly once and last, when the end is decided; the
 * farewell may still be on its way then. When `ended` resolves no timer or carrier of it is left.
 */
import { create } from '@bufbuild/protobuf';
import {
  BEFORE_READY_BYTES_MAX,
  CONFIRM_TIMEOUT_MS,
  FAREWELL_MS,
  GATE_HIGH_WATER_BYTES,
  HANDSHAKE_TIMEOUT_MS,
  JOIN_TIMEOUT_MS,
  LINK_SILENCE_MS,
} from '../../shared/limits.ts';
import { ERRORS, portholeError, toError, toPortholeError } from '../../shared/errors.ts';
import type { ErrorCode, PortholeError } from '../../shared/errors.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import type { Carrier } from '../carrier/carrier.ts';
import { FRAME, parseFrame, parseOffset, protocolViolation } from '../protocol/frame.ts';
import type { Frame } from '../protocol/frame.ts';
import { ByeSchema, PingSchema, PongSchema } from '../protocol/generated/session_pb.ts';
import type { Bye, Resume } from '../protocol/generated/session_pb.ts';
import { LaneGate } from '../tunnel/lane-gate.ts';
import { HoleCounter } from '../tunnel/hole-counter.ts';
import type { LossCounts } from '../tunnel/hole-counter.ts';
import type { Authenticator, PeerIdentity } from './authenticator.ts';
import { readFarewell } from './farewell.ts';
import { encodeHandshake, Handshake, parseHandshake, UNORDERED_SEQ } from './handshake.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Health } from './heartbeat.ts';

/** Who takes a lane once its peer is authenticated. */
export interface LaneReceiver {
  /** Whether there are sockets. */
  isActive(): boolean;
  onResume(lane: Lane, part: Resume): void;
  /** A frame of the session; only while the lane is open. */
  onFrame(lane: Lane, frame: Frame): void;
  /** Something of what was sent has arrived. */
  onArrived(lane: Lane): void;
  /** `health` changed. */
  onHealth(lane: Lane): void;
  /** The peer sends nothing more on this lane, and all it sent has arrived. */
  onPeerLeft(lane: Lane): void;
  onClosed(lane: Lane, end: LaneEnd): void;
}

/**
 * How a lane ended.
 *   left     this side or the peer gave up this carrier only
 *   lost     the carrier broke, or went silent
 *   session  one side ended the session: `cause` is undefined where it was this one
 */
export type LaneEnd =
  | { readonly kind: 'left' }
  | { readonly kind: 'lost'; readonly cause: PortholeError }
  | { readonly kind: 'session'; readonly cause: PortholeError | undefined };

/** What a lane has carried so far, both ways. */
export interface LaneCounts extends LossCounts {
  readonly bytes: number;
}

export interface LaneOptions {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  /** The peer is authenticated (when pairing: confirmed and stored). What it throws ends the lane. */
  readonly onReady: (lane: Lane, peer: PeerIdentity) => LaneReceiver;
}

type LaneState = 'handshaking' | 'joining' | 'open' | 'leaving' | 'closed';

export class Lane {
  /** Names the carrier; both ends know it, and no two carriers have the same. Hexadecimal. */
  readonly id: string;
  readonly gate: LaneGate;
  readonly carrier: Carrier;
  /** Resolves when the lane carries a session, or is not needed because others do; else rejects. */
  readonly joined: Promise<void>;
  /** Resolves when the lane is over, however it went. */
  readonly ended: Promise<void>;
  readonly #clock: Clock;
  readonly #options: LaneOptions;
  readonly #handshake: Handshake;
  #state: LaneState = 'handshaking';
  #receiver: LaneReceiver | undefined;
  #heartbeat: Heartbeat | undefined;
  #cancelTimer: CancelTimer;
  readonly #received = new HoleCounter();
  /** What the peer has received, as it said last. */
  #told: LossCounts = { frames: 0, holes: 0 };
  #overtaking: Uint8Array[] = [];
  #overtakingBytes = 0;
  #resolveJoined!: () => void;
  #rejectJoined!: (error: PortholeError) => void;
  #resolveEnded!: () => void;

  /** Starts the handshake on an open carrier. */
  constructor(options: LaneOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.carrier = options.carrier;
    this.id = idOf(options.carrier);
    this.gate = new LaneGate(options.carrier, options.clock);
    this.joined = new Promise((resolve, reject) => {
      this.#resolveJoined = resolve;
      this.#rejectJoined = reject;
    });
    // Nobody need look at it.
    this.joined.catch(() => {});
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#handshake = this.#createHandshake(options.authenticator);
    this.#cancelTimer = this.#clock.after(HANDSHAKE_TIMEOUT_MS, () =>
      this.#giveUp('it did not authenticate in time'),
    );
    this.carrier.start({
      onMessage: (message) => this.#onMessage(message),
      onDrained: () => this.gate.onDrained(),
      onClosed: (cause) => this.#onCarrierClosed(cause),
    });
    this.#handshake.start();
  }

  /** Round trip of the PINGs, ms. */
  get roundTripMs(): number | undefined {
    return this.#heartbeat?.roundTripMs;
  }

  get health(): Health {
    return this.#heartbeat?.health ?? 'suspect';
  }

  get counts(): LaneCounts {
    const { frames, holes } = this.#received.counts;
    return {
      bytes: this.gate.sentBytes + this.gate.receivedBytes,
      frames: frames + this.#told.frames,
      holes: holes + this.#told.holes,
    };
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** From now on frames are handed on; those that came before are at once. */
  open(): void {
    if (this.#state !== 'joining') return;
    this.#cancelTimer();
    this.#state = 'open';
    this.#resolveJoined();
    const overtaking = this.#overtaking;
    this.#overtaking = [];
    for (const message of overtaking) this.#onMessage(message);
  }

  sendResume(part: Resume): void {
    if (this.#state !== 'joining' && this.#state !== 'open') return;
    this.carrier.send(encodeHandshake({ case: 'resume', value: part }));
  }

  /** All that was sent on this lane has arrived, and nothing more will be: tells the peer. */
  tellLeft(): void {
    this.#sendBye({ reason: 0, carrierOnly: true });
  }

  /** There is reason to doubt the carrier: asks the peer at once. */
  doubt(): void {
    this.#heartbeat?.doubt();
  }

  /** Gives up this carrier; the session may go on with others. */
  leave(): void {
    this.#sayGoodbye({ kind: 'left' }, { reason: 0, carrierOnly: true });
  }

  /** Nobody waits for this carrier any more: gives it up, unless it carries a session. */
  cancel(): void {
    if (this.#state !== 'open') this.#giveUp('it was stopped');
  }

  /** Ends the session for this carrier's part, and tells the peer so, and why, if it still can. */
  close(farewell?: ErrorCode): void {
    const reason = farewell === undefined ? 0 : ERRORS[farewell].wire;
    this.#sayGoodbye({ kind: 'session', cause: undefined }, { reason, carrierOnly: false });
  }

  /** What a receiver made of a frame is an error: ends the session. */
  fail(cause: PortholeError): void {
    const reason = ERRORS[cause.code].wire;
    this.#sayGoodbye({ kind: 'session', cause }, { reason, carrierOnly: false });
  }

  // ── Messages ────────────────────────────────────────────────────────────────────────────────

  #onMessage(message: Uint8Array): void {
    if (this.#state === 'closed') return;
    this.#heartbeat?.onMessage();
    try {
      this.#parse(message);
    } catch (thrown) {
      this.fail(toPortholeError(thrown));
    }
  }

  #parse(message: Uint8Array): void {
    if (message[0] === FRAME.HANDSHAKE) this.#onHandshakeFrame(parseFrame(message));
    else if (this.#state === 'open') this.#onFrame(message);
    else if (this.#state !== 'leaving') this.#holdOvertaking(message);
  }

  #onFrame(message: Uint8Array): void {
    const frame = parseFrame(message);
    if (frame.type === FRAME.ARRIVED) {
      this.gate.onArrived(parseOffset(frame.payload));
      this.#receiver?.onArrived(this);
      return;
    }
    if (frame.type === FRAME.MARK) {
      this.#received.onMark(parseOffset(frame.payload), this.gate.receivedBytes);
      return;
    }
    this.gate.countReceived(message.length);
    if (frame.type === FRAME.DATA) this.#received.onFrame();
    this.#receiver?.onFrame(this, frame);
  }

  #holdOvertaking(message: Uint8Array): void {
    this.#requireAuthenticated();
    // Anything shorter than a header would wait here for next to nothing of the limit.
    parseFrame(message);
    this.#overtakingBytes += message.length;
    if (this.#overtakingBytes > BEFORE_READY_BYTES_MAX) throw protocolViolation('READY overdue');
    this.#overtaking.push(message);
  }

  #onHandshakeFrame(frame: Frame): void {
    const message = parseHandshake(frame);
    // Nothing but the farewell counts any more; least of all an AUTH, which would spend an invite.
    if (this.#state === 'leaving' && message.case !== 'bye') return;
    switch (message.case) {
      case 'hello':
      case 'auth':
      case 'ready':
      case 'confirm':
        return this.#handshake.onFrame(frame);
      case 'resume':
        this.#requireAuthenticated();
        return this.#onResume(frame, message.value);
      case 'ping':
        this.#requireAuthenticated();
        return this.#answerPing(message.value.id);
      case 'pong':
        this.#requireAuthenticated();
        this.#heartbeat?.onPong(message.value.id);
        this.#told = message.value;
        return;
      case 'bye':
        return this.#onBye(message.value);
      case undefined:
        return this.#onUnknownKind(frame);
    }
  }

  /** It can overtake the peer's READY, too. */
  #onResume(frame: Frame, part: Resume): void {
    if (this.#receiver !== undefined) this.#receiver.onResume(this, part);
    else this.#holdOvertaking(encodeHandshake({ case: 'resume', value: part }, frame.seq));
  }

  /** Messages of later versions come without order, or nobody could place them. */
  #onUnknownKind(frame: Frame): void {
    this.#requireAuthenticated();
    if (frame.seq !== UNORDERED_SEQ) throw protocolViolation('unknown handshake message');
  }

  /**
   * PONG passes the gate, so a peer that asks and never reads would pile them up here. One that
   * hears what waits ahead of it needs no PONG to know that this side lives.
   */
  #answerPing(id: number): void {
    if (this.carrier.bufferedAmount() > GATE_HIGH_WATER_BYTES) return;
    const value = create(PongSchema, { id, ...this.#received.counts });
    this.carrier.send(encodeHandshake({ case: 'pong', value }));
  }

  #requireAuthenticated(): void {
    if (this.#handshake.peer === undefined) throw protocolViolation('frame before authentication');
  }

  // ── Life ────────────────────────────────────────────────────────────────────────────────────

  #createHandshake(authenticator: Authenticator): Handshake {
    return new Handshake(authenticator, {
      send: (bytes) => this.carrier.send(bytes),
      onConfirming: () => this.#waitForPeople(),
      onReady: (peer) => this.#becomeReady(peer),
      onFailed: (error) => this.fail(error),
    });
  }

  #waitForPeople(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(CONFIRM_TIMEOUT_MS, () =>
      this.fail(portholeError('E_CONFIRM_TIMEOUT')),
    );
    this.#heartbeat = this.#createHeartbeat();
  }

  #becomeReady(peer: PeerIdentity): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(JOIN_TIMEOUT_MS, () =>
      this.#giveUp('it did not take up the connection in time'),
    );
    this.#state = 'joining';
    this.#heartbeat ??= this.#createHeartbeat();
    this.#receiver = this.#options.onReady(this, peer);
    this.#takeHeldResumes();
  }

  #takeHeldResumes(): void {
    const resumes = this.#overtaking.filter(isResume);
    this.#overtaking = this.#overtaking.filter((message) => !isResume(message));
    for (const message of resumes) this.#onMessage(message);
  }

  /**
   * Before it carries a session here. It may do so there already, and that session can go on with
   * others: the peer is told of this carrier alone. A peer that knows us not yet takes no such word.
   */
  #giveUp(reason: string): void {
    const carrierOnly = this.#state === 'joining';
    const cause = portholeError('E_UNREACHABLE', { reason });
    this.#sayGoodbye({ kind: 'lost', cause }, { reason: ERRORS.E_UNREACHABLE.wire, carrierOnly });
  }

  #createHeartbeat(): Heartbeat {
    return new Heartbeat(this.#clock, {
      isActive: () => this.#receiver?.isActive() ?? false,
      sendPing: (id) =>
        this.carrier.send(encodeHandshake({ case: 'ping', value: create(PingSchema, { id }) })),
      onHealth: () => {
        if (this.#state === 'open') this.#receiver?.onHealth(this);
      },
      onSilent: () => this.#lose(`nothing was heard from it for ${LINK_SILENCE_MS / 1000} s`),
    });
  }

  #onBye({ reason, carrierOnly }: Bye): void {
    if (carrierOnly) return this.#onPeerLeft();
    const farewell = readFarewell(reason, this.#handshake.peer);
    const cause = farewell.kind === 'verdict' ? farewell.error : this.#lost(farewell.reason);
    this.#finish({ kind: 'session', cause });
  }

  /** Before it carried a session: others do, and this one is not needed. */
  #onPeerLeft(): void {
    this.#requireAuthenticated();
    if (this.#state === 'open') this.#receiver?.onPeerLeft(this);
    else this.#finish({ kind: 'left' });
  }

  #lost(reason: string): PortholeError {
    const peer = this.#handshake.peer?.name ?? 'the other computer';
    switch (this.#handshake.state) {
      // Its nonce of the digits is known by now: an attempt of its own accord would be a second guess.
      case 'confirming':
        return portholeError('E_PAIRING_LOST', { peer, reason });
      case 'keeping':
      case 'ready':
        return portholeError('E_LINK_LOST', { peer, reason });
      case 'greeting':
      case 'proving':
      case 'waiting':
      case 'over':
        return portholeError('E_UNREACHABLE', { reason });
    }
  }

  #lose(reason: string): void {
    this.#finish({ kind: 'lost', cause: this.#lost(reason) });
  }

  #onCarrierClosed(cause: PortholeError | undefined): void {
    this.#finish({ kind: 'lost', cause: this.#withReason(cause) });
  }

  #withReason(cause: PortholeError | undefined): PortholeError {
    if (cause?.code === 'E_IDENTITY') return cause;
    // Its sentence would stand inside another one; the reason alone is the cause.
    const told = cause?.code === 'E_LINK_LOST' ? toError(cause.cause) : cause;
    return this.#lost(told?.message ?? 'it closed the connection');
  }

  /** Ends as `end` says, and tells the peer so. */
  #sayGoodbye(end: LaneEnd, bye: Pick<Bye, 'reason' | 'carrierOnly'>): void {
    if (this.#state === 'leaving' || this.#state === 'closed') return;
    this.#state = 'leaving';
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(FAREWELL_MS, () => this.#finish(end));
    this.#sendBye(bye);
    this.#decide(end);
  }

  #sendBye(bye: Pick<Bye, 'reason' | 'carrierOnly'>): void {
    this.carrier.send(encodeHandshake({ case: 'bye', value: create(ByeSchema, bye) }));
  }

  #finish(end: LaneEnd): void {
    if (this.#state === 'closed') return;
    const wasLeaving = this.#state === 'leaving';
    this.#state = 'closed';
    this.#cancelTimer();
    this.carrier.close();
    if (!wasLeaving) this.#decide(end);
    this.#resolveEnded();
  }

  /** From here on nothing but a farewell is sent, and nothing is handed on. */
  #decide(end: LaneEnd): void {
    this.#handshake.stop();
    this.#heartbeat?.stop();
    this.gate.close();
    this.#overtaking = [];
    // One that was left before it carried anything was not needed.
    if (end.kind === 'left') this.#resolveJoined();
    else
      this.#rejectJoined(end.cause ?? portholeError('E_UNREACHABLE', { reason: 'it was stopped' }));
    this.#receiver?.onClosed(this, end);
  }
}

/** Of the certificates of both ends, which are made for this carrier alone (docs/protocol.md). */
const LANE_ID_BYTES = 8;

function idOf({ binding }: Carrier): string {
  const { local, remote } = binding;
  const mixed = local
    .slice(0, LANE_ID_BYTES)
    .map((byte, index) => byte ^ (remote[index] as number));
  return Buffer.from(mixed).toString('hex');
}

/** Of what is held before the lane is open, no other HANDSHAKE frames than RESUMEs are. */
function isResume(message: Uint8Array): boolean {
  return message[0] === FRAME.HANDSHAKE;
}
