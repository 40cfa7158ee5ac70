/**
 * What goes over the control socket: one message a line. A client greets with a nonce, the process
 * that listens proves that it knows the token, then the client shows the token; from there on calls
 * (shared/calls/messages.ts).
 *
 *   client: {"nonce":"…"}                          server: {"proof":"…"}
 *   client: {"token":"…"}
 *
 * Invariant: the token is shown only to a process that knows it already, and compared in constant
 * time.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';

const secretText = v.pipe(v.string(), v.regex(/^[\w-]{22,64}$/));

export const NonceSchema = v.strictObject({ nonce: secretText });
export const ProofSchema = v.strictObject({ proof: secretText });
export const TokenSchema = v.strictObject({ token: secretText });

/** What shows that this process knows the token, to a client that sent `nonce`. */
export function proofOf(token: string, nonce: string): string {
  return createHmac('sha256', token).update(`porthole/control/1\0${nonce}`).digest('base64url');
}

/** Compares two secret texts in a time that tells nothing but their length. */
export function isSameSecret(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
