/**
 * Text from strangers (device names, share names, reasons) made fit for a terminal, a log line or a
 * table.
 *
 * Invariant: what comes out is well-formed text on one line without control characters, and nothing
 * in it can turn the direction of the text around it. Applying it again changes nothing.
 */

// C0, DEL, C1; line and paragraph separators.
// oxlint-disable-next-line no-control-regex -- control characters are what this replaces
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/gu;
// The bidirectional marks, embeddings, overrides and isolates (UAX #9); what has no width and joins
// nothing; lone surrogates.
const UNSAFE = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

/** `text` with a blank for every run of control characters, and without what turns text around. */
export function printable(text: string): string {
  return text.replaceAll(CONTROLS, ' ').replaceAll(UNSAFE, '');
}
