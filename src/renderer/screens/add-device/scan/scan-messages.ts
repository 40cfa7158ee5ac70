/** What the page and the worker that reads QR codes say to each other. */
import type { Care, Pixels } from './read-qr.ts';

/** Answered once, in the order of asking. */
export interface ScanRequest {
  readonly number: number;
  readonly pixels: Pixels;
  readonly care: Care;
}

export interface ScanAnswer {
  readonly number: number;
  /** Null where no code was found. */
  readonly text: string | null;
}
