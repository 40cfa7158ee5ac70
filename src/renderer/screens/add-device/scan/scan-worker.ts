/// <reference lib="webworker" />
/** Reads QR codes beside the page, so that typing stays smooth while a camera runs. */
import { readQr } from './read-qr.ts';
import type { ScanAnswer, ScanRequest } from './scan-messages.ts';

addEventListener('message', ({ data }: MessageEvent<ScanRequest>) => {
  const text = readQr(data.pixels, data.care) ?? null;
  const answer: ScanAnswer = { number: data.number, text };
  postMessage(answer);
});
