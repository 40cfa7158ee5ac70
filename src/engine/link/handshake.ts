/**
 * HELLO, AUTH, READY: proves to each side who the other is before anything else is parsed.
 *
 *   greeting  HELLO is sent, the peer's awaited
 *   proving   AUTH is sent, the peer's awaited
 *   waiting   the peer is authenticated and READY sent; its READY is awaited. It may already be
 *             sending, and its frames may overtake its READY: the link holds them meanwhile
 *   ready     both sides may send frames
 *
 * Invariant: there is one way through these states, and every message out of its place, too large
 * or too late ends the carrier. Messages that overtake each other are put back in order first.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { HANDSHAKE_BYTES_MAX } from '../../shared/limits.ts';
import { portholeError } from '../../shared/errors.ts';
import { encodeFrame, FRAME, protocolViolation } from '../protocol/frame.ts';
import type { Frame } from '../protocol/frame.ts';
import { HandshakeSchema, ReadySchema } from '../protocol/generated/session_pb.ts';
import type {
  Auth,
  Handshake as HandshakeMessage,
  Hello,
} from '../protocol/generated/session_pb.ts';
import { Reassembler } from '../protocol/reassembly.ts';
import type { Authenticator, PeerIdentity } from './authenticator.ts';

/** The version of the wire protocol this code speaks. */
export const PROTOCOL_VERSION = 1;

/** Sequence number of the handshake messages that have no order: PING, PONG, BYE. */
const UNORDERED_SEQ = 3;

export type HandshakeState = 'greeting' | 'proving' | 'waiting' | 'ready';
type Kind = HandshakeMessage['kind'];

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
  readonly #send: (message: Uint8Array) => void;
  readonly #reassembler = new Reassembler();
  #state: HandshakeState = 'greeting';
  #bytes = 0;
  #peerHello: Hello | undefined;
  #peer: PeerIdentity | undefined;

  constructor(authenticator: Authenticator, send: (message: Uint8Array) => void) {
    this.#authenticator = authenticator;
    this.#send = send;
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
    this.#sendOrdered({ case: 'hello', value: this.#authenticator.hello() }, 0);
  }

  /**
   * Takes HELLO, AUTH or READY, in whatever order they arrive. Throws `E_VERSION`, `E_IDENTITY`,
   * `E_TRUST_INVITE` or `E_PROTOCOL`; the carrier must end then.
   */
  onFrame(frame: Frame): void {
    this.#bytes += frame.payload.length;
    if (this.#bytes > HANDSHAKE_BYTES_MAX) throw protocolViolation('handshake too large');
    if (frame.seq >= UNORDERED_SEQ) throw protocolViolation('handshake message out of place');
    if (this.#reassembler.place(frame) !== 'next') return;
    this.#onMessage(parseHandshake(frame));
    for (let next = this.#reassembler.take(); next; next = this.#reassembler.take()) {
      this.#onMessage(parseHandshake(next));
    }
  }

  #onMessage(message: Kind): void {
    if (this.#state === 'greeting' && message.case === 'hello') this.#onHello(message.value);
    else if (this.#state === 'proving' && message.case === 'auth') this.#onAuth(message.value);
    else if (this.#state === 'waiting' && message.case === 'ready') this.#state = 'ready';
    else throw protocolViolation('handshake message out of place');
  }

  #onHello(hello: Hello): void {
    if (hello.version !== PROTOCOL_VERSION) {
      throw portholeError('E_VERSION', { theirs: hello.version, ours: PROTOCOL_VERSION });
    }
    this.#peerHello = hello;
    this.#state = 'proving';
    this.#sendOrdered({ case: 'auth', value: this.#authenticator.prove(hello) }, 1);
  }

  #onAuth(auth: Auth): void {
    this.#peer = this.#authenticator.check(this.#peerHello as Hello, auth);
    this.#state = 'waiting';
    this.#sendOrdered({ case: 'ready', value: create(ReadySchema) }, 2);
  }

  #sendOrdered(kind: Kind, seq: number): void {
    this.#send(encodeHandshake(kind, seq));
  }
}
