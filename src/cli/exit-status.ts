/** The exit status of a command: 0 done, 1 failed, 2 wrong usage. */
import type { ErrorCode } from '../shared/errors.ts';

export type ExitStatus = 0 | 1 | 2;

const WRONG_USAGE: ReadonlySet<ErrorCode> = new Set(['E_USAGE', 'E_TARGET_INVALID']);

export function exitStatusOf(code: ErrorCode): ExitStatus {
  return WRONG_USAGE.has(code) ? 2 : 1;
}
