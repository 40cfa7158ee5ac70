/** A code as a picture file: the QR code, and under it whose code it is. */
import { encodeQR } from 'qr';
import { QR_VERSION_MAX } from '../../../shared/limits.ts';

const QUIET_ZONE = 4;
/** Pixels of one module: sharp on a phone's screen, and still small as a file. */
const SCALE = 10;
const CAPTION_PX = 26;
const CAPTION_ROOM_PX = 56;

/** Whether cameras read it from a screen. */
export function fitsPicture(text: string): boolean {
  const size = modulesOf(text)?.length;
  return size !== undefined && size - 2 * QUIET_ZONE <= 17 + 4 * QR_VERSION_MAX;
}

/** With its quiet zone; `undefined` when the text is longer than any code. */
function modulesOf(text: string): boolean[][] | undefined {
  try {
    return encodeQR(text, 'raw', { border: QUIET_ZONE, ecc: 'medium' });
  } catch {
    return undefined;
  }
}

/** A PNG. Rejects when the browser cannot make one. */
export async function qrPicture(text: string, caption: string): Promise<Blob> {
  const modules = modulesOf(text) ?? [];
  const side = modules.length * SCALE;
  const canvas = document.createElement('canvas');
  canvas.width = side;
  canvas.height = side + CAPTION_ROOM_PX;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = '#05202b';
  modules.forEach((line, y) =>
    line.forEach((isDark, x) => {
      if (isDark) context.fillRect(x * SCALE, y * SCALE, SCALE, SCALE);
    }),
  );
  drawCaption(context, caption, side);
  return await asPng(canvas);
}

function drawCaption(context: CanvasRenderingContext2D, caption: string, side: number): void {
  context.font = `500 ${CAPTION_PX}px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = 'center';
  context.fillText(caption, side / 2, side + CAPTION_PX / 2, side - 2 * SCALE);
}

function asPng(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('no picture'));
      else resolve(blob);
    }, 'image/png');
  });
}
