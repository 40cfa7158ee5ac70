/**
 * A QR code (ISO/IEC 18004) made of characters, two rows of modules to a line.
 *
 * Invariant: what is drawn has its quiet zone of four modules and fits the columns there are; it is
 * as small as the text allows, and then as robust as that size allows.
 */
import { type ErrorCorrection, encodeQR } from 'qr';
import { QR_VERSION_MAX } from '../shared/limits.ts';

export interface TerminalQrOptions {
  /**
   * `ansi` draws black on white, whatever the terminal's own colours are; `none` draws the light
   * modules, for terminals that are dark.
   */
  readonly colours: 'ansi' | 'none';
  /** Width of the terminal, characters. @default as wide as need be */
  readonly columns?: number;
}

const QUIET_ZONE = 4;
// Fixed colours of the 256, black and white: themes change the meaning of the first 16.
const BLACK_ON_WHITE = '\u001b[38;5;16;48;5;231m';
const RESET = '\u001b[0m';
/** By what is drawn of a character: nothing, its upper half, its lower half, all of it. */
const BLOCKS = [' ', '▀', '▄', '█'] as const;

/**
 * Draws `text` as lines without a last line break; `undefined` where the terminal is too narrow, or
 * the text too long for QR_VERSION_MAX.
 */
export function renderTerminalQr(text: string, options: TerminalQrOptions): string | undefined {
  const modules = smallestCode(text);
  if (modules === undefined || modules.length > (options.columns ?? Infinity)) return undefined;
  const lines: string[] = [];
  for (let row = 0; row < modules.length; row += 2) {
    lines.push(line(modules[row] ?? [], modules[row + 1] ?? [], options.colours));
  }
  return lines.join('\n');
}

/** The smallest version, with the best error correction that version has room for. */
function smallestCode(text: string): boolean[][] | undefined {
  const smallest = encode(text, 'low', undefined);
  if (smallest === undefined) return undefined;
  const version = (smallest.length - 2 * QUIET_ZONE - 17) / 4;
  if (version > QR_VERSION_MAX) return undefined;
  return encode(text, 'quartile', version) ?? encode(text, 'medium', version) ?? smallest;
}

/** `undefined` where the text does not fit. */
function encode(
  text: string,
  ecc: ErrorCorrection,
  version: number | undefined,
): boolean[][] | undefined {
  try {
    return encodeQR(text, 'raw', { ecc, version, encoding: 'byte', border: QUIET_ZONE });
  } catch {
    return undefined;
  }
}

/** Below the last row there is quiet zone. */
function line(
  upper: readonly boolean[],
  lower: readonly boolean[],
  colours: TerminalQrOptions['colours'],
): string {
  const drawn = colours === 'ansi';
  const blocks = upper.map((isDark, at) => {
    const isLowerDark = lower[at] ?? false;
    return BLOCKS[Number(isDark === drawn) + 2 * Number(isLowerDark === drawn)] ?? ' ';
  });
  return drawn ? BLACK_ON_WHITE + blocks.join('') + RESET : blocks.join('');
}
