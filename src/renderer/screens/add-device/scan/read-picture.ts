/** Finds a QR code in a picture that a person chose, dropped or pasted. */
import type { QrReader } from './qr-reader.ts';

export type PictureOutcome =
  | { readonly kind: 'found'; readonly text: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unreadable' };

/**
 * Longer sides to try, pixels: a photo's noise is gone in the smaller ones, a screenshot's small code
 * is only in the larger.
 */
const SIDES = [1000, 1600, 600, 2600, 380] as const;

/** Never rejects. */
export async function readPicture(picture: Blob, reader: QrReader): Promise<PictureOutcome> {
  const bitmap = await createImageBitmap(picture).catch(() => undefined);
  if (bitmap === undefined) return { kind: 'unreadable' };
  try {
    for (const size of sizesOf(bitmap.width, bitmap.height)) {
      const pixels = pixelsOf(bitmap, size);
      const text = pixels === undefined ? undefined : await reader.read(pixels, 'picture');
      if (text !== undefined) return { kind: 'found', text };
    }
    return { kind: 'nothing' };
  } finally {
    bitmap.close();
  }
}

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** The sizes to read a picture in, none larger than it is, no two the same. Pure. */
export function sizesOf(width: number, height: number): readonly PictureSize[] {
  const longer = Math.max(width, height);
  const sides = new Set(SIDES.map((side) => Math.min(side, longer)));
  return [...sides].map((side) => ({
    width: Math.max(1, Math.round((width * side) / longer)),
    height: Math.max(1, Math.round((height * side) / longer)),
  }));
}

/** Codes are often cut out to their very edge, and are found only with their quiet zone. */
const BORDER = 1 / 16;

function pixelsOf(bitmap: ImageBitmap, { width, height }: PictureSize): ImageData | undefined {
  const border = Math.round(Math.max(width, height) * BORDER);
  const canvas = document.createElement('canvas');
  canvas.width = width + 2 * border;
  canvas.height = height + 2 * border;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return undefined;
  // What is transparent is taken for paper.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, border, border, width, height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** The picture among what was dropped or pasted. */
export function pictureIn(data: DataTransfer | null): File | undefined {
  return [...(data?.files ?? [])].find((file) => file.type.startsWith('image/'));
}
