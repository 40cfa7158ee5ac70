/** Which lines of the log are shown, and how the log is written as text. Pure. */
import type { LogEntry } from '../../../shared/contract.ts';

/** `warn`: warnings and errors. */
type LevelFilter = 'all' | 'warn' | 'error';

export interface LogFilter {
  readonly text: string;
  readonly level: LevelFilter;
}

export const NO_FILTER: LogFilter = { text: '', level: 'all' };

const SHOWN: Readonly<Record<LevelFilter, readonly LogEntry['level'][]>> = {
  all: ['info', 'warn', 'error'],
  warn: ['warn', 'error'],
  error: ['error'],
};

/** All words of the filter must be in the line, in any order; upper and lower case are the same. */
export function filtered<Entry extends LogEntry>(
  entries: readonly Entry[],
  { text, level }: LogFilter,
): readonly Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && level === 'all') return entries;
  const levels = SHOWN[level];
  return entries.filter((entry) => {
    if (!levels.includes(entry.level)) return false;
    const line = entry.text.toLowerCase();
    return words.every((word) => line.includes(word));
  });
}

/** One line an entry: time, level, text. */
export function logAsText(entries: readonly LogEntry[]): string {
  return entries.map(({ at, level, text }) => `${at} ${level.padEnd(5)} ${text}\n`).join('');
}

/** `porthole-log-2026-11-21-14-02.txt`, by the clock of this computer. */
export function logFileName(now: Date): string {
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return `porthole-log-${day}-${two(now.getHours())}-${two(now.getMinutes())}.txt`;
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}
