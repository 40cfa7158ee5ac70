import { expect, test } from 'vitest';
import { numberOf, STEP_COUNT, stepBefore } from '../../../src/renderer/screens/first-run/steps.ts';
import type { Step } from '../../../src/renderer/screens/first-run/steps.ts';

const STEPS: readonly Step[] = [
  { kind: 'welcome' },
  { kind: 'connect' },
  { kind: 'pair', begin: 'show' },
  { kind: 'share' },
  { kind: 'keeps' },
];

test('the steps are counted from one, in the order they come', () => {
  expect(STEPS.map(numberOf)).toEqual([1, 2, 3, 4, 5]);
  expect(STEP_COUNT).toBe(STEPS.length);
});

test('Back always leads nearer to the beginning', () => {
  for (const step of STEPS.slice(1)) {
    const before = stepBefore(step);
    expect(before === null ? 0 : numberOf(before)).toBeLessThan(numberOf(step));
  }
  expect(stepBefore({ kind: 'welcome' })).toBeNull();
});
