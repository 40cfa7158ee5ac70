/**
 * Names that people give to computers. They come from strangers and end in terminals, menus and
 * logs.
 *
 * Invariant: a name that went through `cutName` is well-formed NFC text on one line, cannot turn
 * the direction of the text around it, and is never cut inside a character.
 */

// C0, DEL, C1; the bidirectional marks, embeddings, overrides and isolates (UAX #9); line and
// paragraph separators.
// oxlint-disable-next-line no-control-regex -- control characters are what this removes
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Makes `name` safe to show and at most `maxBytes` bytes of UTF-8, cut between graphemes (UAX #29).
 * Lone surrogates become U+FFFD. The result may be empty. Applying it again changes nothing.
 */
export function cutName(name: string, maxBytes: number): string {
  const wellFormed = Buffer.from(name, 'utf8').toString('utf8');
  const safe = wellFormed.replaceAll(UNSAFE, '').normalize('NFC').trim();
  let bytes = 0;
  let end = 0;
  for (const { index, segment } of graphemes.segment(safe)) {
    bytes += Buffer.byteLength(segment, 'utf8');
    if (bytes > maxBytes) break;
    end = index + segment.length;
  }
  return safe.slice(0, end).trim();
}
