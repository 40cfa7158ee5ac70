/**
 * A camera that shows a QR code, for Chromium (`--use-file-for-fake-video-capture`): a YUV4MPEG2 file
 * with a few frames, which Chromium plays again and again.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeQR } from 'qr';

const WIDTH = 1280;
const HEIGHT = 720;
/** Pixels of a module; a code held in front of the camera, some way off. */
const SCALE = 7;
const DARK = 40;
const LIGHT = 210;
const GREY = 128;

/** The path of the file, in a new folder. */
export function cameraShowing(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'porthole-camera-')), 'code.y4m');
  const chroma = Buffer.alloc((WIDTH * HEIGHT) / 2, GREY);
  const frame = Buffer.concat([Buffer.from('FRAME\n'), lumaOf(text), chroma]);
  const header = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420\n`);
  writeFileSync(path, Buffer.concat([header, frame, frame]));
  return path;
}

function lumaOf(text: string): Buffer {
  const modules = encodeQR(text, 'raw', { ecc: 'medium', border: 4 });
  const luma = Buffer.alloc(WIDTH * HEIGHT, 90);
  const left = Math.floor((WIDTH - modules.length * SCALE) / 2);
  const top = Math.floor((HEIGHT - modules.length * SCALE) / 2);
  modules.forEach((line, row) =>
    line.forEach((isDark, column) => {
      for (let y = 0; y < SCALE; y++) {
        const at = (top + row * SCALE + y) * WIDTH + left + column * SCALE;
        luma.fill(isDark ? DARK : LIGHT, at, at + SCALE);
      }
    }),
  );
  return luma;
}
