/**
 * HELLO, AUTH, READY, and CONFIRM when pairing: proves to each side who the other is before anything
 * else is parsed, and lets two people say so before anything else is acted on.
 *
 *   greeting    HELLO is sent, the peer's awaited
 *   proving     AUTH is sent, the peer's awaited
 *   waiting     the peer is authenticated; its READY is awaited, and ours is sent or will be behind it
 *   confirming  pairing only: this side's verdict and the peer's CONFIRM are awaited
 *   keeping     both said yes; the peer is being stored
 *   ready       both sides may send frames
 *   over        the link has ended
 *
 * From `waiting` on the peer may already be ready, and its frames may overtake its READY or CONFIRM:
 * the link holds them meanwhile.
 *
 * Invariant: there is one way through these states, and every message out of its place, too large
 * or too late ends the carrier. Messages that overtake each other are put back in order first.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { HANDSHAKE_BYTES_MAX } from '../../shared/limits.ts';
import { portholeError, toPortholeError } from '../../shared/errors.ts';
import type { PortholeError } from '../../shared/errors.ts';
import { encodeFrame, FRAME, protocolViolation } from '../protocol/frame.ts';
import type { Frame } from '../protocol/frame.ts';
import { ConfirmSchema, HandshakeSchema } from '../protocol/generated/session_pb.ts';
import type {
  Auth,
  Confirm,
  Handshake as HandshakeMessage,
  Hello,
  Ready,
} from '../protocol/generated/session_pb.ts';
import { Reassembler } from '../protocol/reassembly.ts';
import type { Authenticator, PeerIdentity, Settlement } from './authenticator.ts';

/** The version of the wire protocol this code speaks. */
export const PROTOCOL_VERSION = 1;

/** Sequence number of the handshake messages that have no order: PING, PONG, BYE and later ones. */
export const UNORDERED_SEQ = 255;

/** Sequence numbers of those that have one. */
const SEQ = { hello: 0, auth: 1, ready: 2, confirm: 3 } as const;

export type HandshakeState =
  | 'greeting'
  | 'proving'
  | 'waiting'
  | 'confirming'
  | 'keeping'
  | 'ready'
  | 'over';
type Kind = HandshakeMessage['kind'];

export interface HandshakeEvents {
  send(message: Uint8Array): void;
  /** The two CONFIRMs are awaited, for as long as two people need. */
  onConfirming(): void;
  /** Both sides may send frames. */
  onReady(peer: PeerIdentity): void;
  /** What failed while no frame was being handled; the carrier must end. */
  onFailed(error: PortholeError): void;
}

/** One HANDSHAKE frame. */
export function encodeHandshake(kind: Kind, seq = UNORDERED_SEQ): Uint8Array {
  const payload = toBinary(HandshakeSchema, create(HandshakeSchema, { kind }));
  return encodeFrame({ type: FRAME.HANDSHAKE, socketId: 0, seq, payload });
}

/** Parses the payload of a HANDSHAKE frame. Throws `E_PROTOCOL` when it is malformed. */
export function parseHandshake(frame: Frame): Kind {
  try {
    return fromBinary(HandshakeSchema, frame.payload).kind;
  } catch (cause) {
    throw portholeError('E_PROTOCOL', { reason: 'malformed HANDSHAKE' }, { cause });
  }
}

export class Handshake {
  readonly #authenticator: Authenticator;
  readonly #events: HandshakeEvents;
  readonly #reassembler = new Reassembler();
  /** The sides that said yes. */
  readonly #agreed = new Set<'this-side' | 'peer'>();
  #state: HandshakeState = 'greeting';
  #bytes = 0;
  #peer: PeerIdentity | undefined;

  constructor(authenticator: Authenticator, events: HandshakeEvents) {
    this.#authenticator = authenticator;
    this.#events = events;
  }

  get state(): HandshakeState {
    return this.#state;
  }

  /** The authenticated peer, from `waiting` on. */
  get peer(): PeerIdentity | undefined {
    return this.#peer;
  }

  /** Sends HELLO. */
  start(): void {
    this.#send({ case: 'hello', value: this.#authenticator.hello() }, SEQ.hello);
  }

  /** The link has ended: nothing is sent, asked or stored any more. */
  stop(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#authenticator.abort();
  }

  /**
   * Takes HELLO, AUTH, READY or CONFIRM, in whatever order they arrive. Throws `E_VERSION`,
   * `E_IDENTITY`, `E_DIGITS_DIFFER`, `E_PROTOCOL` or what the authenticator throws; the carrier must
   * end then.
   */
  onFrame(frame: Frame): void {
    this.#bytes += frame.payload.length;
    if (this.#bytes > HANDSHAKE_BYTES_MAX) throw protocolViolation('handshake too large');
    if (frame.seq > SEQ.confirm) throw protocolViolation('handshake message out of place');
    if (this.#reassembler.place(frame) !== 'next') return;
    this.#onMessage(parseHandshake(frame));
    for (let next = this.#reassembler.take(); next; next = this.#reassembler.take()) {
      this.#onMessage(parseHandshake(next));
    }
  }

  #onMessage(message: Kind): void {
    if (this.#state === 'greeting' && message.case === 'hello') this.#onHello(message.value);
    else if (this.#state === 'proving' && message.case === 'auth') this.#onAuth(message.value);
    else if (this.#state === 'waiting' && message.case === 'ready') this.#onReady(message.value);
    else if (this.#state === 'confirming' && message.case === 'confirm') {
      this.#onConfirm(message.value);
    } else throw protocolViolation('handshake message out of place');
  }

  #onHello(hello: Hello): void {
    if (hello.version !== PROTOCOL_VERSION) {
      throw portholeError('E_VERSION', { theirs: hello.version, ours: PROTOCOL_VERSION });
    }
    this.#state = 'proving';
    this.#send({ case: 'auth', value: this.#authenticator.prove(hello) }, SEQ.auth);
  }

  #onAuth(auth: Auth): void {
    this.#peer = this.#authenticator.check(auth);
    this.#state = 'waiting';
    if (this.#authenticator.readyTurn === 'at-once') this.#sendReady();
  }

  #onReady(ready: Ready): void {
    const settlement = this.#authenticator.settle(ready);
    if (this.#authenticator.readyTurn === 'after-peer') this.#sendReady();
    if (settlement.kind === 'settled') this.#becomeReady();
    else this.#startConfirming(settlement);
  }

  // ── Pairing ─────────────────────────────────────────────────────────────────────────────────

  #startConfirming(settlement: Exclude<Settlement, { kind: 'settled' }>): void {
    this.#state = 'confirming';
    this.#events.onConfirming();
    if (settlement.kind === 'agreed') this.#onVerdict(true);
    else this.#guard(settlement.verdict.then((match) => this.#onVerdict(match)));
  }

  #onVerdict(match: boolean): void {
    if (this.#state !== 'confirming') return;
    this.#send({ case: 'confirm', value: create(ConfirmSchema, { match }) }, SEQ.confirm);
    this.#agree('this-side', match);
  }

  #onConfirm({ match }: Confirm): void {
    this.#agree('peer', match);
  }

  #agree(side: 'this-side' | 'peer', match: boolean): void {
    if (!match) throw portholeError('E_DIGITS_DIFFER');
    this.#agreed.add(side);
    if (this.#agreed.size < 2) return;
    this.#state = 'keeping';
    this.#guard(this.#authenticator.keep().then(() => this.#onKept()));
  }

  #onKept(): void {
    if (this.#state === 'keeping') this.#becomeReady();
  }

  /** What goes wrong after the end of the link interests nobody. */
  #guard(work: Promise<void>): void {
    work.catch((thrown: unknown) => {
      if (this.#state !== 'over') this.#events.onFailed(toPortholeError(thrown));
    });
  }

  #becomeReady(): void {
    this.#state = 'ready';
    this.#events.onReady(this.#peer as PeerIdentity);
  }

  #sendReady(): void {
    this.#send({ case: 'ready', value: this.#authenticator.ready() }, SEQ.ready);
  }

  #send(kind: Kind, seq: number): void {
    this.#events.send(encodeHandshake(kind, seq));
  }
}
