/**
 * Warnings of the engine in the language of the page. They come as English sentences; those that are
 * known are told by the page's own words (src/engine/peers/host-invite.ts, host-offline.ts).
 */
import { ERRORS } from '../../../shared/errors.ts';
import { withoutTurns } from '../../../shared/plain-text.ts';
import { sayFailure } from '../../../shared/messages/errors.ts';
import type { Language } from '../../../shared/messages/language.ts';
import { sayIn } from '../../../shared/messages/language.ts';
import { PAIRING } from '../../../shared/messages/pairing.ts';

const KNOWN = [
  [/^Another device \(.*\) also tried this code\./s, 'lateClaimant'],
  [/^Someone tried an invalid code\./, 'invalidAttempts'],
  [/^A computer with the code could not connect: /, 'attemptFailed'],
] as const;

/** English stays as it was said; a sentence that nobody knows does, too. */
export function sayWarning(text: string, language: Language): string {
  if (language === 'en') return withoutTurns(text);
  const known = KNOWN.find(([pattern]) => pattern.test(text));
  if (known !== undefined) return sayIn(PAIRING, language)(known[1]);
  return sayFailure({ code: codeOfSentence(text) ?? '', message: text }, language);
}

/** The code of the error whose sentence this is, its blanks filled with anything. */
function codeOfSentence(text: string): string | undefined {
  return Object.entries(ERRORS).find(([, { sentence }]) => patternOf(sentence).test(text))?.[0];
}

function patternOf(sentence: string): RegExp {
  const parts = sentence
    .split(/\{\w+\}/g)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  // One that is nothing but a blank would know everything.
  return parts.every((part) => part === '') ? /(?!)/ : new RegExp(`^${parts.join('.*')}$`, 's');
}
