/** For calls that tell nothing and take nothing meanwhile. */

interface QuietTalk {
  readonly signal: AbortSignal;
  emit(): void;
  nextInput(): Promise<never>;
}

/** Its signal never aborts. */
export function quietTalk(): QuietTalk {
  return {
    signal: new AbortController().signal,
    emit: () => undefined,
    nextInput: () => Promise.reject(new Error('nothing is asked')),
  };
}
