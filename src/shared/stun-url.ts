/**
 * The address of a STUN server as a person gives it: `stun:HOST` or `stun:HOST:PORT` (RFC 7064).
 *
 * Invariant: what is accepted is the one spelling the library takes; others can end the process there.
 */
import { portholeError } from './errors.ts';
import { isPort } from './target.ts';

const SHAPE = /^stun:(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i;

/** Returns `text`. Throws E_USAGE with a sentence for anything that is no address of a STUN server. */
export function requireStunUrl(text: string): string {
  const match = SHAPE.exec(text);
  const port = match?.[1];
  if (match !== null && (port === undefined || isPort(Number(port)))) return text;
  const problem = `"${text}" is no address of a STUN server. Give stun:HOST or stun:HOST:PORT.`;
  throw portholeError('E_USAGE', { problem });
}
