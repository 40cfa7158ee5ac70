import { describe, expect, test } from 'vitest';
import { renderTerminalQr } from '../../src/cli/terminal-qr.ts';
import { INVITE_LINK_CHARS_MAX, QR_VERSION_MAX } from '../../src/shared/limits.ts';
import { seededRandom } from '../../src/shared/random.ts';
import { modulesOfBlocks, scanModules } from '../support/qr.ts';

const QUIET_ZONE = 4;
const ESCAPE = '\u001b';
const COLOURED = new RegExp(`^${ESCAPE}\\[38;5;16;48;5;231m([ ▀▄█]+)${ESCAPE}\\[0m$`, 'u');

type Colours = 'ansi' | 'none';

/** The modules as they appear, `true` for dark: on white in colours, on a dark terminal without. */
function modulesOf(drawn: string, colours: Colours): boolean[][] {
  const lines = drawn.split('\n').map((text) => {
    const blocks = colours === 'ansi' ? (COLOURED.exec(text)?.[1] ?? '') : text;
    expect(blocks).toMatch(/^[ ▀▄█]+$/u);
    return blocks;
  });
  return modulesOfBlocks(lines, colours === 'ansi' ? 'dark' : 'light');
}

function versionOf(modules: readonly (readonly boolean[])[]): number {
  return ((modules[0]?.length ?? 0) - 2 * QUIET_ZONE - 17) / 4;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function textOf(prefix: string, length: number): string {
  const random = seededRandom(length);
  const more = Array.from({ length: length - prefix.length }, () =>
    ALPHABET.charAt(Math.floor(random() * ALPHABET.length)),
  );
  return prefix + more.join('');
}

const modes = ['ansi', 'none'] as const;

describe.each(modes)('a QR code in a terminal, colours: %s', (colours) => {
  test.each([
    ['porthole://pair#', 40],
    ['porthole://pair#', 120],
    ['porthole://pair#', 200],
    ['porthole://pair#', INVITE_LINK_CHARS_MAX],
    ['porthole://answer#', 265],
    ['porthole://answer#', 465],
  ])('is read as it was written: %s…, %i characters', (prefix, length) => {
    const text = textOf(prefix, length);
    const modules = modulesOf(renderTerminalQr(text, { colours }) ?? '', colours);
    expect(scanModules(modules)).toBe(text);
    expect(versionOf(modules)).toBeLessThanOrEqual(prefix.includes('pair') ? 10 : QR_VERSION_MAX);
  });

  test('has a quiet zone of four modules on every side', () => {
    const modules = modulesOf(renderTerminalQr('x', { colours }) ?? '', colours);
    expect(versionOf(modules)).toBe(1);
    const rows = modules.map((row) => row.join().includes('true'));
    const columns = (modules[0] ?? []).map((_, at) => modules.some((row) => row[at] === true));
    expect([rows.indexOf(true), rows.lastIndexOf(true)]).toEqual([4, 24]);
    expect([columns.indexOf(true), columns.lastIndexOf(true)]).toEqual([4, 24]);
    // Two rows to a line, so one row of quiet zone more.
    expect([rows.length, columns.length]).toEqual([30, 29]);
  });

  test('is drawn where it just fits, and not in one column less', () => {
    const text = textOf('porthole://pair#', 200);
    const width = modulesOf(renderTerminalQr(text, { colours }) ?? '', colours)[0]?.length ?? 0;
    expect(renderTerminalQr(text, { colours, columns: width })).toBeDefined();
    expect(renderTerminalQr(text, { colours, columns: width - 1 })).toBeUndefined();
  });
});

describe('the size of a QR code', () => {
  // Capacities of ISO/IEC 18004 table 7, byte mode.
  test.each([
    [230, 9],
    [231, 10],
    [271, 10],
    [520, 15],
  ])('%i characters take version %i', (length, version) => {
    const drawn = renderTerminalQr(textOf('', length), { colours: 'none' }) ?? '';
    expect(versionOf(modulesOf(drawn, 'none'))).toBe(version);
  });

  test('what needs more than the largest is not drawn', () => {
    expect(renderTerminalQr(textOf('', 521), { colours: 'none' })).toBeUndefined();
    expect(renderTerminalQr(textOf('', 9999), { colours: 'none' })).toBeUndefined();
  });

  test('room that is left goes into error correction', () => {
    // 17 characters fill 1-L, 14 fill 1-M, 11 fill 1-Q. The format bits beside the first finder
    // pattern tell the level (§7.9): 01 L, 00 M, 11 Q, behind the mask 10101….
    const levels = [17, 14, 11].map((length) => {
      const modules = modulesOf(
        renderTerminalQr(textOf('', length), { colours: 'none' }) ?? '',
        'none',
      );
      const at = (column: number): number => Number(modules[QUIET_ZONE + 8]?.[QUIET_ZONE + column]);
      return `${at(0) ^ 1}${at(1) ^ 0}`;
    });
    expect(levels).toEqual(['01', '00', '11']);
  });
});
