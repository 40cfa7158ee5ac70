import { expect, test } from 'vitest';
import { Backoff } from '../../../src/engine/link/backoff.ts';
import {
  CALL_BACKOFF_FIRST_MS,
  CALL_BACKOFF_LEAST_MS,
  CALL_BACKOFF_MAX_MS,
} from '../../../src/shared/limits.ts';

test('the ceiling doubles up to its limit, and a reset begins anew', () => {
  const backoff = new Backoff(() => 1);
  expect(backoff.next(CALL_BACKOFF_MAX_MS)).toBe(CALL_BACKOFF_FIRST_MS);
  expect(backoff.next(CALL_BACKOFF_MAX_MS)).toBe(2 * CALL_BACKOFF_FIRST_MS);
  for (let turn = 0; turn < 20; turn++) backoff.next(CALL_BACKOFF_MAX_MS);
  expect(backoff.next(CALL_BACKOFF_MAX_MS)).toBe(CALL_BACKOFF_MAX_MS);
  backoff.reset();
  expect(backoff.next(CALL_BACKOFF_MAX_MS)).toBe(CALL_BACKOFF_FIRST_MS);
});

test('the delay is spread over the whole range, but is never nothing', () => {
  const draws = [0, 0.5];
  const backoff = new Backoff(() => draws.shift() as number);
  expect(backoff.next(CALL_BACKOFF_MAX_MS)).toBe(CALL_BACKOFF_LEAST_MS);
  expect(backoff.next(CALL_BACKOFF_MAX_MS)).toBe(CALL_BACKOFF_FIRST_MS);
});
