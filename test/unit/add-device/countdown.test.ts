import { expect, test } from 'vitest';
import {
  countdownOf,
  minutesAndSeconds,
  untilNextSecond,
} from '../../../src/renderer/screens/add-device/countdown.ts';

const at = '2026-11-21T14:10:00.000Z';
const end = Date.parse(at);

test('it counts whole seconds, and ends on time', () => {
  expect(countdownOf(at, end - 600_000)).toEqual({ kind: 'running', seconds: 600 });
  expect(countdownOf(at, end - 599_999)).toEqual({ kind: 'running', seconds: 600 });
  expect(countdownOf(at, end - 1)).toEqual({ kind: 'running', seconds: 1 });
  expect(countdownOf(at, end)).toEqual({ kind: 'over' });
  expect(countdownOf(at, end + 5000)).toEqual({ kind: 'over' });
  expect(countdownOf('soon', end)).toEqual({ kind: 'over' });
});

test('it is written as clocks are', () => {
  expect([600, 598, 61, 60, 7].map(minutesAndSeconds)).toEqual([
    '10:00',
    '9:58',
    '1:01',
    '1:00',
    '0:07',
  ]);
});

test('the next look is when the text changes', () => {
  for (const nowMs of [end - 600_000, end - 599_400, end - 1]) {
    const wait = untilNextSecond(at, nowMs);
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(1000);
    expect(countdownOf(at, nowMs + wait)).not.toEqual(countdownOf(at, nowMs));
  }
});
