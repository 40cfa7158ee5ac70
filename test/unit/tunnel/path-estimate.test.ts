/** What the estimate is for: a full pipe and a short queue on paths of any rate and round trip. */
import { describe, expect, it } from 'vitest';
import { PathEstimate } from '../../../src/engine/tunnel/path-estimate.ts';
import {
  DATACHANNEL_DATA_BYTES,
  FRAME_HEADER_BYTES,
  GATE_IN_FLIGHT_MIN_BYTES,
  GATE_LEAST_ROUND_TRIP_MS,
  GATE_QUEUE_FRACTION,
  GATE_QUEUE_MS,
} from '../../../src/shared/limits.ts';
import { SimulatedPath } from '../../support/simulated-path.ts';

const RATES = [1000, 5000, 20_000, 100_000];
const ROUND_TRIPS = [1, 10, 30, 100];
const PATHS = RATES.flatMap((rate) => ROUND_TRIPS.map((roundTripMs) => ({ rate, roundTripMs })));
/** From nothing to the full rate: a distance that doubles every round trip, with room for the spans. */
const START_MS = 2500;
/** ARRIVED comes up to 5 ms late, which passes for distance, as does the time a frame takes to leave. */
const SLACK_MS = 10;
const FRAME_BYTES = FRAME_HEADER_BYTES + DATACHANNEL_DATA_BYTES;

/** The queue that is aimed at, ms; what passes for distance makes it longer by its part. */
function queueOf(roundTripMs: number): number {
  return Math.max(GATE_QUEUE_MS, (roundTripMs + SLACK_MS) / GATE_QUEUE_FRACTION);
}

describe('a path', () => {
  it.each(PATHS)('of $rate bytes/ms and $roundTripMs ms is full, with a short queue', (shape) => {
    const path = new SimulatedPath(shape);
    path.stream();
    path.clock.advance(START_MS);
    const steady = path.sample(3000);
    expect(steady.rate).toBeGreaterThan(0.95 * shape.rate);
    const floorMs = (GATE_IN_FLIGHT_MIN_BYTES + FRAME_BYTES) / shape.rate;
    const queueMax = Math.max(queueOf(shape.roundTripMs), floorMs) + SLACK_MS;
    expect(steady.queueMs).toBeLessThan(queueMax);
    // On a slow path the floor keeps a queue of its own, which passes for distance by up to a frame,
    // and makes the queue that is aimed at longer.
    const aim = shape.roundTripMs + queueOf(shape.roundTripMs) + SLACK_MS;
    const distance = shape.rate * aim + FRAME_BYTES;
    expect(path.lane.path.inFlightLimit).toBeLessThanOrEqual(
      Math.max((GATE_IN_FLIGHT_MIN_BYTES + FRAME_BYTES) * (1 + 1 / GATE_QUEUE_FRACTION), distance),
    );
  });

  it.each(PATHS)(
    'of $rate bytes/ms and $roundTripMs ms stays full while it is measured anew',
    (shape) => {
      const path = new SimulatedPath(shape);
      path.stream();
      path.clock.advance(START_MS);
      expect(path.sample(3 * GATE_LEAST_ROUND_TRIP_MS).rate).toBeGreaterThan(0.9 * shape.rate);
    },
  );

  it.each([0.5, 2, 4])('whose rate changes by %f is full again within a second', (factor) => {
    const before = { rate: 8000, roundTripMs: 20 };
    const path = new SimulatedPath(before);
    path.stream();
    path.clock.advance(START_MS);
    const after = { ...before, rate: before.rate * factor };
    path.reshape(after);
    path.clock.advance(1000);
    const sample = path.sample(2000);
    expect(sample.rate).toBeGreaterThan(0.9 * after.rate);
    expect(sample.queueMs).toBeLessThan(
      GATE_QUEUE_MS + SLACK_MS + GATE_IN_FLIGHT_MIN_BYTES / after.rate,
    );
  });

  it('that grows longer is measured anew at once, and full again', () => {
    const path = new SimulatedPath({ rate: 10_000, roundTripMs: 10 });
    path.stream();
    path.clock.advance(START_MS);
    path.reshape({ rate: 10_000, roundTripMs: 100 });
    path.clock.advance(2 * START_MS);
    const sample = path.sample(2000);
    expect(sample.rate).toBeGreaterThan(0.9 * 10_000);
    expect(sample.queueMs).toBeLessThan(queueOf(100) + SLACK_MS);
  });

  it('that grows shorter has a short queue again once it was measured anew', () => {
    const path = new SimulatedPath({ rate: 10_000, roundTripMs: 100 });
    path.stream();
    path.clock.advance(START_MS);
    path.reshape({ rate: 10_000, roundTripMs: 10 });
    path.clock.advance(GATE_LEAST_ROUND_TRIP_MS + START_MS);
    const sample = path.sample(2000);
    expect(sample.rate).toBeGreaterThan(0.9 * 10_000);
    expect(sample.queueMs).toBeLessThan(GATE_QUEUE_MS + SLACK_MS);
  });
});

describe('the estimate', () => {
  it('begins with the least, and never goes below', () => {
    const path = new PathEstimate();
    expect([path.inFlightLimit, path.roundTripMs, path.rate]).toEqual([
      GATE_IN_FLIGHT_MIN_BYTES,
      0,
      0,
    ]);
    path.onSent(100, 0, 0);
    path.onArrived(100, 500);
    expect(path.inFlightLimit).toBe(GATE_IN_FLIGHT_MIN_BYTES);
    expect(path.roundTripMs).toBe(500);
  });

  it('is not lowered by a sender that has little to send', () => {
    const path = new SimulatedPath({ rate: 20_000, roundTripMs: 20 });
    const stream = path.stream();
    path.clock.advance(START_MS);
    path.gate.leave(stream);
    path.clock.advance(100);
    const before = path.lane.path.rate;
    for (let count = 0; count < 200; count++) {
      path.gate.pass(new Uint8Array(100));
      path.clock.advance(30);
    }
    expect(path.lane.path.rate).toBe(before);
  });

  it('stays finite on a clock that stands still', () => {
    const path = new PathEstimate();
    for (let sent = 1; sent < 100; sent++) {
      path.onSent(sent * 1000, (sent - 1) * 1000, 5);
      path.onGateLimited();
      path.onArrived(sent * 1000, 5);
    }
    expect(Number.isFinite(path.inFlightLimit)).toBe(true);
    path.onSent(200_000, 99_000, 30);
    path.onArrived(200_000, 31);
    expect(Number.isFinite(path.inFlightLimit)).toBe(true);
  });
});
