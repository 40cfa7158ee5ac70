/** Looks for a QR code in pixels. Pure; runs in the worker and in tests. */
import { decodeQR } from 'qr/decode.js';

/** RGBA, four bytes a pixel. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array;
}

/** How hard to look: a camera brings the next frame soon, a picture is all there is. */
export type Care = 'frame' | 'picture';

const EFFORTS = {
  // The decoder's own defaults, of one frame at 60 a second, leave a busy machine too little.
  frame: { effort: 4, timeLimit: 60 },
  picture: { effort: 16, timeLimit: 700 },
} as const;

/** The text of the first QR code found; `undefined` where there is none that can be read. */
export function readQr({ width, height, data }: Pixels, care: Care): string | undefined {
  try {
    return decodeQR({ width, height, data }, { ...EFFORTS[care], format: 'RGBA' });
  } catch {
    return undefined;
  }
}
