/**
 * Reads and replaces one file that only this user may use.
 *
 * Invariant: at every instant, killed or not, the file holds what it held before or all that is
 * written; the copy before it is kept as `NAME.last` where that is asked for.
 */
import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { type PortholeError, portholeError } from '../../shared/errors.ts';
import { DATA_FILE_BYTES_MAX } from '../../shared/limits.ts';
import type { FileSystem } from './file-system.ts';
import { errnoOf, removeIfThere } from './file-system.ts';
import { isOpenToOthers, isStrangers, openToOthers } from './ownership.ts';

/** `secret`: nobody else may read it, and it is no symbolic link. */
export type Privacy = 'secret' | 'plain';

export type FileReading =
  | { readonly kind: 'missing' }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** Larger than any file of ours. */
  | { readonly kind: 'too-large' }
  /** It is there and says nothing about its content. */
  | { readonly kind: 'unreadable'; readonly reason: string };

const FILE_MODE = 0o600;
// Windows knows neither flag.
const NO_LINK = constants.O_NOFOLLOW ?? 0;
/** Opening a named pipe must not wait for its writer. */
const NO_WAIT = constants.O_NONBLOCK ?? 0;

/** Reads at most DATA_FILE_BYTES_MAX. Throws `E_DATA_DIR_OPEN` for a secret that others can read. */
export function readPrivateFile(
  fileSystem: FileSystem,
  path: string,
  privacy: Privacy,
): FileReading {
  let file: number;
  try {
    const links = privacy === 'secret' ? NO_LINK : 0;
    file = fileSystem.openSync(path, constants.O_RDONLY | NO_WAIT | links);
  } catch (thrown) {
    const reason = errnoOf(thrown);
    return reason === 'ENOENT' ? { kind: 'missing' } : { kind: 'unreadable', reason };
  }
  try {
    return readOpenFile(fileSystem, file, { path, privacy });
  } finally {
    fileSystem.closeSync(file);
  }
}

interface Opened {
  readonly path: string;
  readonly privacy: Privacy;
}

function readOpenFile(fileSystem: FileSystem, file: number, opened: Opened): FileReading {
  const stat: Stats = fileSystem.fstatSync(file);
  if (!stat.isFile()) return { kind: 'unreadable', reason: 'it is no file' };
  if (isStrangers(stat)) return { kind: 'unreadable', reason: 'it belongs to another user' };
  if (opened.privacy === 'secret' && isOpenToOthers(stat)) throw openToOthers(opened.path, '600');
  if (stat.size > DATA_FILE_BYTES_MAX) return { kind: 'too-large' };
  try {
    return { kind: 'bytes', bytes: fileSystem.readFileSync(file) };
  } catch (thrown) {
    return { kind: 'unreadable', reason: errnoOf(thrown) };
  }
}

/** What happens to the version before. */
export type Previous = 'keep' | 'drop';

/**
 * Puts `bytes` in place of the file, on the disk before it returns. Throws `E_DATA_DIR`, and then
 * the file is what it was.
 */
export function replacePrivateFile(
  fileSystem: FileSystem,
  path: string,
  { bytes, previous }: { readonly bytes: Uint8Array; readonly previous: Previous },
): void {
  const fresh = `${path}.new`;
  try {
    // What a crash left, or what somebody put in the way.
    removeIfThere(fileSystem, fresh);
    writeFresh(fileSystem, fresh, bytes);
    if (previous === 'keep') keepPrevious(fileSystem, path);
    fileSystem.renameSync(fresh, path);
  } catch (cause) {
    discard(fileSystem, fresh);
    throw unwritable(path, cause);
  }
  flushFolder(fileSystem, dirname(path));
}

/** `E_DATA_DIR` for a file that could not be changed. */
export function unwritable(path: string, cause: unknown): PortholeError {
  return portholeError('E_DATA_DIR', { path: dirname(path), reason: errnoOf(cause) }, { cause });
}

function writeFresh(fileSystem: FileSystem, path: string, bytes: Uint8Array): void {
  if (bytes.length > DATA_FILE_BYTES_MAX) throw Object.assign(new Error(), { code: 'EFBIG' });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_LINK;
  const file = fileSystem.openSync(path, flags, FILE_MODE);
  try {
    for (let written = 0; written < bytes.length;) {
      written += fileSystem.writeSync(file, bytes, written);
    }
    fileSystem.fsyncSync(file);
  } finally {
    fileSystem.closeSync(file);
  }
}

/** The current version stays in place meanwhile, but on a file system without hard links. */
function keepPrevious(fileSystem: FileSystem, path: string): void {
  if (!isThere(fileSystem, path)) return;
  const last = `${path}.last`;
  removeIfThere(fileSystem, last);
  try {
    fileSystem.linkSync(path, last);
  } catch {
    fileSystem.renameSync(path, last);
  }
}

function isThere(fileSystem: FileSystem, path: string): boolean {
  try {
    fileSystem.closeSync(fileSystem.openSync(path, constants.O_RDONLY | NO_WAIT));
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return false;
    throw thrown;
  }
}

function discard(fileSystem: FileSystem, path: string): void {
  try {
    removeIfThere(fileSystem, path);
  } catch {
    // The next write removes it.
  }
}

/** Makes the rename outlast a power cut. Not every system can; the rename itself has happened. */
function flushFolder(fileSystem: FileSystem, folder: string): void {
  try {
    const handle = fileSystem.openSync(folder, constants.O_RDONLY);
    try {
      fileSystem.fsyncSync(handle);
    } finally {
      fileSystem.closeSync(handle);
    }
  } catch {
    // Windows cannot open a folder.
  }
}
