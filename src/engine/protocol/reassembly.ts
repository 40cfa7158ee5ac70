/**
 * Puts the sequenced frames of one socket and direction back in order.
 *
 * Invariant: each sequence number comes out exactly once, in order, whatever the permutation or
 * duplication on the way in. What waits lies within `UNACKED_FRAMES_MAX` (and the two last frames
 * that may go beyond it) of the next number expected; anything further is a protocol error.
 */
import { UNACKED_FRAMES_MAX } from '../../shared/limits.ts';
import { FRAME, protocolViolation } from './frame.ts';
import type { Frame } from './frame.ts';
import { serialAdd, serialDistance } from './serial.ts';

/** FIN and CLOSE do not count towards the limit, so a sender at its limit can still end. */
const LAST_FRAMES = 2;

const NOTHING = new Uint8Array(0);

/** `next`: handle it now, then `take()` what waited. `waiting`: kept. `duplicate`: seen before. */
export type Placement = 'next' | 'waiting' | 'duplicate';

export class Reassembler {
  #nextSeq: number;
  #waiting: Map<number, Frame> | undefined;
  #payloads: 'kept' | 'dropped' = 'kept';

  constructor(firstSeq = 0) {
    this.#nextSeq = firstSeq;
  }

  /** Next sequence number expected: all below have come out in order. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  get waitingFrames(): number {
    return this.#waiting?.size ?? 0;
  }

  /** Places a frame. Throws `E_PROTOCOL` when it lies too far ahead. */
  place(frame: Frame): Placement {
    const ahead = serialDistance(frame.seq, this.#nextSeq);
    if (ahead === 0) {
      this.#nextSeq = serialAdd(this.#nextSeq, 1);
      return 'next';
    }
    if (ahead < 0) return 'duplicate';
    return this.#keep(frame, ahead);
  }

  /** The frame that is next in order now, if it waits here. */
  take(): Frame | undefined {
    const frame = this.#waiting?.get(this.#nextSeq);
    if (frame === undefined) return undefined;
    this.#waiting?.delete(frame.seq);
    this.#nextSeq = serialAdd(this.#nextSeq, 1);
    return frame;
  }

  /** From now on only the order of DATA counts here: what waits, and what will, costs no bytes. */
  dropPayloads(): void {
    this.#payloads = 'dropped';
    for (const [seq, frame] of this.#waiting ?? []) this.#waiting?.set(seq, this.#kept(frame));
  }

  #kept(frame: Frame): Frame {
    const isDropped = this.#payloads === 'dropped' && frame.type === FRAME.DATA;
    return isDropped ? { ...frame, payload: NOTHING } : frame;
  }

  #keep(frame: Frame, ahead: number): Placement {
    if (ahead > UNACKED_FRAMES_MAX + LAST_FRAMES) {
      throw protocolViolation('sequence number too far ahead');
    }
    this.#waiting ??= new Map();
    if (this.#waiting.has(frame.seq)) return 'duplicate';
    this.#waiting.set(frame.seq, this.#kept(frame));
    return 'waiting';
  }
}
