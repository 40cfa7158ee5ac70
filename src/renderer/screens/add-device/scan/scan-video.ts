/** Reads the frames of a playing video, one at a time, until one holds a QR code. */
import type { QrReader } from './qr-reader.ts';

export interface ScanVideoOptions {
  readonly video: HTMLVideoElement;
  readonly reader: QrReader;
  readonly signal: AbortSignal;
  /** Whether `text` is what was looked for; else it goes on. */
  readonly isWanted: (text: string) => boolean;
}

/** Resolves with the text that was wanted; `undefined` when `signal` aborts first. */
export async function scanVideo(options: ScanVideoOptions): Promise<string | undefined> {
  const { video, reader, signal, isWanted } = options;
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return undefined;
  while (!signal.aborted) {
    await nextFrame(video, signal);
    if (signal.aborted || video.videoWidth === 0) continue;
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    context.drawImage(video, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    const text = await reader.read(pixels, 'frame');
    if (!signal.aborted && text !== undefined && isWanted(text)) return text;
  }
  return undefined;
}

/** A hidden page gets no frames, and reads none. */
function nextFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const onAbort = (): void => {
      video.cancelVideoFrameCallback(number);
      resolve();
    };
    const number = video.requestVideoFrameCallback(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
