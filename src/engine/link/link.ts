/**
 * The session with one peer over one carrier: the handshake first, then sockets, the list of
 * shares, the heartbeat, and an end that says why.
 *
 * Invariant: no frame but HANDSHAKE is parsed before the peer is authenticated, none is acted on
 * before the handshake is over (its READY, when pairing also both CONFIRMs). `onClosed` comes exactly once; after it nothing is sent, and no socket, timer or
 * carrier of this link is left.
 */
import { create } from '@bufbuild/protobuf';
import {
  BEFORE_READY_BYTES_MAX,
  CONFIRM_TIMEOUT_MS,
  CONTROL_PER_MINUTE_MAX,
  FAREWELL_MS,
  GATE_HIGH_WATER_BYTES,
  HANDSHAKE_TIMEOUT_MS,
  LINK_SILENCE_MS,
  SHARE_ID_BYTES_MAX,
} from '../../shared/limits.ts';
import { ERRORS, portholeError, toError, toPortholeError } from '../../shared/errors.ts';
import type { ErrorCode, PortholeError } from '../../shared/errors.ts';
import { isPort } from '../../shared/target.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { compareDeviceIds } from '../../shared/device-id.ts';
import type { Carrier } from '../carrier/carrier.ts';
import { FRAME, parseFrame, protocolViolation } from '../protocol/frame.ts';
import type { Frame } from '../protocol/frame.ts';
import {
  ByeSchema,
  PingSchema,
  PongSchema,
  ShareSchema,
  SharesSchema,
} from '../protocol/generated/session_pb.ts';
import type { Control } from '../protocol/generated/session_pb.ts';
import type { Dialer } from '../tunnel/dialer.ts';
import { Dispatcher } from '../tunnel/dispatcher.ts';
import { EventCounter } from '../tunnel/event-counter.ts';
import type { LocalConnection } from '../tunnel/local-connection.ts';
import type { Authenticator, PeerIdentity } from './authenticator.ts';
import { ControlStream } from './control-stream.ts';
import { readFarewell } from './farewell.ts';
import { encodeHandshake, Handshake, parseHandshake, UNORDERED_SEQ } from './handshake.ts';
import { Heartbeat } from './heartbeat.ts';
import { readReach, writeReach } from './reach.ts';
import type { Reach } from './reach.ts';

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
  /** The peer is authenticated (when pairing: confirmed and stored), and both sides may send. */
  onReady(peer: PeerIdentity): void;
  /** The peer's list of shares, whole, whenever it changes. */
  onShares(shares: readonly SharedService[]): void;
  /** Where the peer can be found later, whenever it changes. */
  onReach(reach: Reach): void;
  /** The peer ended a socket this side opened, for another reason than its application's reset. */
  onSocketRefused(code: ErrorCode): void;
  /** A socket may be opened again after `hasRoom` was false. */
  onRoom(): void;
  /** The link is over: `undefined` when this side ended it, else why. */
  onClosed(cause: PortholeError | undefined): void;
}

export interface LinkOptions {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  /** Opens connections to what this side shares. */
  readonly dialer: Dialer;
  readonly events: LinkEvents;
}

/**
 *   handshaking  until both READYs; when pairing also until both CONFIRMs
 *   open         frames flow
 *   leaving      BYE is sent; the peer's closing, or a quarter of a second, is awaited
 *   closed       over
 */
type LinkState = 'handshaking' | 'open' | 'leaving' | 'closed';

export class Link {
  readonly #carrier: Carrier;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #options: LinkOptions;
  readonly #handshake: Handshake;
  readonly #controls = new EventCounter(CONTROL_PER_MINUTE_MAX, 60_000);
  #state: LinkState = 'handshaking';
  #dispatcher: Dispatcher | undefined;
  #control: ControlStream | undefined;
  #heartbeat: Heartbeat | undefined;
  #cancelTimer: CancelTimer;
  #overtaking: Uint8Array[] = [];
  #overtakingBytes = 0;
  #endedBy: PortholeError | undefined;

  /** Starts the handshake on an open carrier. */
  constructor(options: LinkOptions) {
    this.#options = options;
    this.#carrier = options.carrier;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#handshake = this.#createHandshake(options.authenticator);
    this.#cancelTimer = this.#clock.after(HANDSHAKE_TIMEOUT_MS, () =>
      this.#fail(portholeError('E_UNREACHABLE', { reason: 'it did not authenticate in time' })),
    );
    this.#carrier.start({
      onMessage: (message) => this.#onMessage(message),
      onDrained: () => this.#dispatcher?.onDrained(),
      onClosed: (cause) => this.#onCarrierClosed(cause),
    });
    this.#handshake.start();
  }

  /** Whether one more socket may be opened now; if not, `onRoom` says when. */
  get hasRoom(): boolean {
    return this.#state === 'open' && (this.#dispatcher?.hasRoom ?? false);
  }

  /** Round trip of the last PING, ms. */
  get roundTripMs(): number | undefined {
    return this.#heartbeat?.roundTripMs;
  }

  get liveSockets(): number {
    return this.#dispatcher?.liveSockets ?? 0;
  }

  /** Leads a local connection to the peer's share; resets it when the link is over. */
  openSocket(shareId: Uint8Array, local: LocalConnection): void {
    if (this.#state === 'open' && this.#dispatcher !== undefined) {
      this.#dispatcher.open(shareId, local);
    } else local.reset();
  }

  /** Resets every connection the peer opened to this share, and tells it why. */
  closeShare(shareId: Uint8Array, code: ErrorCode): void {
    this.#dispatcher?.closeShare(shareId, code);
  }

  /** Announces the whole list of what the peer may use. */
  announce(services: readonly SharedService[]): void {
    const shares = services.map((service) => create(ShareSchema, service));
    this.#control?.send({ case: 'shares', value: create(SharesSchema, { shares }) });
  }

  /** Tells the peer where this side can be found later. */
  announceReach(reach: Reach): void {
    this.#control?.send({ case: 'reach', value: writeReach(reach) });
  }

  /** Ends the link, and tells the peer so, and why, if it still can. */
  close(farewell?: ErrorCode): void {
    this.#leave(undefined, farewell);
  }

  // ── Messages ────────────────────────────────────────────────────────────────────────────────

  #onMessage(message: Uint8Array): void {
    if (this.#state === 'closed') return;
    this.#heartbeat?.onMessage();
    try {
      this.#parse(message);
    } catch (thrown) {
      this.#fail(toPortholeError(thrown));
    }
  }

  #parse(message: Uint8Array): void {
    if (message[0] === FRAME.HANDSHAKE) this.#onHandshakeFrame(parseFrame(message));
    else if (this.#state === 'open') this.#dispatcher?.onMessage(message);
    else if (this.#state === 'handshaking') this.#holdOvertaking(message);
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
      case 'ping':
        this.#requireAuthenticated();
        return this.#answerPing(message.value.id);
      case 'pong':
        this.#requireAuthenticated();
        this.#heartbeat?.onPong(message.value.id);
        return;
      case 'bye':
        return this.#onBye(message.value.reason);
      case undefined:
        return this.#onUnknownKind(frame);
    }
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
    if (this.#carrier.bufferedAmount() > GATE_HIGH_WATER_BYTES) return;
    this.#carrier.send(encodeHandshake({ case: 'pong', value: create(PongSchema, { id }) }));
  }

  #requireAuthenticated(): void {
    if (this.#handshake.peer === undefined) throw protocolViolation('frame before authentication');
  }

  // ── Life ────────────────────────────────────────────────────────────────────────────────────

  #createHandshake(authenticator: Authenticator): Handshake {
    return new Handshake(authenticator, {
      send: (bytes) => this.#carrier.send(bytes),
      onConfirming: () => this.#waitForPeople(),
      onReady: (peer) => this.#becomeReady(peer),
      onFailed: (error) => this.#fail(error),
    });
  }

  #waitForPeople(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(CONFIRM_TIMEOUT_MS, () =>
      this.#fail(portholeError('E_CONFIRM_TIMEOUT')),
    );
    this.#heartbeat = this.#createHeartbeat();
  }

  #becomeReady(peer: PeerIdentity): void {
    this.#cancelTimer();
    this.#state = 'open';
    this.#dispatcher = this.#createDispatcher(peer);
    this.#control = this.#createControl(this.#dispatcher);
    this.#heartbeat ??= this.#createHeartbeat();
    this.#events.onReady(peer);
    const overtaking = this.#overtaking;
    this.#overtaking = [];
    for (const message of overtaking) this.#onMessage(message);
  }

  #createDispatcher(peer: PeerIdentity): Dispatcher {
    const { authenticator, dialer } = this.#options;
    return new Dispatcher({
      carrier: this.#carrier,
      clock: this.#clock,
      parity: compareDeviceIds(authenticator.deviceId, peer.deviceId) > 0 ? 'odd' : 'even',
      dialer,
      events: {
        onSessionFrame: (frame) => this.#control?.onFrame(frame),
        onSocketRefused: (code) => this.#events.onSocketRefused(code),
        onAbuse: (reason) => this.#fail(protocolViolation(reason)),
        onRoom: () => this.#events.onRoom(),
      },
    });
  }

  #createControl(dispatcher: Dispatcher): ControlStream {
    return new ControlStream(
      (message) => dispatcher.gate.pass(message),
      (kind) => this.#onControl(kind),
    );
  }

  #createHeartbeat(): Heartbeat {
    return new Heartbeat(this.#clock, {
      isActive: () => this.liveSockets > 0,
      sendPing: (id) =>
        this.#carrier.send(encodeHandshake({ case: 'ping', value: create(PingSchema, { id }) })),
      onSilent: () =>
        this.#end(this.#lost(`nothing was heard from it for ${LINK_SILENCE_MS / 1000} s`)),
    });
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
      case undefined:
        return;
    }
  }

  #onShares(shares: readonly SharedService[]): void {
    if (!shares.every(isWellFormed)) throw protocolViolation('malformed share');
    this.#events.onShares(shares);
  }

  #onBye(wire: number): void {
    const farewell = readFarewell(wire, this.#handshake.peer);
    this.#end(farewell.kind === 'verdict' ? farewell.error : this.#lost(farewell.reason));
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

  #onCarrierClosed(cause: PortholeError | undefined): void {
    this.#end(this.#state === 'leaving' ? this.#endedBy : this.#withReason(cause));
  }

  #withReason(cause: PortholeError | undefined): PortholeError {
    if (cause?.code === 'E_IDENTITY') return cause;
    // Its sentence would stand inside another one; the reason alone is the cause.
    const told = cause?.code === 'E_LINK_LOST' ? toError(cause.cause) : cause;
    return this.#lost(told?.message ?? 'it closed the connection');
  }

  #fail(cause: PortholeError): void {
    this.#leave(cause, cause.code);
  }

  /** Says farewell, then ends; `cause` is this side's reason. */
  #leave(cause: PortholeError | undefined, farewell: ErrorCode | undefined): void {
    if (this.#state === 'leaving' || this.#state === 'closed') return;
    this.#state = 'leaving';
    this.#endedBy = cause;
    this.#handshake.stop();
    this.#dispatcher?.close();
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(FAREWELL_MS, () => this.#end(cause));
    const reason = farewell === undefined ? 0 : ERRORS[farewell].wire;
    this.#carrier.send(encodeHandshake({ case: 'bye', value: create(ByeSchema, { reason }) }));
  }

  #end(cause: PortholeError | undefined): void {
    if (this.#state === 'closed') return;
    const endedBy = this.#state === 'leaving' ? this.#endedBy : cause;
    this.#state = 'closed';
    this.#handshake.stop();
    this.#cancelTimer();
    this.#heartbeat?.stop();
    this.#dispatcher?.close();
    this.#carrier.close();
    this.#events.onClosed(endedBy);
  }
}

function isWellFormed({ id, port }: SharedService): boolean {
  return id.length >= 1 && id.length <= SHARE_ID_BYTES_MAX && isPort(port);
}
