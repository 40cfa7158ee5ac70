/** When something happened, as the language writes it. */
import type { Language } from '../../../shared/messages/language.ts';

const times = new Map<Language, Intl.DateTimeFormat>();
const wholeTimes = new Map<Language, Intl.DateTimeFormat>();

/** `14:02:07`. */
export function timeOf(iso: string, language: Language): string {
  const format =
    times.get(language) ??
    new Intl.DateTimeFormat(language, {
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    });
  times.set(language, format);
  return inFormat(format, iso);
}

/** With the day. */
export function wholeTimeOf(iso: string, language: Language): string {
  const format =
    wholeTimes.get(language) ??
    new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  wholeTimes.set(language, format);
  return inFormat(format, iso);
}

function inFormat(format: Intl.DateTimeFormat, iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : format.format(at);
}
