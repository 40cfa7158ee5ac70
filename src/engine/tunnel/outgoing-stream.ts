/**
 * One direction of a socket on its way out: what the local application sent, as sequenced frames,
 * within the peer's credit and in the gate's turn.
 *
 * Invariant: bytes leave in the order they came, FIN or CLOSE last and once. Unsent bytes are held
 * only as the chunks they were read in. Every sequenced frame that was made is kept as it is until
 * it is acknowledged, at most `UNACKED_FRAMES_MAX` of them and no more bytes than were granted; when
 * a carrier was lost they are sent again, before anything new.
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
  /** So many bytes more, or less, are kept until they are acknowledged. */
  onKept(bytes: number): void;
}

export interface OutgoingOptions {
  readonly socketId: number;
  readonly gate: Gate;
  readonly events: OutgoingEvents;
}

/** A frame that the peer has not acknowledged. */
interface KeptFrame {
  readonly seq: number;
  readonly bytes: Uint8Array;
}

export class OutgoingStream implements GateSender {
  readonly #socketId: number;
  readonly #gate: Gate;
  readonly #events: OutgoingEvents;
  readonly #credit = new SendCredit(0);
  #pending: Uint8Array[] = [];
  /** Bytes of the first pending chunk that are sent already. */
  #headOffset = 0;
  #pendingBytes = 0;
  #nextSeq = 0;
  #ackedSeq = 0;
  /** In order; from `#again` on they are to be sent (again). */
  #kept: KeptFrame[] = [];
  #again = 0;
  #ending: Ending = 'none';
  #close: ClosePayload | undefined;

  constructor(options: OutgoingOptions) {
    this.#socketId = options.socketId;
    this.#gate = options.gate;
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
    this.#pass(this.#takeSeq(), encodeConnect(this.#socketId, connect));
  }

  /** A carrier was lost: sends everything again that is not acknowledged, in turn. */
  sendAgain(): void {
    this.#again = 0;
    this.#wantTurn();
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
    this.#forget(this.#kept.length);
  }

  /** CREDIT came. Throws `E_PROTOCOL` when it acknowledges what was never sent. */
  onCredit(nextSeq: number, limit: number): void {
    if (serialDistance(nextSeq, this.#nextSeq) > 0) {
      throw protocolViolation('acknowledged what was never sent');
    }
    if (serialDistance(nextSeq, this.#ackedSeq) > 0) this.#acknowledge(nextSeq);
    this.#credit.raise(limit);
    this.#wantTurn();
    this.#reportIfAllAcknowledged();
  }

  takeTurn(): TurnResult {
    if (this.#isBehind) {
      this.#sendNextAgain();
      return this.#canSend ? 'more' : 'done';
    }
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

  /** Whether kept frames are to be sent again. */
  get #isBehind(): boolean {
    return this.#again < this.#kept.length;
  }

  get #canSend(): boolean {
    if (this.#isBehind) return true;
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

  /** Keeps a frame until it is acknowledged. */
  #keep(seq: number, bytes: Uint8Array): void {
    this.#kept.push({ seq, bytes });
    this.#events.onKept(bytes.length);
  }

  /** Sends a frame that never waits, unless others have to be sent again before it. */
  #pass(seq: number, bytes: Uint8Array): void {
    const isBehind = this.#isBehind;
    this.#keep(seq, bytes);
    if (isBehind) return;
    this.#again = this.#kept.length;
    this.#gate.pass(bytes);
  }

  #sendNextAgain(): void {
    const frame = this.#kept[this.#again] as KeptFrame;
    this.#again += 1;
    this.#gate.send(frame.bytes);
  }

  #acknowledge(nextSeq: number): void {
    this.#ackedSeq = nextSeq;
    let count = 0;
    for (const { seq } of this.#kept) {
      if (serialDistance(seq, nextSeq) >= 0) break;
      count += 1;
    }
    this.#forget(count);
  }

  #forget(count: number): void {
    if (count === 0) return;
    const forgotten = this.#kept.splice(0, count);
    this.#again = Math.max(0, this.#again - count);
    this.#events.onKept(-forgotten.reduce((sum, { bytes }) => sum + bytes.length, 0));
  }

  #sendData(): void {
    const room = this.#gate.dataPayloadBytes;
    const payloadBytes = Math.min(this.#pendingBytes, this.#credit.available, room);
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payloadBytes);
    const seq = this.#takeSeq();
    writeHeader(frame, { type: FRAME.DATA, socketId: this.#socketId, seq });
    this.#gather(frame);
    this.#credit.spend(payloadBytes);
    this.#keep(seq, frame);
    this.#again = this.#kept.length;
    this.#gate.send(frame);
  }

  /** Fills the frame from the pending chunks: the one copy of a payload on its way. */
  #gather(frame: Uint8Array): void {
    const bytes = frame.length - FRAME_HEADER_BYTES;
    let written = 0;
    let used = 0;
    while (written < bytes) {
      const chunk = this.#pending[used] as Uint8Array;
      const part = chunk.subarray(this.#headOffset, this.#headOffset + bytes - written);
      frame.set(part, FRAME_HEADER_BYTES + written);
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
      const seq = this.#takeSeq();
      this.#pass(seq, encodeFin(this.#socketId, seq));
    } else if (this.#ending === 'close-due' && this.#close !== undefined) {
      this.#ending = 'close-sent';
      const seq = this.#takeSeq();
      this.#pass(seq, encodeClose(this.#socketId, seq, this.#close));
    }
  }

  #reportIfAllAcknowledged(): void {
    if (this.#ackedSeq !== this.#nextSeq) return;
    if (this.#ending === 'fin-sent') this.#events.onAllAcknowledged('fin');
    if (this.#ending === 'close-sent') this.#events.onAllAcknowledged('close');
  }
}
