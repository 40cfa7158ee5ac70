/**
 * The lock of a data folder: one process writes there. It is a file that names its process, so it
 * is free as soon as that process is gone, however it ended.
 *
 * Invariant: a lock file appears whole (by hard link or rename). The one of a live process is
 * touched by that process alone; the one of a dead process by whoever holds the lock named after
 * it, `NAME.TOKEN`, which is taken in the same way. So of all the processes that find a dead one's
 * lock, one at a time may replace it, and it looks again before it does: a token never comes back.
 */
import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { portholeError } from '../../shared/errors.ts';
import { errnoOf, realFileSystem, removeIfThere } from './file-system.ts';
import { parseJson } from './json.ts';
import { unwritable } from './private-file.ts';
import { isRunning, markOfThisProcess } from './process-life.ts';

/** Held until `release()` or the end of the process. */
export interface FolderLock {
  /** Once more does nothing. */
  release(): void;
}

const LOCK_NAME = 'lock';
const FILE_MODE = 0o600;
const TOKEN_CHARS = 16;

const HolderSchema = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  startedAt: v.string(),
});

/** What is at the path of a lock. A token belongs to one holder's files, and to no other's. */
type Seen =
  | { readonly kind: 'free' }
  | { readonly kind: 'live'; readonly token: string; readonly pid: number }
  | { readonly kind: 'dead'; readonly token: string }
  /** A power cut lost its content: no live process has such a file. */
  | { readonly kind: 'damaged'; readonly token: string };

/** Who asks for a lock. */
interface Claimant {
  readonly content: string;
  /** Where its files are written before they appear. */
  readonly draft: string;
}

/**
 * Takes the lock of a folder. Throws `E_DATA_DIR_IN_USE` while another process, or this one, holds
 * it, and `E_DATA_DIR` when no file can be made there.
 */
export function lockFolder(folder: string): FolderLock {
  const path = join(folder, LOCK_NAME);
  const nonce = randomBytes(TOKEN_CHARS / 2).toString('hex');
  const content = JSON.stringify({ ...markOfThisProcess(), nonce });
  const pid = takeLock(path, { content, draft: `${path}.${nonce}.new` });
  if (pid !== undefined) throw portholeError('E_DATA_DIR_IN_USE', { pid, path: folder });
  const token = tokenOf(Buffer.from(content));
  return {
    release() {
      if (isHeldBy(path, token)) removeIfThere(realFileSystem, path);
    },
  };
}

function takeLock(path: string, claimant: Claimant): number | undefined {
  try {
    const pid = take(path, claimant);
    if (pid === undefined) sweep(path);
    return pid;
  } catch (cause) {
    throw unwritable(path, cause);
  } finally {
    fs.rmSync(claimant.draft, { force: true });
  }
}

/** Returns the process that has the lock, or `undefined` when it is the claimant's. */
function take(path: string, claimant: Claimant): number | undefined {
  for (;;) {
    if (tryCreate(path, claimant)) return undefined;
    const seen = look(path);
    if (seen.kind === 'live') return seen.pid;
    if (seen.kind === 'free') continue;
    const rival = take(`${path}.${seen.token}`, claimant);
    if (rival === undefined) {
      if (replaceClaimed(path, claimant, seen.token)) return undefined;
    } else if (isHeldBy(path, seen.token)) return rival;
  }
}

function tryCreate(path: string, { content, draft }: Claimant): boolean {
  fs.writeFileSync(draft, content, { mode: FILE_MODE });
  try {
    fs.linkSync(draft, path);
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw thrown;
    return false;
  } finally {
    // A file of its own for each name: a rename between two links to one does nothing (POSIX).
    fs.rmSync(draft);
  }
}

/** For whoever holds the lock named after `token`; gives it back. */
function replaceClaimed(path: string, { content, draft }: Claimant, token: string): boolean {
  try {
    if (!isHeldBy(path, token)) return false;
    fs.writeFileSync(draft, content, { mode: FILE_MODE });
    fs.renameSync(draft, path);
    return true;
  } finally {
    removeIfThere(realFileSystem, `${path}.${token}`);
  }
}

function isHeldBy(path: string, token: string): boolean {
  const seen = look(path);
  return seen.kind !== 'free' && seen.token === token;
}

function look(path: string): Seen {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(path);
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return { kind: 'free' };
    throw thrown;
  }
  const token = tokenOf(bytes);
  const holder = v.safeParse(HolderSchema, parseJson(bytes));
  if (!holder.success) return { kind: 'damaged', token };
  if (!isRunning(holder.output)) return { kind: 'dead', token };
  return { kind: 'live', token, pid: holder.output.pid };
}

function tokenOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, TOKEN_CHARS);
}

/** Removes what processes left that were killed in here. For the holder of the lock. */
function sweep(path: string): void {
  for (const name of fs.readdirSync(dirname(path))) {
    const left = join(dirname(path), name);
    if (!name.startsWith(`${basename(path)}.`)) continue;
    // Not the damaged ones: a live process may be writing its draft.
    if (look(left).kind === 'dead') removeIfThere(realFileSystem, left);
  }
}
