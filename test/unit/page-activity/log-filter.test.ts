import { expect, test } from 'vitest';
import type { LogEntry } from '../../../src/shared/contract.ts';
import {
  filtered,
  logAsText,
  logFileName,
  NO_FILTER,
} from '../../../src/renderer/screens/activity/log-filter.ts';

const at = '2026-11-21T14:02:00.000Z';
const entries: readonly LogEntry[] = [
  { at, level: 'info', text: 'Connected to Laptop (direct).' },
  { at, level: 'warn', text: 'Connection to laptop was interrupted.' },
  { at, level: 'error', text: 'The log file cannot be written any more.' },
];

const texts = (text: string, level: 'all' | 'warn' | 'error' = 'all'): readonly string[] =>
  filtered(entries, { text, level }).map((entry) => entry.text);

test('without a filter the list is the very same', () => {
  expect(filtered(entries, NO_FILTER)).toBe(entries);
  expect(filtered(entries, { text: '  ', level: 'all' })).toBe(entries);
});

test('every word has to be there, in any case and order', () => {
  expect(texts('LAPTOP')).toHaveLength(2);
  expect(texts('laptop interrupted')).toEqual(['Connection to laptop was interrupted.']);
  expect(texts('interrupted laptop')).toHaveLength(1);
  expect(texts('laptop printer')).toEqual([]);
  expect(texts('(.*')).toEqual([]);
});

test('levels are as grave or graver', () => {
  expect(texts('', 'warn')).toHaveLength(2);
  expect(texts('', 'error')).toHaveLength(1);
  expect(texts('laptop', 'error')).toEqual([]);
});

test('the log as a file has a line for each', () => {
  expect(logAsText(entries.slice(0, 2))).toBe(
    `${at} info  Connected to Laptop (direct).\n${at} warn  Connection to laptop was interrupted.\n`,
  );
  expect(logFileName(new Date(2026, 10, 1, 9, 5))).toBe('porthole-log-2026-11-01-09-05.txt');
});
