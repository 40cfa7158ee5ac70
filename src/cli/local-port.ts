/** The local port a person asked for with an option. */
import { portholeError } from '../shared/errors.ts';
import { parsePort } from '../shared/target.ts';

/** `null` lets Porthole choose. Throws E_USAGE for what is no port. */
export function parseLocal(text: string | undefined, option = '--local'): number | null {
  if (text === undefined) return null;
  const port = parsePort(text);
  if (port !== undefined) return port;
  const problem = `${option} takes a port from 1 to 65535, not "${text}".`;
  throw portholeError('E_USAGE', { problem });
}
