/** Text from strangers, made fit for one line of a terminal. */
import { expect, test } from 'vitest';
import { printable } from '../../../src/shared/printable.ts';

test.each([
  ['größe 網站 👩‍💻', 'größe 網站 👩‍💻'],
  ['a\u0000\u0007\nb', 'a b'],
  ['\u001b[31mred', ' [31mred'],
  ['a\u009b2Jb\u007fc', 'a 2Jb c'],
  ['abc\u202edef\u2066g\u200fh', 'abcdefgh'],
  ['line\u2028separator', 'line separator'],
  ['lone \ud83d surrogate', 'lone  surrogate'],
  ['in\u200bvis\u2060ible\ufeff', 'invisible'],
])('%j', (text, safe) => {
  expect(printable(text)).toBe(safe);
  expect(printable(safe)).toBe(safe);
});
