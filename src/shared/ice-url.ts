/**
 * The addresses of STUN and TURN servers as a person gives them: `stun:HOST[:PORT]` (RFC 7064) and
 * `turn:[USER[:PASSWORD]@]HOST[:PORT]` (RFC 7065 has no user; RFC 3986 writes it like this). In user
 * and password `%XX` stands for what would end them, so `:` in a user is `%3A`. Pure.
 *
 * Invariant: no text of a TURN server's address gets into an error: it can hold a password.
 */
import { portholeError } from './errors.ts';
import { isPort } from './target.ts';

export interface ServerAddress {
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** As a person gives it: user and password may come otherwise. */
export interface TurnAddress extends ServerAddress {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** Of STUN and of TURN over UDP (RFC 8489 §8.1, RFC 8656 §5). */
const DEFAULT_PORT = 3478;
const STUN = /^stun:(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i;
const TURN = /^turn:(?:([^\s:@]+)(?::([^\s@]+))?@)?(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i;

/** Throws E_USAGE with a sentence for anything that is no address of a STUN server. */
export function parseStunUrl(text: string): ServerAddress {
  const match = STUN.exec(text);
  const server = match === null ? undefined : serverOf(match[1], match[2]);
  if (server !== undefined) return server;
  const problem = `"${text}" is no address of a STUN server. Give stun:HOST or stun:HOST:PORT.`;
  throw portholeError('E_USAGE', { problem });
}

/** Returns `text`. Throws as `parseStunUrl`. */
export function requireStunUrl(text: string): string {
  parseStunUrl(text);
  return text;
}

/** `undefined` for anything that is no address of a TURN server. */
export function parseTurnUrl(text: string): TurnAddress | undefined {
  const match = TURN.exec(text);
  const server = match === null ? undefined : serverOf(match[3], match[4]);
  if (match === null || server === undefined) return undefined;
  try {
    const [username, password] = [match[1], match[2]].map((part) =>
      part === undefined ? undefined : decodeURIComponent(part),
    );
    return { ...server, username, password };
  } catch {
    return undefined;
  }
}

/**
 * Returns `text`, the address of a TURN server that was given as an argument. Throws E_USAGE, also
 * for one with a password: other users of this computer can read arguments.
 */
export function requireTurnArgument(text: string): string {
  const server = parseTurnUrl(text);
  if (server?.password !== undefined) throw portholeError('E_USAGE', { problem: NO_PASSWORD });
  if (server?.username !== undefined) return text;
  throw portholeError('E_USAGE', { problem: NO_TURN_SERVER });
}

const NO_PASSWORD =
  'A password in an argument can be read by everybody on this computer. Write the TURN server as turn:USER@HOST:PORT, put its password into a file that only you can read, and name that with --turn-password-file.';

const NO_TURN_SERVER =
  'This is no address of a TURN server. Give turn:USER@HOST or turn:USER@HOST:PORT, and the password with --turn-password-file.';

function serverOf(host = '', port = String(DEFAULT_PORT)): ServerAddress | undefined {
  if (!isPort(Number(port))) return undefined;
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}
