/** Text of somebody else within a sentence that is a string, where nothing can isolate it. */

/** What turns the text behind it, or ends what isolates: Unicode UAX #9, explicit directional formatting. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

/** The same, without characters that turn what is around them. */
export function withoutTurns(text: string): string {
  return text.replaceAll(TURNS, '');
}
