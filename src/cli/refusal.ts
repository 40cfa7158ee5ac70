/**
 * What `join` says of a connection that the other computer turned down. The sentences of the error
 * table are written for the computer of the target; these are for the one that asked.
 */
import type { ErrorCode } from '../shared/errors.ts';

const NEXT = 'The next connection tries again.';

/** `{port}` is the other computer's port. */
const SENTENCES: Partial<Record<ErrorCode, string>> = {
  E_TARGET_REFUSED: `Nothing answers on {port}. Start the app there. ${NEXT}`,
  E_TARGET_TIMEOUT: `What {port} leads to did not answer in time. ${NEXT}`,
  E_TARGET_UNRESOLVED: `The other computer cannot resolve the name that {port} leads to. ${NEXT}`,
  E_TARGET_UNREACHABLE: `The other computer cannot reach what {port} leads to. ${NEXT}`,
  E_SOCKET_LIMIT: 'Too many connections to the other computer are open. Close some and try again.',
  E_NOT_ALLOWED: 'The other computer does not share that any more.',
};

/** The sentence for a refusal; `ports` are those the other computer shares. */
export function refusalSentence(code: ErrorCode, ports: ReadonlySet<number>): string {
  const sentence = SENTENCES[code] ?? `The other computer ended a connection (${code}).`;
  return sentence.replace('{port}', `the other computer’s port ${[...ports].join(' or ')}`);
}
