/**
 * One carrier as the gate sees it: how much is in flight on it, whether more may be, and ARRIVED both
 * ways, MARK to find losses.
 *
 * Invariant: sent ≥ arrived. ARRIVED and MARK are not counted by either side, or two idle ends would
 * go on thanking each other.
 */
import {
  ARRIVED_DELAY_MS,
  ARRIVED_EVERY_BYTES,
  GATE_HIGH_WATER_BYTES,
  GATE_LOW_WATER_BYTES,
  MARK_EVERY_MS,
} from '../../shared/limits.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { encodeArrived, encodeMark, protocolViolation } from '../protocol/frame.ts';
import { PathEstimate } from './path-estimate.ts';

/** The part of a carrier that the gate needs. */
export interface GateCarrier {
  readonly dataPayloadBytes: number;
  send(message: Uint8Array): void;
  bufferedAmount(): number;
}

export class LaneGate {
  readonly path = new PathEstimate();
  readonly #carrier: GateCarrier;
  readonly #clock: Clock;
  #sent = 0;
  #arrived = 0;
  #received = 0;
  #announced = 0;
  #markedAt = Number.NEGATIVE_INFINITY;
  #water: 'low' | 'high' = 'low';
  #state: 'open' | 'closed' = 'open';
  #cancelTimer: CancelTimer | undefined;
  #onRoom: () => void = () => {};

  constructor(carrier: GateCarrier, clock: Clock) {
    this.#carrier = carrier;
    this.#clock = clock;
  }

  /** Payload bytes of a DATA frame that suit the carrier. */
  get dataPayloadBytes(): number {
    return this.#carrier.dataPayloadBytes;
  }

  /** Bytes sent on this carrier, as counted for ARRIVED. */
  get sentBytes(): number {
    return this.#sent;
  }

  /** Bytes that came over this carrier, as counted for ARRIVED. */
  get receivedBytes(): number {
    return this.#received;
  }

  /** Bytes of those sent that are said to have arrived. */
  get arrivedBytes(): number {
    return this.#arrived;
  }

  /** Bytes sent on this carrier and not yet said to have arrived. */
  get inFlightBytes(): number {
    return this.#sent - this.#arrived;
  }

  /** How full it is: from 1 on nothing but what never waits may be sent. */
  get load(): number {
    return this.inFlightBytes / this.path.inFlightLimit;
  }

  /** Whether DATA may be sent now. */
  get isOpen(): boolean {
    const buffered = this.#carrier.bufferedAmount();
    if (this.#water === 'high' && buffered <= GATE_LOW_WATER_BYTES) this.#water = 'low';
    if (buffered > GATE_HIGH_WATER_BYTES) this.#water = 'high';
    return this.#water === 'low' && this.load < 1;
  }

  /** Whoever shares this lane out is called when there may be room on it again. */
  belongTo(onRoom: () => void): void {
    this.#onRoom = onRoom;
  }

  send(message: Uint8Array): void {
    if (this.#state === 'closed') return;
    this.#sent += message.length;
    this.path.onSent(this.#sent, this.#arrived, this.#clock.now());
    this.#carrier.send(message);
  }

  /** Sends a DATA frame, and a MARK behind it where the last one is some time ago. */
  sendData(frame: Uint8Array): void {
    this.send(frame);
    const now = this.#clock.now();
    if (this.#state === 'closed' || now - this.#markedAt < MARK_EVERY_MS) return;
    this.#markedAt = now;
    this.#carrier.send(encodeMark(this.#sent));
  }

  /** ARRIVED came. Throws `E_PROTOCOL` when it claims more than was sent; an old one is ignored. */
  onArrived(totalBytes: number): void {
    if (totalBytes > this.#sent) throw protocolViolation('ARRIVED beyond what was sent');
    if (totalBytes <= this.#arrived) return;
    this.#arrived = totalBytes;
    this.path.onArrived(totalBytes, this.#clock.now());
    this.#onRoom();
  }

  /** The carrier's buffer fell to the low water mark. */
  onDrained(): void {
    this.#onRoom();
  }

  /** A frame that counts came over this carrier. */
  countReceived(bytes: number): void {
    this.#received += bytes;
    if (this.#received - this.#announced >= ARRIVED_EVERY_BYTES) this.#announce();
    else this.#cancelTimer ??= this.#clock.after(ARRIVED_DELAY_MS, () => this.#announce());
  }

  close(): void {
    this.#state = 'closed';
    this.#cancelTimer?.();
    this.#onRoom = () => {};
  }

  #announce(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#announced = this.#received;
    if (this.#state === 'open') this.#carrier.send(encodeArrived(this.#received));
  }
}
