/**
 * What the gate knows of the path under a carrier: its rate, its least round trip, and from both
 * how much may be in flight.
 *
 * A round trip is measured from a send until ARRIVED covers it. The rate is measured over spans
 * that are long enough to even out the bursts of two event loops; the one that counts is the best
 * of the last few in which the gate was the limit. A span in which there was simply nothing to send
 * can raise it but not lower it.
 *
 * In flight = rate × (least round trip + queue), the queue 8 ms or a quarter of that round trip. A
 * path with room to spare shows in the next span as a higher rate, so the estimate climbs by itself;
 * while it still climbs by a quarter a span the distance is half as long again (BBR's Startup,
 * draft-ietf-ccwg-bbr §5.3.1, with a gentler gain).
 *
 * Invariant: never less than `GATE_IN_FLIGHT_MIN_BYTES`; O(1) a frame.
 */
import {
  GATE_IN_FLIGHT_MIN_BYTES,
  GATE_LEAST_ROUND_TRIP_MS,
  GATE_QUEUE_FRACTION,
  GATE_QUEUE_MS,
  GATE_RATE_SPAN_MS,
  GATE_RATE_SPANS,
} from '../../shared/limits.ts';

/** `climbing`: the rate still grows. `steady`: it does not. `draining`: measuring the least round trip. */
type Mode = 'climbing' | 'steady' | 'draining';

interface Probe {
  /** Arrived when this many bytes have. */
  readonly until: number;
  readonly sentAt: number;
}

interface Span {
  readonly openedAt: number;
  readonly arrivedAtOpen: number;
  limitedBy: 'sender' | 'gate';
}

/** A queue as long as the path would make SCTP send again what was not lost. */
const CLIMB_GAIN = 1.5;
const CLIMB_GROWTH = 1.25;
const SPANS_WITHOUT_GROWTH = 3;
/** A round this many times longer than expected is late; so many late ones in a row are no accident. */
const LATE_FACTOR = 2;
const LATE_ROUNDS = 8;
const DRAIN_GAIN = 0.5;
const DRAIN_ROUNDS = 2;
/** Weight of a new sample in the smoothed round trip (RFC 6298). */
const SMOOTHING = 1 / 8;
/** Keeps a rate finite when a clock stands still. */
const LEAST_MEASURABLE_MS = 0.01;

export class PathEstimate {
  #mode: Mode = 'climbing';
  #probe: Probe | undefined;
  #span: Span | undefined;
  #rates: number[] = [];
  #bestRate = 0;
  #climbedTo = 0;
  #spansWithoutGrowth = 0;
  #leastRoundTrip = Number.POSITIVE_INFINITY;
  #leastRoundTripAt = 0;
  #drainRoundsLeft = 0;
  #lateRounds = 0;
  #drainedRoundTrip = Number.POSITIVE_INFINITY;
  #smoothedRoundTrip = 0;
  #limit = GATE_IN_FLIGHT_MIN_BYTES;

  /** Bytes that may be in flight now. */
  get inFlightLimit(): number {
    return this.#limit;
  }

  /** Smoothed round trip, ms; 0 until the first was measured. */
  get roundTripMs(): number {
    return this.#smoothedRoundTrip;
  }

  /** Best recent rate, bytes per ms; 0 until the first was measured. */
  get rate(): number {
    return this.#bestRate;
  }

  /** Something was sent; `sentTotal` and `arrivedTotal` are bytes on this carrier. */
  onSent(sentTotal: number, arrivedTotal: number, now: number): void {
    this.#probe ??= { until: sentTotal, sentAt: now };
    this.#span ??= { openedAt: now, arrivedAtOpen: arrivedTotal, limitedBy: 'sender' };
  }

  /** Something had to wait for the gate: the rate of this span says something about the path. */
  onGateLimited(): void {
    if (this.#span !== undefined) this.#span.limitedBy = 'gate';
  }

  onArrived(arrivedTotal: number, now: number): void {
    if (this.#probe !== undefined && arrivedTotal >= this.#probe.until) {
      this.#takeRoundTrip(Math.max(now - this.#probe.sentAt, LEAST_MEASURABLE_MS), now);
      this.#probe = undefined;
      this.#limit = this.#computeLimit();
    }
    this.#closeSpan(arrivedTotal, now);
  }

  #closeSpan(arrivedTotal: number, now: number): void {
    const span = this.#span;
    if (span === undefined) return;
    const lasted = now - span.openedAt;
    if (lasted < Math.max(GATE_RATE_SPAN_MS, this.#leastRoundTrip)) return;
    this.#span = undefined;
    this.#takeRate((arrivedTotal - span.arrivedAtOpen) / lasted, span.limitedBy);
    this.#limit = this.#computeLimit();
  }

  #takeRoundTrip(roundTrip: number, now: number): void {
    this.#smoothedRoundTrip =
      this.#smoothedRoundTrip === 0
        ? roundTrip
        : this.#smoothedRoundTrip + (roundTrip - this.#smoothedRoundTrip) * SMOOTHING;
    if (roundTrip <= this.#leastRoundTrip) {
      this.#leastRoundTrip = roundTrip;
      this.#leastRoundTripAt = now;
    }
    // What is late waited in a queue of the path: its rate shows, whoever was the limit here.
    if (this.#isLate(roundTrip)) this.onGateLimited();
    if (this.#mode === 'draining') this.#drainRound(roundTrip, now);
    else if (this.#isLeastRoundTripStale(roundTrip, now)) this.#startDraining();
  }

  /**
   * After its time, or when round after round takes far longer than distance and queue together:
   * then the path has become longer, and believing the old distance would starve it.
   */
  #isLeastRoundTripStale(roundTrip: number, now: number): boolean {
    this.#lateRounds = this.#isLate(roundTrip) ? this.#lateRounds + 1 : 0;
    return (
      this.#lateRounds >= LATE_ROUNDS || now - this.#leastRoundTripAt > GATE_LEAST_ROUND_TRIP_MS
    );
  }

  #isLate(roundTrip: number): boolean {
    return roundTrip > LATE_FACTOR * (this.#leastRoundTrip + GATE_QUEUE_MS);
  }

  #startDraining(): void {
    this.#lateRounds = 0;
    this.#mode = 'draining';
    this.#drainRoundsLeft = DRAIN_ROUNDS;
    this.#drainedRoundTrip = Number.POSITIVE_INFINITY;
  }

  #drainRound(roundTrip: number, now: number): void {
    this.#drainedRoundTrip = Math.min(this.#drainedRoundTrip, roundTrip);
    this.#drainRoundsLeft -= 1;
    if (this.#drainRoundsLeft > 0) return;
    this.#leastRoundTrip = this.#drainedRoundTrip;
    this.#leastRoundTripAt = now;
    this.#mode = 'steady';
    // What this span saw of the drain is not the rate of the path.
    this.#span = undefined;
  }

  #takeRate(rate: number, limitedBy: Span['limitedBy']): void {
    if (limitedBy === 'sender' && rate <= this.#bestRate) return;
    if (this.#mode === 'draining' && rate <= this.#bestRate) return;
    this.#rates.push(rate);
    if (this.#rates.length > GATE_RATE_SPANS) this.#rates.shift();
    this.#bestRate = Math.max(...this.#rates);
    if (this.#mode !== 'draining') this.#updateMode(rate);
  }

  #updateMode(rate: number): void {
    if (rate >= this.#climbedTo * CLIMB_GROWTH) {
      this.#climbedTo = rate;
      this.#spansWithoutGrowth = 0;
      this.#mode = 'climbing';
      return;
    }
    this.#spansWithoutGrowth += 1;
    if (this.#spansWithoutGrowth < SPANS_WITHOUT_GROWTH) return;
    this.#mode = 'steady';
    this.#climbedTo = this.#bestRate;
  }

  #computeLimit(): number {
    const distance = this.#bestRate * this.#leastRoundTrip;
    return Math.max(GATE_IN_FLIGHT_MIN_BYTES, this.#wanted(distance));
  }

  /**
   * On a long path the round trips vary by more than a short queue: with that alone each one that is
   * a little late would lower the rate, and nothing raise it again.
   */
  get #queueMs(): number {
    return Math.max(GATE_QUEUE_MS, this.#leastRoundTrip / GATE_QUEUE_FRACTION);
  }

  #wanted(distance: number): number {
    switch (this.#mode) {
      case 'climbing':
        return CLIMB_GAIN * distance + this.#bestRate * this.#queueMs;
      case 'steady':
        return distance + this.#bestRate * this.#queueMs;
      case 'draining':
        return DRAIN_GAIN * distance;
    }
  }
}
