/**
 * What goes over the control socket: JSON, one object a line. A client greets with a nonce, the
 * process that listens proves that it knows the token, then the client shows the token; from there
 * on calls of the contract, each under a number of the client's choice.
 *
 *   client: {"nonce":"…"}                          server: {"proof":"…"}
 *   client: {"token":"…"}
 *   client: {"id":1,"call":"invite","params":{…}}  server: {"id":1,"event":…}          (any number)
 *   client: {"id":1,"input":…}                     server: {"id":1,"wants":"input"}    (any number)
 *   client: {"id":1,"cancel":true}                 server: {"id":1,"result":…}         (last)
 *                                                  server: {"id":1,"error":{"code","message"}} (last)
 *                                                  server: {"error":{…}}, then it hangs up
 *
 * Invariant: what a line says is checked before anything is done with it; the token is shown only to
 * a process that knows it already, and compared in constant time.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import { CONTRACT } from '../shared/contract.ts';
import type { CallName } from '../shared/contract.ts';
import { ERRORS, portholeError, PortholeError } from '../shared/errors.ts';
import type { ErrorCode } from '../shared/errors.ts';

const id = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const secretText = v.pipe(v.string(), v.regex(/^[\w-]{22,64}$/));

export const NonceSchema = v.strictObject({ nonce: secretText });
export const ProofSchema = v.strictObject({ proof: secretText });
export const TokenSchema = v.strictObject({ token: secretText });

export const RequestSchema = v.union([
  v.strictObject({ id, call: v.string(), params: v.unknown() }),
  v.strictObject({ id, input: v.unknown() }),
  v.strictObject({ id, cancel: v.literal(true) }),
]);
export type Request = v.InferOutput<typeof RequestSchema>;

const ErrorSchema = v.strictObject({ code: v.string(), message: v.string() });
type WireError = v.InferOutput<typeof ErrorSchema>;

/** The last line of a server that turns its client away. */
export const RefusalSchema = v.strictObject({ error: ErrorSchema });

export const ReplySchema = v.union([
  v.strictObject({ id, event: v.unknown() }),
  v.strictObject({ id, wants: v.literal('input') }),
  v.strictObject({ id, result: v.unknown() }),
  v.strictObject({ id, error: ErrorSchema }),
  RefusalSchema,
]);
export type Reply = v.InferOutput<typeof ReplySchema>;

/** The message on a line; `undefined` when it is none of `schema`. */
export function parseLine<Schema extends v.GenericSchema>(
  schema: Schema,
  line: string,
): v.InferOutput<Schema> | undefined {
  try {
    const { success, output } = v.safeParse(schema, JSON.parse(line));
    return success ? output : undefined;
  } catch {
    return undefined;
  }
}

export function formatLine(message: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(message)}\n`;
}

/** What shows that this process knows the token, to a client that sent `nonce`. */
export function proofOf(token: string, nonce: string): string {
  return createHmac('sha256', token).update(`porthole/control/1\0${nonce}`).digest('base64url');
}

/** Compares two secret texts in a time that tells nothing but their length. */
export function isSameSecret(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Whether the contract has a call of this name. */
export function isCallName(name: string): name is CallName {
  return Object.hasOwn(CONTRACT, name);
}

type Part = 'params' | 'event' | 'input' | 'result';

/** Checks one part of a call against the contract; throws `E_CONTROL` when it does not fit. */
export function checkPart<Name extends CallName, Which extends Part>(
  name: Name,
  which: Which,
  value: unknown,
): v.InferOutput<(typeof CONTRACT)[Name][Which]> {
  const schema: v.GenericSchema = CONTRACT[name][which];
  const { success, output, issues } = v.safeParse(schema, value);
  if (success) return output as v.InferOutput<(typeof CONTRACT)[Name][Which]>;
  // The place only: a value can be a secret.
  const place = [name, which, v.getDotPath(issues[0])].filter((part) => part !== null).join('.');
  throw misunderstood(`unexpected ${place}`);
}

export function misunderstood(reason: string): PortholeError {
  return portholeError('E_CONTROL', { reason });
}

export function toWire({ code, message }: PortholeError): WireError {
  return { code, message };
}

/** The error as the other process threw it; one this version does not know becomes `E_CONTROL`. */
export function fromWire({ code, message }: WireError): PortholeError {
  if (Object.hasOwn(ERRORS, code)) return new PortholeError(code as ErrorCode, message);
  return misunderstood(`${code}: ${message}`);
}
