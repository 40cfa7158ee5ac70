/**
 * One direction of a socket on its way out: what the local application sent, as sequenced frames,
 * within the peer's credit and in the gate's turn.
 *
 * Invariant: bytes leave in the order they came, FIN or CLOSE last and once. Unsent bytes are held
 * only as the chunks they were read in; at most `UNACKED_FRAMES_MAX` frames are unacknowledged.
 */
import {
  EARLY_FRAMES_MAX,
  FRAME_HEADER_BYTES,
  READ_AHEAD_BYTES,
  UNACKED_FRAMES_MAX,
} from '../../shared/limits.ts';
import {
  encodeClose,
  encodeConnect,
  encodeFin,
  FRAME,
  protocolViolation,
  writeHeader,
} from '../protocol/frame.ts';
import type { ClosePayload, ConnectPayload } from '../protocol/frame.ts';
import { SendCredit } from '../protocol/credit.ts';
import { serialAdd, serialDistance } from '../protocol/serial.ts';
import type { Gate, GateSender, TurnResult } from './gate.ts';

/** What stands behind the pending bytes, and whether it is out. */
type Ending = 'none' | 'fin-due' | 'close-due' | 'fin-sent' | 'close-sent';

export interface OutgoingEvents {
  /** Pending bytes fell below `READ_AHEAD_BYTES`: more may be read. */
  onRoom(): void;
  /** The peer has everything, the FIN or CLOSE included. */
  onAllAcknowledged(ending: 'fin' | 'close'): void;
}

export interface OutgoingOptions {
  readonly socketId: number;
  readonly gate: Gate;
  /** A header and the largest DATA payload; shared by all sockets of a carrier, used within one turn. */
  readonly frameBuffer: Uint8Array;
  readonly events: OutgoingEvents;
}

export class OutgoingStream implements GateSender {
  readonly #socketId: number;
  readonly #gate: Gate;
  readonly #frameBuffer: Uint8Array;
  readonly #events: OutgoingEvents;
  readonly #credit = new SendCredit(0);
  #pending: Uint8Array[] = [];
  /** Bytes of the first pending chunk that are sent already. */
  #headOffset = 0;
  #pendingBytes = 0;
  #nextSeq = 0;
  #ackedSeq = 0;
  #ending: Ending = 'none';
  #close: ClosePayload | undefined;

  constructor(options: OutgoingOptions) {
    this.#socketId = options.socketId;
    this.#gate = options.gate;
    this.#frameBuffer = options.frameBuffer;
    this.#events = options.events;
  }

  /** Whether the reader of the local connection should pause. */
  get isFull(): boolean {
    return this.#pendingBytes >= READ_AHEAD_BYTES;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Raises the peer's credit without an acknowledgement: what CONNECT or the protocol grants. */
  allow(limit: number): void {
    this.#credit.raise(limit);
    this.#wantTurn();
  }

  sendConnect(connect: ConnectPayload): void {
    this.#gate.pass(encodeConnect(this.#socketId, connect));
    this.#takeSeq();
  }

  push(chunk: Uint8Array): void {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    this.#wantTurn();
  }

  /** FIN behind what is pending. */
  finish(): void {
    this.#ending = 'fin-due';
    this.#sendEndingIfDue();
  }

  /** CLOSE behind what is pending; takes the place of a FIN that is not out. */
  closeInOrder(close: ClosePayload): void {
    this.#close = close;
    this.#ending = 'close-due';
    this.#sendEndingIfDue();
  }

  /** CLOSE now; what is pending is dropped. Does nothing when a CLOSE is out. */
  closeAtOnce(close: ClosePayload): void {
    if (this.#ending === 'close-sent') return;
    this.drop();
    this.#close = close;
    this.#ending = 'close-due';
    this.#sendEndingIfDue();
  }

  /** Leaves the gate and forgets what is pending. */
  drop(): void {
    this.#gate.leave(this);
    this.#pending = [];
    this.#headOffset = 0;
    this.#pendingBytes = 0;
  }

  /** CREDIT came. Throws `E_PROTOCOL` when it acknowledges what was never sent. */
  onCredit(nextSeq: number, limit: number): void {
    if (serialDistance(nextSeq, this.#nextSeq) > 0) {
      throw protocolViolation('acknowledged what was never sent');
    }
    if (serialDistance(nextSeq, this.#ackedSeq) > 0) this.#ackedSeq = nextSeq;
    this.#credit.raise(limit);
    this.#wantTurn();
    this.#reportIfAllAcknowledged();
  }

  takeTurn(): TurnResult {
    if (!this.#canSend) return 'done';
    const wasFull = this.isFull;
    this.#sendData();
    if (wasFull && !this.isFull) this.#events.onRoom();
    this.#sendEndingIfDue();
    return this.#canSend ? 'more' : 'done';
  }

  get #unackedFrames(): number {
    return serialDistance(this.#nextSeq, this.#ackedSeq);
  }

  get #canSend(): boolean {
    return (
      this.#pendingBytes > 0 &&
      this.#credit.available > 0 &&
      this.#unackedFrames < this.#unackedFramesMax
    );
  }

  /** Until the first acknowledgement the CONNECT may be late, and all else waits for it there. */
  get #unackedFramesMax(): number {
    return this.#ackedSeq === 0 ? EARLY_FRAMES_MAX - 1 : UNACKED_FRAMES_MAX;
  }

  #wantTurn(): void {
    if (this.#canSend) this.#gate.want(this);
  }

  #takeSeq(): number {
    const seq = this.#nextSeq;
    this.#nextSeq = serialAdd(seq, 1);
    return seq;
  }

  #sendData(): void {
    const room = this.#frameBuffer.length - FRAME_HEADER_BYTES;
    const bytes = Math.min(this.#pendingBytes, this.#credit.available, room);
    writeHeader(this.#frameBuffer, {
      type: FRAME.DATA,
      socketId: this.#socketId,
      seq: this.#takeSeq(),
    });
    this.#gather(bytes);
    this.#credit.spend(bytes);
    this.#gate.send(this.#frameBuffer.subarray(0, FRAME_HEADER_BYTES + bytes));
  }

  /** Moves `bytes` from the pending chunks into the frame: the one copy of a payload on its way. */
  #gather(bytes: number): void {
    let written = 0;
    let used = 0;
    while (written < bytes) {
      const chunk = this.#pending[used] as Uint8Array;
      const part = chunk.subarray(this.#headOffset, this.#headOffset + bytes - written);
      this.#frameBuffer.set(part, FRAME_HEADER_BYTES + written);
      written += part.length;
      this.#headOffset += part.length;
      if (this.#headOffset < chunk.length) break;
      this.#headOffset = 0;
      used += 1;
    }
    if (used > 0) this.#pending.splice(0, used);
    this.#pendingBytes -= bytes;
  }

  #sendEndingIfDue(): void {
    if (this.#pendingBytes > 0) return;
    if (this.#ending === 'fin-due') {
      this.#ending = 'fin-sent';
      this.#gate.pass(encodeFin(this.#socketId, this.#takeSeq()));
    } else if (this.#ending === 'close-due' && this.#close !== undefined) {
      this.#ending = 'close-sent';
      this.#gate.pass(encodeClose(this.#socketId, this.#takeSeq(), this.#close));
    }
  }

  #reportIfAllAcknowledged(): void {
    if (this.#ackedSeq !== this.#nextSeq) return;
    if (this.#ending === 'fin-sent') this.#events.onAllAcknowledged('fin');
    if (this.#ending === 'close-sent') this.#events.onAllAcknowledged('close');
  }
}
