/**
 * Names from strangers made fit for a menu or a notification, which have room for a line and no way
 * to scroll.
 *
 * Invariant: what comes out is printable (shared/printable.ts), short in characters and in code
 * units, shows something, and is never cut inside a character.
 */
import { printable } from '../shared/printable.ts';
import { SHORT_NAME_CHARS_MAX, SHORT_NAME_UNITS_MAX } from '../shared/limits.ts';

// What has no shape of its own: soft hyphens, fillers, joiners, variation selectors, tags.
const SHAPELESS = /[\p{Default_Ignorable_Code_Point}\p{Z}\u2800]/gu;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** `name` on one line, cut with `…`; `instead` where nothing of it can be seen. */
export function shortName(name: string, instead: string): string {
  // Of a flood only the beginning is looked at.
  const beginning = printable(name.slice(0, SHORT_NAME_UNITS_MAX * 2));
  const line = beginning.normalize('NFC').replaceAll(/\s+/gu, ' ').trim();
  if (line.replaceAll(SHAPELESS, '') === '') return instead;
  return cut(line);
}

function cut(line: string): string {
  let chars = 0;
  let end = 0;
  for (const { index, segment } of graphemes.segment(line)) {
    chars += 1;
    const after = index + segment.length;
    if (chars > SHORT_NAME_CHARS_MAX || after > SHORT_NAME_UNITS_MAX) {
      return `${line.slice(0, end).trimEnd()}…`;
    }
    end = after;
  }
  return line;
}
