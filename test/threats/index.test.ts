/**
 * The threat table of docs/security.md says for every row which tests prove it. This checks that it
 * is true: each file is there, and has a test with the name of the row.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
/** The rows that are built; the others come with a guard for web servers, ten thousand sockets, the hub, releases. */
const ROWS: readonly number[] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 26,
];

const table = new URL('docs/security.md', ROOT);
const exists = existsSync(table);
if (!exists)
  console.warn('\n*** NOT TESTED: docs/security.md, and its threat table, is missing. ***\n');

interface Row {
  readonly row: number;
  readonly files: readonly string[];
}

/** `| 5 | … | … | \`test/path/file.test.ts\`, … |` */
function readRows(): Row[] {
  if (!exists) return [];
  return readFileSync(table, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      const row = Number(cells[1]);
      if (cells.length < 6 || !Number.isInteger(row) || row === 0) return [];
      const files = [...(cells.at(-2) ?? '').matchAll(/`(test\/[^`]+\.test\.ts)`/g)];
      return [{ row, files: files.map(([, file = '']) => file) }];
    });
}

/** A title, or the title of a group: `test('row 5: …'`, in any quotes. */
function hasTitle(file: string, row: number): boolean {
  const text = readFileSync(fileURLToPath(new URL(file, ROOT)), 'utf8');
  return new RegExp(`['"\`]row ${row}: `).test(text);
}

describe.skipIf(!exists)('the threat table', () => {
  const rows = readRows();

  test('has every row that is built, once', () => {
    const numbers = rows.map(({ row }) => row);
    expect(numbers.filter((row) => ROWS.includes(row))).toEqual(ROWS);
  });

  test.each(rows.filter(({ row }) => ROWS.includes(row)))(
    'names a test of row $row, by its name',
    ({ row, files }) => {
      expect(files).not.toEqual([]);
      for (const file of files) {
        expect([file, existsSync(new URL(file, ROOT))]).toEqual([file, true]);
        expect([file, row, hasTitle(file, row)]).toEqual([file, row, true]);
      }
    },
  );
});
