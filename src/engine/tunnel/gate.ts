/**
 * The send gate: one per session, shared by all its sockets, in front of the carriers it sends on.
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
 *   2. What is in flight stays near rate × (least round trip + a short queue), whatever the buffers below
 *      would take, so that a byte that is sent now is there a round trip and that queue from now.
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
 * goes to the end of `streaming`. That goes on until the gate shuts: every carrier holds more than
 * the high water mark (then until it falls to the low one), or what is in flight on it has reached
 * the limit of its path estimate (then until ARRIVED says otherwise). Of several open carriers the
 * one that is least full takes the frame, so a slow or lossy one gets as much as it moves. Without a
 * carrier (the link is held) the gate is shut, and what passes it is lost: it is kept, or said anew,
 * by whoever sent it (docs/protocol.md, "Resume").
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
 */
import { GATE_FRESH_TURNS_MAX } from '../../shared/limits.ts';
import type { LaneGate } from './lane-gate.ts';

/** What a turn left behind: the sender wants another, or it has nothing (or may send nothing) now. */
export type TurnResult = 'more' | 'done';

export interface GateSender {
  /** Sends one frame through `Gate.send()`, if there still is one to send. */
  takeTurn(): TurnResult;
}

/** Where a sender's last frame went. */
interface LastTurn {
  readonly lane: LaneGate;
  /** Bytes sent on that lane then. */
  readonly sentBytes: number;
}

export class Gate {
  readonly #fresh = new Set<GateSender>();
  readonly #streaming = new Set<GateSender>();
  readonly #lastTurns = new WeakMap<GateSender, LastTurn>();
  #lanes: readonly LaneGate[] = [];
  /** The lane of the turn under way. */
  #turnLane: LaneGate | undefined;
  #freshTurns = 0;
  #running: 'idle' | 'running' | 'closed' = 'idle';

  /** Smoothed round trip of the quickest carrier, ms; 0 until one was measured. */
  get roundTripMs(): number {
    const measured = this.#lanes.map(({ path }) => path.roundTripMs).filter((ms) => ms > 0);
    return measured.length === 0 ? 0 : Math.min(...measured);
  }

  /** Payload bytes of the DATA frame of a turn. */
  get dataPayloadBytes(): number {
    return this.#turnLane?.dataPayloadBytes ?? 0;
  }

  get waitingSenders(): number {
    return this.#fresh.size + this.#streaming.size;
  }

  /** Sends on these from now on; none: whoever wants a turn waits. */
  use(lanes: readonly LaneGate[]): void {
    for (const lane of this.#lanes) lane.belongTo(() => {});
    this.#lanes = [...lanes];
    for (const lane of this.#lanes) lane.belongTo(() => this.#run());
    this.#run();
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
    this.#turnLane?.sendData(message);
  }

  /** Sends a frame that never waits for the gate. */
  pass(message: Uint8Array): void {
    if (this.#running !== 'closed') leastLoaded(this.#lanes)?.send(message);
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
    if (this.#running === 'idle' && this.waitingSenders > 0 && this.#openLane() !== undefined) {
      throw new Error('gate: open, and a sender waits');
    }
  }

  #isIdle(sender: GateSender): boolean {
    const last = this.#lastTurns.get(sender);
    return last === undefined || last.sentBytes <= last.lane.arrivedBytes;
  }

  #openLane(): LaneGate | undefined {
    return leastLoaded(this.#lanes.filter((lane) => lane.isOpen));
  }

  #run(): void {
    if (this.#running !== 'idle') return;
    this.#running = 'running';
    let sender = this.#next();
    let lane = this.#openLane();
    while (sender !== undefined && lane !== undefined) {
      this.#turn(sender, lane);
      sender = this.#next();
      lane = this.#openLane();
    }
    if (sender !== undefined) for (const { path } of this.#lanes) path.onGateLimited();
    this.#running = this.#stillRunning() ? 'idle' : 'closed';
  }

  /** A turn may close the gate (the carrier fails in `send()`). */
  #stillRunning(): boolean {
    return this.#running === 'running';
  }

  #turn(sender: GateSender, lane: LaneGate): void {
    this.#freshTurns = this.#fresh.delete(sender) ? this.#freshTurns + 1 : 0;
    this.#streaming.delete(sender);
    this.#turnLane = lane;
    const result = sender.takeTurn();
    this.#turnLane = undefined;
    this.#lastTurns.set(sender, { lane, sentBytes: lane.sentBytes });
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

function leastLoaded(lanes: readonly LaneGate[]): LaneGate | undefined {
  let least = lanes[0];
  for (const lane of lanes) if (least !== undefined && lane.load < least.load) least = lane;
  return least;
}
