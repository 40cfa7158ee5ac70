/**
 * The send gate: one per carrier, shared by all its sockets.
 *
 * The problem. Many sockets share one carrier, and the carrier takes whatever it is given: a
 * DataChannel hides up to its whole SCTP send buffer behind a `bufferedAmount` of zero, TLS hides
 * the kernel's. Whoever writes first fills those buffers, and everybody else's next byte waits
 * behind them: a keystroke beside a download waits half a second on a slow line. Sharing what is
 * below us cannot be mended from above, so the gate keeps what is below us short, and shares out
 * the right to put something there.
 *
 * What is asked of it
 *   1. The path never runs dry while somebody has something to send.
 *   2. What is in flight stays near rate × (least round trip + 8 ms), whatever the buffers below
 *      would take, so that a byte that is sent now is there a round trip and 8 ms from now.
 *   3. Sockets with something to send have one frame each in turn; whichever of them filled the
 *      carrier, and whichever event opened the gate again, the next in the rotation goes next.
 *      (Waking only the one that drained starved the rest in another project: litep2p #575.)
 *   4. A socket that was idle goes before one that has been streaming. Idle means: all that it sent
 *      before has arrived. It gets one turn that way; if it has more, it is a stream like the others.
 *   5. That preference starves nobody: after `GATE_FRESH_TURNS_MAX` such turns a stream has one.
 *   6. A socket that ends, or stops wanting, leaves at once, wherever it stands.
 *
 * How. Two rotations, `fresh` and `streaming` (the new and old flows of fq_codel, RFC 8290 §5.2,
 * with a frame for a quantum). A sender is in at most one of them, once, and only while it wants a
 * turn. When the gate is open, the first sender takes one turn (one frame); if it wants more, it
 * goes to the end of `streaming`. That goes on until the gate shuts: the carrier holds more than
 * the high water mark (then until it falls to the low one), or what is in flight has reached the
 * limit of the path estimate (then until ARRIVED says otherwise).
 *
 * Not chosen: weights and priorities by port (they guess, and a guess is wrong for somebody); a
 * second DataChannel for small things (one association has one send queue, so it wins nothing);
 * pacing by timer (a timer of a millisecond is 100 KB late at 1 Gbit/s, and the SCTP below does
 * its own congestion control).
 *
 * Small frames that must not wait (CREDIT, ARRIVED, CONTROL, HANDSHAKE, CLOSE, CONNECT) pass by
 * `pass()`: they count as sent, but never queue. So two gates that are both shut cannot dead-lock.
 *
 * Invariants (`checkInvariants()`, called by the tests at every step)
 *   - `fresh` and `streaming` are disjoint, and together hold exactly the senders that want a turn.
 *   - After `#run()` the gate is shut or both rotations are empty.
 *   - sent ≥ arrived.
 */
import {
  GATE_FRESH_TURNS_MAX,
  GATE_HIGH_WATER_BYTES,
  GATE_LOW_WATER_BYTES,
} from '../../shared/limits.ts';
import type { Clock } from '../../shared/clock.ts';
import { protocolViolation } from '../protocol/frame.ts';
import { PathEstimate } from './path-estimate.ts';

/** What a turn left behind: the sender wants another, or it has nothing (or may send nothing) now. */
export type TurnResult = 'more' | 'done';

export interface GateSender {
  /** Sends one frame through `Gate.send()`, if there still is one to send. */
  takeTurn(): TurnResult;
}

/** The part of a carrier that the gate needs. */
export interface GateCarrier {
  send(message: Uint8Array): void;
  bufferedAmount(): number;
}

export class Gate {
  readonly path = new PathEstimate();
  readonly #carrier: GateCarrier;
  readonly #clock: Clock;
  readonly #fresh = new Set<GateSender>();
  readonly #streaming = new Set<GateSender>();
  /** For each sender that ever had a turn, how much had been sent on this carrier after its last. */
  readonly #lastSent = new WeakMap<GateSender, number>();
  #sent = 0;
  #arrived = 0;
  #freshTurns = 0;
  #water: 'low' | 'high' = 'low';
  #running: 'idle' | 'running' | 'closed' = 'idle';

  constructor(carrier: GateCarrier, clock: Clock) {
    this.#carrier = carrier;
    this.#clock = clock;
  }

  /** Bytes sent on this carrier and not yet said to have arrived. */
  get inFlightBytes(): number {
    return this.#sent - this.#arrived;
  }

  get waitingSenders(): number {
    return this.#fresh.size + this.#streaming.size;
  }

  /** The sender wants a turn. It may get it before this returns. */
  want(sender: GateSender): void {
    if (this.#fresh.has(sender) || this.#streaming.has(sender)) return;
    if (this.#running === 'closed') return;
    (this.#isIdle(sender) ? this.#fresh : this.#streaming).add(sender);
    this.#run();
  }

  /** The sender wants no turn any more. */
  leave(sender: GateSender): void {
    this.#fresh.delete(sender);
    this.#streaming.delete(sender);
  }

  /** Sends the frame of a turn. Only for `takeTurn()`. */
  send(message: Uint8Array): void {
    this.pass(message);
  }

  /** Sends a frame that never waits for the gate. */
  pass(message: Uint8Array): void {
    if (this.#running === 'closed') return;
    this.#sent += message.length;
    this.path.onSent(this.#sent, this.#arrived, this.#clock.now());
    this.#carrier.send(message);
  }

  /** Sends a frame that neither side counts: ARRIVED itself. */
  passUncounted(message: Uint8Array): void {
    if (this.#running !== 'closed') this.#carrier.send(message);
  }

  /** ARRIVED came. Throws `E_PROTOCOL` when it claims more than was sent; an old one is ignored. */
  onArrived(totalBytes: number): void {
    if (totalBytes > this.#sent) throw protocolViolation('ARRIVED beyond what was sent');
    if (totalBytes <= this.#arrived) return;
    this.#arrived = totalBytes;
    this.path.onArrived(totalBytes, this.#clock.now());
    this.#run();
  }

  /** The carrier's buffer fell to the low water mark. */
  onDrained(): void {
    this.#run();
  }

  /** Nobody waits any more, and nothing is sent. */
  close(): void {
    this.#running = 'closed';
    this.#fresh.clear();
    this.#streaming.clear();
  }

  /** Throws when an invariant does not hold. For tests. */
  checkInvariants(): void {
    for (const sender of this.#fresh) {
      if (this.#streaming.has(sender)) throw new Error('gate: a sender stands in both rotations');
    }
    if (this.#arrived > this.#sent) throw new Error('gate: more arrived than was sent');
    if (this.#running === 'idle' && this.waitingSenders > 0 && this.#isOpen()) {
      throw new Error('gate: open, and a sender waits');
    }
  }

  #isIdle(sender: GateSender): boolean {
    return (this.#lastSent.get(sender) ?? 0) <= this.#arrived;
  }

  #isOpen(): boolean {
    const buffered = this.#carrier.bufferedAmount();
    if (this.#water === 'high' && buffered <= GATE_LOW_WATER_BYTES) this.#water = 'low';
    if (buffered > GATE_HIGH_WATER_BYTES) this.#water = 'high';
    return this.#water === 'low' && this.inFlightBytes < this.path.inFlightLimit;
  }

  #run(): void {
    if (this.#running !== 'idle') return;
    this.#running = 'running';
    let sender = this.#next();
    while (sender !== undefined && this.#isOpen()) {
      this.#turn(sender);
      sender = this.#next();
    }
    if (sender !== undefined) this.path.onGateLimited();
    this.#running = this.#stillRunning() ? 'idle' : 'closed';
  }

  /** A turn may close the gate (the carrier fails in `send()`). */
  #stillRunning(): boolean {
    return this.#running === 'running';
  }

  #turn(sender: GateSender): void {
    this.#freshTurns = this.#fresh.delete(sender) ? this.#freshTurns + 1 : 0;
    this.#streaming.delete(sender);
    const result = sender.takeTurn();
    this.#lastSent.set(sender, this.#sent);
    this.#fresh.delete(sender);
    if (result === 'more' && this.#stillRunning()) this.#streaming.add(sender);
  }

  /** A Set keeps the order of insertion: its first is the longest waiting. */
  #next(): GateSender | undefined {
    const [fresh] = this.#fresh;
    const [stream] = this.#streaming;
    if (fresh === undefined) return stream;
    return stream !== undefined && this.#freshTurns >= GATE_FRESH_TURNS_MAX ? stream : fresh;
  }
}
