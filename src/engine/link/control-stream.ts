/**
 * The CONTROL messages of a session, both ways: sequenced, put back in order, kept until a CREDIT
 * with socket id 0 acknowledges them.
 *
 * Invariant: each message is handled once, in the order it was sent, whatever carriers are lost.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  CONTROL_BYTES_MAX,
  CONTROL_UNACKED_MAX,
  CONTROL_WAITING_MAX,
} from '../../shared/limits.ts';
import { portholeError } from '../../shared/errors.ts';
import { encodeCredit, encodeFrame, FRAME, protocolViolation } from '../protocol/frame.ts';
import type { Frame } from '../protocol/frame.ts';
import { ControlSchema } from '../protocol/generated/session_pb.ts';
import type { Control } from '../protocol/generated/session_pb.ts';
import { Reassembler } from '../protocol/reassembly.ts';
import { serialAdd, serialDistance } from '../protocol/serial.ts';

export class ControlStream {
  readonly #pass: (message: Uint8Array) => void;
  readonly #onControl: (kind: Control['kind']) => void;
  readonly #reassembler = new Reassembler();
  /** In order; the last one has the number before `#nextSeq`. */
  #kept: Uint8Array[] = [];
  #nextSeq = 0;
  /** What there was no room for: of each kind the newest, which says it all. */
  readonly #later = new Map<Control['kind']['case'], Control['kind']>();

  constructor(pass: (message: Uint8Array) => void, onControl: (kind: Control['kind']) => void) {
    this.#pass = pass;
    this.#onControl = onControl;
  }

  /**
   * Sends a message, or keeps the newest of its kind for later where too many are unacknowledged: the
   * peer must not be made to hold more than it takes.
   */
  send(kind: Control['kind']): void {
    if (this.#kept.length >= CONTROL_UNACKED_MAX) this.#later.set(kind.case, kind);
    else this.#send(kind);
  }

  #send(kind: Control['kind']): void {
    const payload = toBinary(ControlSchema, create(ControlSchema, { kind }));
    const frame = encodeFrame({ type: FRAME.CONTROL, socketId: 0, seq: this.#nextSeq, payload });
    this.#nextSeq = serialAdd(this.#nextSeq, 1);
    this.#kept.push(frame);
    this.#pass(frame);
  }

  /** Next sequence number expected from the peer. */
  get nextExpected(): number {
    return this.#reassembler.nextSeq;
  }

  /** A carrier was lost: sends again what is not acknowledged. */
  sendAgain(): void {
    for (const frame of this.#kept) this.#pass(frame);
  }

  /** The peer has all before `nextSeq`. Throws `E_PROTOCOL` when that was never sent. */
  acknowledge(nextSeq: number): void {
    const missing = serialDistance(this.#nextSeq, nextSeq);
    if (missing < 0) throw protocolViolation('acknowledged what was never sent');
    if (missing < this.#kept.length) this.#kept.splice(0, this.#kept.length - missing);
    for (const [name, kind] of this.#later) {
      if (this.#kept.length >= CONTROL_UNACKED_MAX) return;
      this.#later.delete(name);
      this.#send(kind);
    }
  }

  /** Takes a CONTROL frame, or the CREDIT that acknowledges ours. Throws `E_PROTOCOL`. */
  onFrame(frame: Frame): void {
    if (frame.type === FRAME.CREDIT) this.acknowledge(frame.seq);
    else this.#onControlFrame(frame);
  }

  #onControlFrame(frame: Frame): void {
    if (frame.payload.length > CONTROL_BYTES_MAX) throw protocolViolation('oversized CONTROL');
    if (this.#reassembler.place(frame) === 'next') {
      this.#handle(frame);
      for (let next = this.#reassembler.take(); next; next = this.#reassembler.take()) {
        this.#handle(next);
      }
    } else if (this.#reassembler.waitingFrames > CONTROL_WAITING_MAX) {
      throw protocolViolation('too many CONTROL messages out of order');
    }
    this.#pass(encodeCredit(0, this.#reassembler.nextSeq, 0));
  }

  #handle(frame: Frame): void {
    this.#onControl(parseControl(frame));
  }
}

/** Throws `E_PROTOCOL` when the payload is malformed. */
function parseControl(frame: Frame): Control['kind'] {
  try {
    return fromBinary(ControlSchema, frame.payload).kind;
  } catch (cause) {
    throw portholeError('E_PROTOCOL', { reason: 'malformed CONTROL' }, { cause });
  }
}
