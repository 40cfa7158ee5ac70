/** Waiting for Ctrl+C. */
import { toError } from '../shared/errors.ts';

/** Never resolves; rejects when the person ends the command. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => reject(toError(signal.reason));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
