/** Reads the QR codes that the command draws in a terminal, as a camera in front of it would. */
import { decodeQR } from 'qr/decode.js';

/** The lines of block characters in a text. */
const DRAWN = /^[ ▀▄█]{20,}$/gmu;
const SCALE = 4;

/** Which modules are dark when blocks (`▀`, `▄`, `█`) are shown light, as on a dark terminal, or dark. */
export function modulesOfBlocks(lines: readonly string[], blocks: 'light' | 'dark'): boolean[][] {
  const inks = lines.flatMap((text) => {
    const characters = text.split('');
    return ['▀█', '▄█'].map((inked) => characters.map((block) => inked.includes(block)));
  });
  return inks.map((row) => row.map((isInk) => isInk === (blocks === 'dark')));
}

/** What a camera reads, some pixels to a module. Throws when it is no QR code. */
export function scanModules(modules: readonly (readonly boolean[])[]): string {
  const width = (modules[0]?.length ?? 0) * SCALE;
  const height = modules.length * SCALE;
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isDark = modules[Math.floor(y / SCALE)]?.[Math.floor(x / SCALE)] ?? false;
      data.fill(isDark ? 0 : 255, (y * width + x) * 4, (y * width + x) * 4 + 3);
      data[(y * width + x) * 4 + 3] = 255;
    }
  }
  return decodeQR({ width, height, data });
}

/** The text of the QR code that stands in what a command printed without colours. */
export function scanPrinted(printed: string): string {
  return scanModules(modulesOfBlocks(printed.match(DRAWN) ?? [], 'light'));
}
