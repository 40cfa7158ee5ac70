/**
 * The rates of everything, by what they belong to.
 *
 * Invariant: a listener of one series is called once a sample, behind the values; series of what is
 * gone are forgotten.
 */
import type { MetricsSample } from '../../shared/contract.ts';
import { RateSeries } from './rate-series.ts';
import type { Counters } from './rate-series.ts';

/** `share:ID`, `forward:SHARE:PEER` or `peer:ID`. */
export type RateKey = `share:${string}` | `forward:${string}:${string}` | `peer:${string}`;

export class RateBook {
  readonly #series = new Map<RateKey, RateSeries>();
  readonly #listeners = new Map<RateKey, Set<() => void>>();

  take(sample: MetricsSample): void {
    const seen = new Set<RateKey>();
    for (const [key, counters] of countersOf(sample)) {
      seen.add(key);
      const series = this.#series.get(key) ?? new RateSeries();
      this.#series.set(key, series);
      series.take(counters);
    }
    for (const key of this.#series.keys()) if (!seen.has(key)) this.#series.delete(key);
    for (const listeners of this.#listeners.values()) for (const listener of listeners) listener();
  }

  /** `undefined` before the first sample with it. */
  of(key: RateKey): RateSeries | undefined {
    return this.#series.get(key);
  }

  /** Returns how to stop listening. */
  subscribe(key: RateKey, listener: () => void): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners)
        this.#listeners.delete(key);
    };
  }
}

function* countersOf({
  at,
  shares,
  forwards,
  peers,
}: MetricsSample): Generator<[RateKey, Counters]> {
  const unmeasured = { at, roundTripMs: null, loss: null };
  for (const { id, received, sent } of shares) {
    yield [`share:${id}`, { ...unmeasured, received, sent }];
  }
  for (const { share, peer, received, sent } of forwards) {
    yield [`forward:${share}:${peer}`, { ...unmeasured, received, sent }];
  }
  for (const { id, received, sent, roundTripMs, loss } of peers) {
    yield [`peer:${id}`, { at, received, sent, roundTripMs, loss }];
  }
}
