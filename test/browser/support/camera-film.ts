/**
 * A film for Chromium's fake camera (`--use-file-for-fake-video-capture`): a still picture of the
 * screen, held in front of it. YUV4MPEG2, 4:2:0, as ffmpeg writes it.
 */
import { writeFileSync } from 'node:fs';
import { decodePng } from '../../support/png.ts';
import type { Pixels } from '../../support/png.ts';

const WIDTH = 640;
const HEIGHT = 480;
const FRAMES = 3;
/** A desk behind the picture, in shades of grey. */
const BACKGROUND = 90;
const NO_COLOUR = 128;

/** Writes what a camera sees that looks at `png`, in the middle of its picture. */
export function filmOf(png: Buffer, path: string): void {
  const luma = lumaOf(decodePng(png));
  const colour = Buffer.alloc((WIDTH * HEIGHT) / 2, NO_COLOUR);
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, colour]);
  const header = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`);
  writeFileSync(path, Buffer.concat([header, ...Array.from({ length: FRAMES }, () => frame)]));
}

/** Scaled by whole numbers, so that it stays sharp. */
function lumaOf({ width, height, rgba }: Pixels): Buffer {
  const luma = Buffer.alloc(WIDTH * HEIGHT, BACKGROUND);
  const scale = Math.max(1, Math.floor(Math.min(WIDTH / width, HEIGHT / height)));
  if (width > WIDTH || height > HEIGHT) throw new Error('the picture is larger than the film');
  const left = Math.floor((WIDTH - width * scale) / 2);
  const top = Math.floor((HEIGHT - height * scale) / 2);
  for (let y = 0; y < height * scale; y++) {
    for (let x = 0; x < width * scale; x++) {
      const at = (Math.floor(y / scale) * width + Math.floor(x / scale)) * 4;
      const [red = 0, green = 0, blue = 0] = rgba.subarray(at, at + 3);
      luma[(top + y) * WIDTH + left + x] = 0.299 * red + 0.587 * green + 0.114 * blue;
    }
  }
  return luma;
}
