/**
 * The TURN servers of a person, from the settings and from arguments, with their passwords.
 *
 * Invariant: a password comes from a file that only this user can read, and leaves here in a Secret;
 * no error holds a part of it.
 */
import { portholeError } from '../../shared/errors.ts';
import { parseTurnUrl, requireTurnArgument } from '../../shared/ice-url.ts';
import { TURN_PASSWORD_CHARS_MAX } from '../../shared/limits.ts';
import type { TurnServer } from '../carrier/ice-server.ts';
import { Secret } from '../pairing/secret.ts';
import { realFileSystem } from './file-system.ts';
import { readPrivateFile } from './private-file.ts';

/** Servers as arguments name them: without a password, which is that of the file for all of them. */
export interface TurnArguments {
  /** `turn:USER@HOST:PORT`. */
  readonly urls: readonly string[];
  readonly passwordFile: string | undefined;
}

/** The servers of the settings. Throws E_USAGE for one without user, password and host. */
export function turnServersOf(settings: readonly Secret[]): TurnServer[] {
  return settings.map((secret) => {
    const server = parseTurnUrl(Buffer.from(secret.reveal()).toString('utf8'));
    const { username, password } = server ?? {};
    if (server === undefined || username === undefined || password === undefined) {
      throw portholeError('E_USAGE', { problem: BAD_SETTING });
    }
    return turnServer(server, username, new Secret(Buffer.from(password)));
  });
}

/**
 * The servers of the arguments. Throws E_USAGE, E_DATA_DIR_OPEN when others can read the file, and
 * E_DATA_FILE when it cannot be read.
 */
export function turnServersGiven({ urls, passwordFile }: TurnArguments): TurnServer[] {
  if (urls.length === 0 && passwordFile === undefined) return [];
  if (urls.length === 0 || passwordFile === undefined) {
    throw portholeError('E_USAGE', { problem: BELONG_TOGETHER });
  }
  const password = readPassword(passwordFile);
  return urls.map((url) => {
    const server = parseTurnUrl(requireTurnArgument(url));
    // requireTurnArgument() throws for what has none.
    return turnServer(server ?? { host: '', port: 0 }, server?.username ?? '', password);
  });
}

function turnServer(
  { host, port }: Pick<TurnServer, 'host' | 'port'>,
  username: string,
  password: Secret,
): TurnServer {
  return { kind: 'turn', host, port, username, password };
}

/** The first line of the file. */
function readPassword(path: string): Secret {
  const reading = readPrivateFile(realFileSystem, path, 'secret');
  if (reading.kind !== 'bytes') {
    const reason = reading.kind === 'unreadable' ? reading.reason : `it is ${reading.kind}`;
    throw portholeError('E_DATA_FILE', { path, reason });
  }
  const [line = ''] = Buffer.from(reading.bytes).toString('utf8').split(/\r?\n/, 1);
  if (line === '' || line.length > TURN_PASSWORD_CHARS_MAX) {
    throw portholeError('E_DATA_FILE', { path, reason: 'its first line is no password' });
  }
  return new Secret(Buffer.from(line));
}

const BAD_SETTING =
  'A "turn" entry of settings.json is no TURN server. Write turn:USER:PASSWORD@HOST:PORT, with %3A for ":" and %40 for "@" in user and password.';

const BELONG_TOGETHER =
  '--turn and --turn-password-file belong together: the address as turn:USER@HOST:PORT, and a file that only you can read, with the password in its first line.';
