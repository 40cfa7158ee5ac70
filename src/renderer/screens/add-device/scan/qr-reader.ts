/**
 * The page's end of the worker that reads QR codes.
 *
 * Invariant: every question is answered; when the worker fails or was closed, with `undefined`.
 */
import type { Care, Pixels } from './read-qr.ts';
import type { ScanAnswer, ScanRequest } from './scan-messages.ts';
// Vite makes the address of the built worker of it.
// oxlint-disable-next-line import/default
import workerUrl from './scan-worker.ts?worker&url';

type Answered = (text: string | undefined) => void;

export class QrReader {
  readonly #worker = new Worker(trusted(workerUrl), { type: 'module' });
  readonly #waiting = new Map<number, Answered>();
  #next = 1;
  #state: 'open' | 'closed' = 'open';

  constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<ScanAnswer>) =>
      this.#onAnswer(data),
    );
    this.#worker.addEventListener('error', () => this.close());
  }

  /** Takes the pixels away from the caller. */
  read(pixels: Pixels, care: Care): Promise<string | undefined> {
    if (this.#state === 'closed') return Promise.resolve(undefined);
    const request: ScanRequest = { number: this.#next++, pixels, care };
    return new Promise((resolve) => {
      this.#waiting.set(request.number, resolve);
      this.#worker.postMessage(request, [pixels.data.buffer as ArrayBuffer]);
    });
  }

  close(): void {
    this.#state = 'closed';
    this.#worker.terminate();
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }

  #onAnswer({ number, text }: ScanAnswer): void {
    const resolve = this.#waiting.get(number);
    this.#waiting.delete(number);
    resolve?.(text ?? undefined);
  }
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): unknown };
}

const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
/** Knows one address, that of the worker which was built with the page. */
const policy = trustedTypes?.createPolicy('porthole-scan-worker', {
  createScriptURL: (url) => {
    if (url !== workerUrl) throw new TypeError('another script than the worker');
    return url;
  },
});

/** The page's content security policy takes no bare address of a script (Trusted Types). */
function trusted(url: string): string {
  return (policy?.createScriptURL(url) ?? url) as string;
}
