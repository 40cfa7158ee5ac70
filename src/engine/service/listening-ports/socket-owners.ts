/**
 * Which process holds a socket (Linux): looks through the descriptors of one user's processes.
 *
 * Invariant: at most LISTENING_READS_AT_ONCE reads wait at once, and the event loop turns between
 * them however many processes and descriptors there are; a process that ends meanwhile, or may not
 * be read, is no error.
 */
import { opendir, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LISTENING_READS_AT_ONCE } from '../../../shared/limits.ts';
import { processName, type ListeningProcess } from './listening-port.ts';

export interface ProcFolder {
  /** `/proc`. */
  readonly path: string;
  /** Whose processes are looked at. */
  readonly uid: number;
}

const SOCKET = /^socket:\[(\d+)\]$/;
/** What Node calls its main thread since version 23; Linux shows it as the name of the process. */
const THREAD_NAMES = new Set(['MainThread', 'node-MainThread']);

/**
 * The holder of each of `inodes`, as far as one is found: the process with the lowest id, so usually
 * the one that began to listen rather than a child that was given the socket. Looks no further once
 * all are found.
 */
export async function findOwners(
  inodes: Iterable<string>,
  proc: ProcFolder,
  signal?: AbortSignal,
): Promise<Map<string, ListeningProcess>> {
  const missing = new Set(inodes);
  const owners = new Map<string, ListeningProcess>();
  for await (const pids of batches(await processIds(proc))) {
    for (const pid of await ownOnes(pids, proc)) {
      if (missing.size === 0) return owners;
      signal?.throwIfAborted();
      const held = await heldSockets(join(proc.path, String(pid)), missing);
      const name = held.length > 0 ? await nameOf(join(proc.path, String(pid))) : undefined;
      if (name === undefined) continue;
      for (const inode of held) {
        missing.delete(inode);
        owners.set(inode, { name, pid });
      }
    }
  }
  return owners;
}

async function processIds(proc: ProcFolder): Promise<number[]> {
  const entries = await readdir(proc.path);
  return entries
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .toSorted((a, b) => a - b);
}

async function ownOnes(pids: readonly number[], proc: ProcFolder): Promise<number[]> {
  const uids = await Promise.all(
    pids.map(async (pid) => orUndefined(stat(join(proc.path, String(pid))))),
  );
  return pids.filter((_pid, index) => uids[index]?.uid === proc.uid);
}

/** Which of `wanted` the process in `folder` holds. */
async function heldSockets(folder: string, wanted: ReadonlySet<string>): Promise<string[]> {
  const descriptors = join(folder, 'fd');
  const held: string[] = [];
  try {
    const entries = await opendir(descriptors, { bufferSize: LISTENING_READS_AT_ONCE });
    for await (const batch of batches(entries)) {
      const links = await Promise.all(
        batch.map(async ({ name }) => orUndefined(readlink(join(descriptors, name)))),
      );
      const inodes = links.map((link) => SOCKET.exec(link ?? '')?.[1] ?? '');
      held.push(...inodes.filter((inode) => wanted.has(inode)));
      if (held.length >= wanted.size) break;
    }
  } catch {
    // It has ended, or hides its descriptors: what was found before that is still true.
  }
  return held;
}

/** The name of the process in `folder`; `undefined` when it has ended. */
async function nameOf(folder: string): Promise<string | undefined> {
  const comm = await orUndefined(readFile(join(folder, 'comm'), 'utf8'));
  const name = comm?.trimEnd();
  if (name === undefined || !THREAD_NAMES.has(name)) return name && processName(name);
  const program = await orUndefined(readlink(join(folder, 'exe')));
  return processName(basename(program ?? name));
}

async function orUndefined<T>(read: Promise<T>): Promise<T | undefined> {
  return read.catch(() => undefined);
}

async function* batches<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < LISTENING_READS_AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}
