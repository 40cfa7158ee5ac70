/** Plain tables for a terminal: columns aligned by what characters take there. */
import { printable } from '../shared/printable.ts';

const GAP = '   ';
const INDENT = '  ';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
// East Asian wide and full-width characters, and emoji (UAX #11): two columns in every terminal.
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]/u;

/** Columns of a terminal that `text` takes. */
function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/**
 * A table, one text for each row; title and heading stand above the first. Cells are made
 * printable, and what is below the title is indented.
 */
export function tableLines(
  title: string,
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const cells = [heading, ...rows].map((row) => row.map(printable));
  const widths = heading.map((_, column) =>
    Math.max(...cells.map((line) => widthOf(line[column] ?? ''))),
  );
  const [top = '', first, ...others] = cells.map((line) => formatLine(line, widths));
  return first === undefined ? [] : [[title, top, first].join('\n'), ...others];
}

function formatLine(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map(
    (cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))),
  );
  return (INDENT + padded.join(GAP)).trimEnd();
}
