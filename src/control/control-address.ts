/**
 * Where the control socket of a data folder listens, and the state a place must be in for that.
 *
 * Invariant: a Unix socket stands only in a folder that nobody but this user may look into; what
 * somebody else put in its place is neither followed nor used.
 */
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { portholeError, toError } from '../shared/errors.ts';
import type { PortholeError } from '../shared/errors.ts';
import { CONTROL_PATH_BYTES_MAX } from '../shared/limits.ts';

const SOCKET_NAME = 'control.sock';
const PRIVATE_FOLDER = 0o700;
const PRIVATE_SOCKET = 0o600;
const OTHERS = 0o077;

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  /** Of this user; `undefined` where there are none (Windows). */
  readonly uid: number | undefined;
  /** Folders for a socket whose path would be too long, best first. */
  readonly temporaryFolders: readonly string[];
}

export function ownSurroundings(): Surroundings {
  const runtime = process.env['XDG_RUNTIME_DIR'] ?? '';
  return {
    platform: process.platform,
    uid: process.getuid?.(),
    temporaryFolders: [...(isAbsolute(runtime) ? [runtime] : []), tmpdir(), '/tmp'],
  };
}

/**
 * The addresses that may serve for `dataDir` (absolute), best first: a Unix socket in it, or when
 * that path is too long in a folder of this user's own below a temporary one; on Windows a pipe.
 */
export function addressesOf(dataDir: string, surroundings: Surroundings): readonly string[] {
  const { platform, uid, temporaryFolders } = surroundings;
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 32);
  if (platform === 'win32') return [`\\\\.\\pipe\\porthole-${hash}`];
  const inside = join(dataDir, SOCKET_NAME);
  if (isShort(inside)) return [inside];
  const folders = new Set(temporaryFolders);
  return [...folders]
    .map((folder) => join(folder, `porthole-${uid ?? 0}`, `${hash}.sock`))
    .filter(isShort);
}

function isShort(path: string): boolean {
  return Buffer.byteLength(path) <= CONTROL_PATH_BYTES_MAX;
}

/**
 * Makes `folder` unless it is there. Throws `E_CONTROL_SOCKET` unless it is a folder, no link to one,
 * that belongs to `uid` and that nobody else may look into.
 */
export function requireOwnFolder(folder: string, uid: number | undefined): void {
  try {
    mkdirSync(folder, { mode: PRIVATE_FOLDER });
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw socketError(folder, cause);
    requireOwn(folder, lstatSync(folder), uid);
  }
}

function requireOwn(folder: string, stats: Stats, uid: number | undefined): void {
  if (!stats.isDirectory()) throw socketError(folder, new Error('it is not a folder'));
  if (stats.uid !== uid) throw socketError(folder, new Error('it belongs to another user'));
  if ((stats.mode & OTHERS) === 0) return;
  throw socketError(folder, new Error('others on this computer can look into it'));
}

/**
 * Removes what a process that is gone left at `path`: its socket, or a link, which is not followed.
 * Throws `E_CONTROL_SOCKET` for anything else.
 */
export function removeStaleSocket(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket() && !stats.isSymbolicLink()) {
    throw socketError(path, new Error('it is not a socket'));
  }
  try {
    unlinkSync(path);
  } catch (cause) {
    throw socketError(path, cause);
  }
}

/** Whatever the umask left of the mode of a socket in a folder of this user's own. */
export function makeSocketPrivate(path: string): void {
  chmodSync(path, PRIVATE_SOCKET);
}

export function socketError(path: string, thrown: unknown): PortholeError {
  const cause = toError(thrown);
  return portholeError(
    'E_CONTROL_SOCKET',
    { path, reason: codeOf(thrown) ?? cause.message },
    { cause },
  );
}

/** The code of a system error. */
function codeOf(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException).code;
}
