/**
 * What flowed through one share, forward or device during the last minute.
 *
 * Invariant: points are in the order of their time, and none is older than RATES_KEPT_MS by the time
 * a newer one comes; memory does not grow.
 */
import { METRICS_MS } from '../../shared/limits.ts';
import { RATES_KEPT_MS } from '../../shared/page-limits.ts';

/** Counters at one moment. */
export interface Counters {
  /** Milliseconds on a clock that only goes forward. */
  readonly at: number;
  /** Bytes since the engine started. */
  readonly received: number;
  readonly sent: number;
  readonly roundTripMs: number | null;
  readonly loss: number | null;
}

export interface RatePoint {
  readonly at: number;
  /** Bytes a second. */
  readonly received: number;
  readonly sent: number;
  readonly roundTripMs: number | null;
  readonly loss: number | null;
}

/** A text is about the last second: four samples, or it would flicker. */
const TEXT_WINDOW_MS = 1000;

export class RateSeries {
  readonly #points: RatePoint[] = [];
  readonly #counters: Counters[] = [];

  /** Oldest first. */
  get points(): readonly RatePoint[] {
    return this.#points;
  }

  take(counters: Counters): void {
    const last = this.#counters.at(-1);
    if (last !== undefined && isOtherEngine(last, counters)) this.#forget();
    const before = this.#counters.at(-1);
    if (before !== undefined) this.#points.push(pointBetween(before, counters));
    this.#counters.push(counters);
    while ((this.#points[0]?.at ?? counters.at) < counters.at - RATES_KEPT_MS) this.#points.shift();
    while (this.#counters.length > TEXT_WINDOW_MS / METRICS_MS + 1) this.#counters.shift();
  }

  /** Bytes a second during the last second or so; zeros before two samples. */
  now(): { readonly received: number; readonly sent: number } {
    const first = this.#counters[0];
    const last = this.#counters.at(-1);
    if (first === undefined || last === undefined || first === last)
      return { received: 0, sent: 0 };
    return pointBetween(first, last);
  }

  #forget(): void {
    this.#points.length = 0;
    this.#counters.length = 0;
  }
}

/** Its clock or a counter has gone back, or nobody looked for long. */
function isOtherEngine(before: Counters, after: Counters): boolean {
  return (
    after.at <= before.at ||
    after.received < before.received ||
    after.sent < before.sent ||
    after.at - before.at > RATES_KEPT_MS
  );
}

function pointBetween(before: Counters, after: Counters): RatePoint {
  const seconds = (after.at - before.at) / 1000;
  return {
    at: after.at,
    received: (after.received - before.received) / seconds,
    sent: (after.sent - before.sent) / seconds,
    roundTripMs: after.roundTripMs,
    loss: after.loss,
  };
}
