import { describe, expect, it, vi } from 'vitest';
import { RateBook } from '../../../src/renderer/state/rate-book.ts';
import { RateSeries } from '../../../src/renderer/state/rate-series.ts';
import { METRICS_MS } from '../../../src/shared/limits.ts';
import { RATES_KEPT_MS } from '../../../src/shared/page-limits.ts';
import { fakeMetrics } from '../../support/fake-metrics.ts';
import { EMPTY_STATUS, LAPTOP, WEB_APP } from '../../support/fake-views.ts';

function counters(at: number, received: number, sent = 0): Parameters<RateSeries['take']>[0] {
  return { at, received, sent, roundTripMs: null, loss: null };
}

describe('rates of one thing', () => {
  it('are differences over time', () => {
    const series = new RateSeries();
    expect(series.now()).toEqual({ received: 0, sent: 0 });
    series.take(counters(0, 500));
    expect(series.points).toEqual([]);
    series.take(counters(250, 1000, 25));
    expect(series.points).toMatchObject([{ at: 250, received: 2000, sent: 100 }]);
  });

  it('are about the last second as text, and keep one minute', () => {
    const series = new RateSeries();
    const samples = (RATES_KEPT_MS / METRICS_MS) * 2;
    for (let index = 0; index < samples; index += 1) {
      series.take(counters(index * METRICS_MS, index * 100 + (index % 2) * 90));
    }
    expect(series.points.length).toBeLessThanOrEqual(RATES_KEPT_MS / METRICS_MS + 1);
    expect(series.now().received).toBeCloseTo(400);
  });

  it('begin anew when the engine did, or nobody looked for long', () => {
    const series = new RateSeries();
    series.take(counters(1000, 5000));
    series.take(counters(1250, 6000));
    series.take(counters(1500, 10));
    expect(series.points).toEqual([]);
    series.take(counters(1750, 20));
    series.take(counters(1750 + RATES_KEPT_MS + 1, 2_000_000));
    expect(series.points).toEqual([]);
  });
});

describe('the book of rates', () => {
  it('tells listeners behind the values, and forgets what is gone', () => {
    const book = new RateBook();
    const status = { ...EMPTY_STATUS, shares: [WEB_APP], peers: [LAPTOP] };
    const key = `share:${WEB_APP.id}` as const;
    const seen: number[] = [];
    const stop = book.subscribe(key, () => seen.push(book.of(key)?.points.length ?? -1));
    book.take(fakeMetrics(status, 1000));
    book.take(fakeMetrics(status, 1250));
    book.take(fakeMetrics(EMPTY_STATUS, 1500));
    stop();
    book.take(fakeMetrics(status, 1750));
    expect(seen).toEqual([0, 1, -1]);
    expect(book.of(`peer:${LAPTOP.id}`)).toBeDefined();
  });

  it('keeps the listeners of a key apart', () => {
    const book = new RateBook();
    const [a, b] = [vi.fn<() => void>(), vi.fn<() => void>()];
    const stopA = book.subscribe('share:1', a);
    book.subscribe('share:1', b);
    stopA();
    stopA();
    book.take(fakeMetrics(EMPTY_STATUS, 1));
    expect([a.mock.calls.length, b.mock.calls.length]).toEqual([0, 1]);
  });
});
