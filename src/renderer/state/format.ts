/** Numbers and times as people read them, in the language of the page. */
import type { Language } from '../../shared/messages/language.ts';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes a second, in powers of 1000 as networks count: `1.2 MB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** One decimal below 10, none above and for bytes. */
export function formatBytes(bytes: number): string {
  const size = Math.max(0, bytes);
  // What would be rounded up to 1000 belongs to the next unit.
  const power = size < 999.5 ? 0 : Math.min(4, Math.floor(Math.log10(size * 1.0005) / 3));
  const value = size / 1000 ** power;
  const digits = power > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[power] ?? 'B'}`;
}

/** A part of one, in percent: `0.4 %`, `12 %`. */
export function formatShare(part: number): string {
  const percent = part * 100;
  return `${percent > 0 && percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

/** When something was, as a phrase says it; `never` without a time. */
export type When =
  | { readonly kind: 'never' }
  | { readonly kind: 'today' | 'yesterday'; readonly time: string }
  | { readonly kind: 'onDay'; readonly day: string };

const DAY_MS = 86_400_000;

/** `now` in ms since 1970; both are read in the time zone of the person. */
export function whenWas(iso: string | null, now: number, language: Language): When {
  const at = iso === null ? Number.NaN : Date.parse(iso);
  if (Number.isNaN(at)) return { kind: 'never' };
  const days = Math.round((startOfDay(now) - startOfDay(at)) / DAY_MS);
  const time = formatTime(at, language);
  if (days === 0) return { kind: 'today', time };
  if (days === 1) return { kind: 'yesterday', time };
  return { kind: 'onDay', day: formatDay(at, now, language) };
}

/** The day, with its year only where it is another one. */
function formatDay(at: number, now: number, language: Language): string {
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  const year = isThisYear ? {} : { year: 'numeric' as const };
  return new Intl.DateTimeFormat(language, { day: 'numeric', month: 'long', ...year }).format(at);
}

/** Hours and minutes on a 24-hour clock. */
function formatTime(at: number, language: Language): string {
  return new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}
