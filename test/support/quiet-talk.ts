/** The talk of a caller who hears nothing, says nothing and waits for ever, but for what a test changes. */
import type { CallTalk } from '../../src/shared/calls/api.ts';
import type { CallName } from '../../src/shared/contract.ts';

export function quietTalk<Name extends CallName>(
  changes: Partial<CallTalk<Name>> = {},
): CallTalk<Name> {
  const { signal } = new AbortController();
  return { signal, emit: nothing, nextInput: never, ...changes };
}

function nothing(): void {
  // Nobody listens.
}

function never(): Promise<never> {
  return new Promise(() => {});
}
