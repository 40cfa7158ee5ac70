/**
 * A gate on a path of known rate and round trip, in virtual time, whose buffers hide what they hold:
 * only ARRIVED tells. The receiving end acknowledges as the dispatcher does.
 */
import { memoryCarrierPair } from '../../src/engine/carrier/memory.ts';
import { encodeArrived, FRAME } from '../../src/engine/protocol/frame.ts';
import { Gate, type GateSender, type TurnResult } from '../../src/engine/tunnel/gate.ts';
import { LaneGate } from '../../src/engine/tunnel/lane-gate.ts';
import type { CancelTimer } from '../../src/shared/clock.ts';
import {
  ARRIVED_DELAY_MS,
  ARRIVED_EVERY_BYTES,
  DATACHANNEL_DATA_BYTES,
} from '../../src/shared/limits.ts';
import { seededRandom } from '../../src/shared/random.ts';
import { VirtualClock } from './virtual-clock.ts';

const FRAME_BYTES = 16_393;

export interface PathShape {
  /** Bytes per millisecond. */
  readonly rate: number;
  /** Round trip without a queue, ms. */
  readonly roundTripMs: number;
}

/** What went over the path between two moments. */
export interface PathSample {
  /** Bytes per millisecond that arrived. */
  readonly rate: number;
  /** The longest a frame took beyond the empty path, ms. */
  readonly queueMs: number;
}

export class SimulatedPath {
  readonly clock = new VirtualClock();
  readonly gate = new Gate();
  readonly lane: LaneGate;
  readonly #faults: { bytesPerSecond: number; delayMs: [number, number] };
  #shape: PathShape;
  #arrived = 0;
  #announced = 0;
  #queueMs = 0;
  #cancelArrived: CancelTimer | undefined;
  readonly #sentAt: number[] = [];

  constructor(shape: PathShape) {
    this.#shape = shape;
    this.#faults = {
      bytesPerSecond: shape.rate * 1000,
      delayMs: [shape.roundTripMs / 2, shape.roundTripMs / 2],
    };
    const [near, far] = memoryCarrierPair({
      clock: this.clock,
      random: seededRandom(1),
      faults: this.#faults,
    }).ends;
    this.lane = new LaneGate(
      {
        dataPayloadBytes: DATACHANNEL_DATA_BYTES,
        send: (message) => {
          // MARK is not counted, and next to nothing.
          if (message[0] === FRAME.MARK) return;
          this.#sentAt.push(this.clock.now());
          near.send(message);
        },
        bufferedAmount: () => 0,
      },
      this.clock,
    );
    this.gate.use([this.lane]);
    near.start({
      onMessage: (message) => {
        this.lane.onArrived(Buffer.from(message).readUInt32BE(13));
        this.gate.checkInvariants();
      },
      onDrained: () => undefined,
      onClosed: () => undefined,
    });
    far.start({
      onMessage: (message) => this.#receive(message, (bytes) => far.send(bytes)),
      onDrained: () => undefined,
      onClosed: () => undefined,
    });
  }

  reshape(shape: PathShape): void {
    this.#shape = shape;
    this.#faults.bytesPerSecond = shape.rate * 1000;
    this.#faults.delayMs = [shape.roundTripMs / 2, shape.roundTripMs / 2];
  }

  /** A sender that always has more. */
  stream(): GateSender {
    const frame = new Uint8Array(FRAME_BYTES);
    const sender = {
      takeTurn: (): TurnResult => {
        this.gate.send(frame);
        return 'more';
      },
    };
    this.gate.want(sender);
    return sender;
  }

  sample(ms: number): PathSample {
    this.#queueMs = 0;
    const before = this.#arrived;
    this.clock.advance(ms);
    return { rate: (this.#arrived - before) / ms, queueMs: this.#queueMs };
  }

  #receive(message: Uint8Array, send: (bytes: Uint8Array) => void): void {
    const sentAt = this.#sentAt.shift() as number;
    const took = this.clock.now() - sentAt;
    const alone = message.length / this.#shape.rate + this.#shape.roundTripMs / 2;
    this.#queueMs = Math.max(this.#queueMs, took - alone);
    this.#arrived += message.length;
    const announce = (): void => {
      this.#cancelArrived?.();
      this.#cancelArrived = undefined;
      this.#announced = this.#arrived;
      send(encodeArrived(this.#arrived));
    };
    if (this.#arrived - this.#announced >= ARRIVED_EVERY_BYTES) announce();
    else this.#cancelArrived ??= this.clock.after(ARRIVED_DELAY_MS, announce);
  }
}
