/**
 * What two ends of a call say to each other, whatever carries it: JSON, one object a message, each
 * call under a number of the caller's choice.
 *
 *   caller: {"id":1,"call":"invite","params":{…}}  answerer: {"id":1,"event":…}          (any number)
 *   caller: {"id":1,"input":…}                     answerer: {"id":1,"wants":"input"}    (any number)
 *   caller: {"id":1,"cancel":true}                 answerer: {"id":1,"result":…}         (last)
 *                                                  answerer: {"id":1,"error":{"code","message"}} (last)
 *                                                  answerer: {"error":{…}}, then it hangs up
 *
 * Invariant: what a message says is checked before anything is done with it.
 */
import * as v from 'valibot';
import { CONTRACT } from '../contract.ts';
import type { CallName } from '../contract.ts';
import { ERRORS, portholeError, PortholeError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';

const id = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

export const RequestSchema = v.union([
  v.strictObject({ id, call: v.string(), params: v.unknown() }),
  v.strictObject({ id, input: v.unknown() }),
  v.strictObject({ id, cancel: v.literal(true) }),
]);
export type Request = v.InferOutput<typeof RequestSchema>;

const ErrorSchema = v.strictObject({ code: v.string(), message: v.string() });
type WireError = v.InferOutput<typeof ErrorSchema>;

/** The last message of an answerer that turns its caller away. */
export const RefusalSchema = v.strictObject({ error: ErrorSchema });

export const ReplySchema = v.union([
  v.strictObject({ id, event: v.unknown() }),
  v.strictObject({ id, wants: v.literal('input') }),
  v.strictObject({ id, result: v.unknown() }),
  v.strictObject({ id, error: ErrorSchema }),
  RefusalSchema,
]);
export type Reply = v.InferOutput<typeof ReplySchema>;

/** The message in a text; `undefined` when it is none of `schema`. */
export function parseMessage<Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
): v.InferOutput<Schema> | undefined {
  try {
    const { success, output } = v.safeParse(schema, JSON.parse(text));
    return success ? output : undefined;
  } catch {
    return undefined;
  }
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

/** The error as the other end threw it; one this version does not know becomes `E_CONTROL`. */
export function fromWire({ code, message }: WireError): PortholeError {
  if (Object.hasOwn(ERRORS, code)) return new PortholeError(code as ErrorCode, message);
  return misunderstood(`${code}: ${message}`);
}
