/** The time of day, as the language writes it. */
import type { Language } from '../../../shared/messages/language.ts';

/** `14:10`; empty for what is no time. */
export function clockTime(iso: string, language: Language): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return '';
  return at.toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit', hour12: false });
}
