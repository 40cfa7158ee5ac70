import { expect, test } from 'vitest';
import { openCamera, problemOf } from '../../../src/renderer/screens/add-device/scan/camera.ts';

test.each([
  ['NotAllowedError', 'denied'],
  ['NotFoundError', 'none'],
  ['OverconstrainedError', 'none'],
  ['NotReadableError', 'busy'],
  ['TypeError', 'unsupported'],
])('%s of a camera means: %s', (name, problem) => {
  expect(problemOf(new DOMException('no', name))).toBe(problem);
});

test('what is no error is no camera either', () => {
  expect(problemOf('no')).toBe('unsupported');
});

test('a page that may not ask for a camera says so', async () => {
  // Node has a navigator from version 21 on, and no camera in it.
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  expect(await openCamera(new AbortController().signal)).toEqual({
    kind: 'problem',
    problem: 'unsupported',
  });
});
