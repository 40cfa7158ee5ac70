/** The data folder a person named: made if it is missing, and checked before anything starts. */
import { existsSync, mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { portholeError } from '../shared/errors.ts';

/** Only this user may look into it. */
const FOLDER_MODE = 0o700;

/** Throws `E_DATA_DIR` unless the folder can be written. This version keeps nothing in it. */
export function requireWritableFolder(path: string): void {
  try {
    makeFolder(resolve(path));
    rmdirSync(mkdtempSync(join(path, '.porthole-')));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw portholeError('E_DATA_DIR', { path: resolve(path), reason }, { cause });
  }
}

/** Not `recursive`: that never returns below a folder that takes none, such as /proc (Node 20). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path, { mode: FOLDER_MODE });
  } catch (cause) {
    // Another command may have just made it.
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  }
}
