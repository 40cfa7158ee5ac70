/**
 * The folder Porthole keeps everything in: where it is, and that only this user can use it.
 *
 * Invariant: a folder that others can look into is refused, not used and not silently changed; only
 * an empty one of this user is closed to others, so that one made for this purpose just works.
 */
import * as fs from 'node:fs';
import type { Stats } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, posix, resolve, win32 } from 'node:path';
import { PortholeError, portholeError } from '../../shared/errors.ts';
import { errnoOf } from './file-system.ts';
import { isOpenToOthers, isOurs, isStrangers, openToOthers } from './ownership.ts';

/** Only this user may look into it. */
const FOLDER_MODE = 0o700;
/** Set on folders made for everybody, such as /tmp: nobody should be told to close those. */
const STICKY = 0o1000;

/** The data folder of a person who named none. */
export function defaultDataDir(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (platform === 'win32') {
    const local = env['LOCALAPPDATA'] ?? win32.join(homedir(), 'AppData', 'Local');
    return win32.join(local, 'Porthole');
  }
  const home = env['HOME'] ?? homedir();
  if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support', 'Porthole');
  // A relative path there must be ignored (XDG Base Directory Specification 0.8).
  const state = env['XDG_STATE_HOME'] ?? '';
  return posix.join(posix.isAbsolute(state) ? state : posix.join(home, '.local/state'), 'porthole');
}

/**
 * Makes the folder if it is missing, and returns its absolute path. Throws `E_DATA_DIR` when it
 * cannot be written or is another's, `E_DATA_DIR_OPEN` when others can use it.
 */
export function requireDataFolder(path: string): string {
  const folder = resolve(path);
  guarded(folder, () => {
    makeFolder(folder);
    if (checkOwner(folder) === 'open') closeToOthers(folder);
    fs.rmdirSync(fs.mkdtempSync(join(folder, '.porthole-')));
  });
  return folder;
}

/** Checks a folder as `requireDataFolder` does, but makes and changes nothing; it may be missing. */
export function inspectDataFolder(path: string): string {
  const folder = resolve(path);
  guarded(folder, () => {
    if (!fs.existsSync(folder)) return;
    if (checkOwner(folder) === 'open' && !isEmpty(folder)) throw openToOthers(folder, '700');
  });
  return folder;
}

function guarded(folder: string, act: () => void): void {
  try {
    act();
  } catch (cause) {
    if (cause instanceof PortholeError) throw cause;
    throw portholeError('E_DATA_DIR', { path: folder, reason: errnoOf(cause) }, { cause });
  }
}

function checkOwner(folder: string): 'closed' | 'open' {
  const stat = fs.lstatSync(folder);
  if (stat.isSymbolicLink()) throw unusable(folder, 'it is a symbolic link');
  if (!stat.isDirectory()) throw unusable(folder, 'ENOTDIR');
  if (isStrangers(stat)) throw unusable(folder, 'it belongs to another user');
  if (!isOpenToOthers(stat)) return 'closed';
  if (isForEverybody(stat)) throw unusable(folder, 'it is not yours alone');
  return 'open';
}

function isForEverybody(stat: Stats): boolean {
  return !isOurs(stat) || (stat.mode & STICKY) !== 0;
}

function closeToOthers(folder: string): void {
  if (!isEmpty(folder)) throw openToOthers(folder, '700');
  fs.chmodSync(folder, FOLDER_MODE);
  // Somebody may have put something there before it was closed.
  if (!isEmpty(folder)) throw unusable(folder, 'others just wrote to it');
}

function isEmpty(folder: string): boolean {
  return fs.readdirSync(folder).length === 0;
}

function unusable(path: string, reason: string): PortholeError {
  return portholeError('E_DATA_DIR', { path, reason });
}

/** Not `recursive`: that never returns below a folder that takes none, such as /proc (Node 20). */
function makeFolder(path: string): void {
  if (fs.existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    fs.mkdirSync(path, { mode: FOLDER_MODE });
  } catch (cause) {
    // Another command may have just made it.
    if (errnoOf(cause) !== 'EEXIST') throw cause;
  }
}
