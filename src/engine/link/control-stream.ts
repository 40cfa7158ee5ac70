/**
 * The CONTROL messages of a session, both ways: sequenced, put back in order, acknowledged by a
 * CREDIT with socket id 0.
 *
 * Invariant: each message is handled once, in the order it was sent.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { CONTROL_BYTES_MAX, CONTROL_WAITING_MAX } from '../../shared/limits.ts';
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
  #nextSeq = 0;

  constructor(pass: (message: Uint8Array) => void, onControl: (kind: Control['kind']) => void) {
    this.#pass = pass;
    this.#onControl = onControl;
  }

  send(kind: Control['kind']): void {
    const payload = toBinary(ControlSchema, create(ControlSchema, { kind }));
    this.#pass(encodeFrame({ type: FRAME.CONTROL, socketId: 0, seq: this.#nextSeq, payload }));
    this.#nextSeq = serialAdd(this.#nextSeq, 1);
  }

  /** Takes a CONTROL frame, or the CREDIT that acknowledges ours. Throws `E_PROTOCOL`. */
  onFrame(frame: Frame): void {
    if (frame.type === FRAME.CREDIT) this.#onAcknowledged(frame.seq);
    else this.#onControlFrame(frame);
  }

  #onAcknowledged(nextSeq: number): void {
    if (serialDistance(nextSeq, this.#nextSeq) > 0) {
      throw protocolViolation('acknowledged what was never sent');
    }
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
