/**
 * One direction of a socket on its way in: sequenced frames put back in order, checked against the
 * credit, given to the local application or held until there is one.
 *
 * Invariant: what is held here and in the local connection's write buffer is at most the window.
 */
import type { Frame } from '../protocol/frame.ts';
import { ReceiveWindow } from '../protocol/credit.ts';
import type { WindowBudget } from '../protocol/credit.ts';
import { FRAME, protocolViolation } from '../protocol/frame.ts';
import { Reassembler } from '../protocol/reassembly.ts';
import { ByteQueue } from './byte-queue.ts';
import type { LocalConnection } from './local-connection.ts';

export interface IncomingOptions {
  /** First window, bytes. */
  readonly windowBytes: number;
  /** What the peer may send without having heard of the window, bytes. */
  readonly grantedBytes: number;
  readonly budget: WindowBudget;
}

export class IncomingStream {
  readonly #reassembler = new Reassembler();
  readonly #window: ReceiveWindow;
  #local: LocalConnection | undefined;
  readonly #held = new ByteQueue();
  #acceptedBytes = 0;
  #discardedBytes = 0;
  #announcedSeq = 0;
  #end: 'open' | 'seen' = 'open';

  constructor(options: IncomingOptions) {
    this.#window = new ReceiveWindow(options.windowBytes, options.grantedBytes, options.budget);
  }

  get nextSeq(): number {
    return this.#reassembler.nextSeq;
  }

  get waitingFrames(): number {
    return this.#reassembler.waitingFrames;
  }

  /** Whether the peer has not heard yet of everything that arrived or was consumed. */
  get owesCredit(): boolean {
    return this.#announcedSeq !== this.nextSeq || this.#window.isDue;
  }

  /** Whether the peer should hear of it at once. */
  get isCreditDue(): boolean {
    return this.#window.isDue;
  }

  /**
   * Takes a sequenced frame; calls `handle` for it and for each that was waiting behind it, in
   * order. Throws `E_PROTOCOL` beyond the credit or the sequence window.
   */
  accept(frame: Frame, handle: (frame: Frame) => void): void {
    checkShape(frame);
    const placement = this.#reassembler.place(frame);
    if (placement === 'duplicate') {
      // Say again what has arrived: whoever repeats a frame has not heard of it.
      this.#announcedSeq = -1;
      return;
    }
    if (frame.type === FRAME.DATA) this.#window.receive(frame.payload.length);
    if (placement === 'waiting') return;
    this.#checkOrder(frame);
    handle(frame);
    for (let next = this.#reassembler.take(); next !== undefined; next = this.#reassembler.take()) {
      this.#checkOrder(next);
      handle(next);
    }
  }

  /** Nobody will read what waits for an earlier frame: lets go of its bytes. */
  dropWaiting(): void {
    this.#reassembler.dropPayloads();
  }

  /** Gives bytes to the local application, or holds them until `attach()`. */
  write(bytes: Uint8Array): void {
    // An empty frame costs no credit, so it must cost no memory.
    if (bytes.length === 0) return;
    this.#acceptedBytes += bytes.length;
    if (this.#local === undefined) this.#held.push(bytes);
    else this.#local.write(bytes);
  }

  /** Counts bytes as consumed that nobody will read. */
  discard(bytes: Uint8Array): void {
    this.#acceptedBytes += bytes.length;
    this.#discardedBytes = this.#acceptedBytes;
  }

  /** Drops what is held, and counts everything accepted so far as consumed. */
  discardAll(): void {
    this.#held.clear();
    this.#discardedBytes = this.#acceptedBytes;
  }

  attach(local: LocalConnection): void {
    this.#local = local;
    for (const bytes of this.#held.take()) local.write(bytes);
  }

  /** Recounts what has left for the application. */
  updateConsumed(): void {
    const waiting = this.#local?.unwrittenBytes() ?? this.#acceptedBytes;
    this.#window.consumeTo(Math.max(this.#discardedBytes, this.#acceptedBytes - waiting));
  }

  /** The acknowledgement and the offset to announce now. */
  takeCredit(now: number, roundTripMs: number): { nextSeq: number; limit: number } {
    this.#announcedSeq = this.nextSeq;
    return { nextSeq: this.nextSeq, limit: this.#window.grant(now, roundTripMs) };
  }

  release(): void {
    this.#held.clear();
    this.#window.release();
  }

  /** Nothing but a CLOSE comes behind a FIN. */
  #checkOrder(frame: Frame): void {
    if (this.#end === 'seen' && frame.type !== FRAME.CLOSE)
      throw protocolViolation('frame behind FIN');
    if (frame.type === FRAME.FIN) this.#end = 'seen';
  }
}

/** A frame that costs no credit may wait here only if it is small. (CLOSE was parsed before.) */
function checkShape(frame: Frame): void {
  if (frame.type === FRAME.FIN && frame.payload.length > 0)
    throw protocolViolation('malformed FIN');
  if (frame.type === FRAME.CONNECT && frame.seq !== 0)
    throw protocolViolation('CONNECT out of place');
}
