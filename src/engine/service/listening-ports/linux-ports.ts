/**
 * Listening ports on Linux, from /proc: the kernel's tables of TCP sockets, joined with the
 * descriptors of processes.
 */
import { createReadStream } from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { portholeError, toError } from '../../../shared/errors.ts';
import { selectPorts, type ListeningPort, type PortQuery } from './listening-port.ts';
import { parseProcNetTcp, type ListeningSocket } from './proc-net-tcp.ts';
import { findOwners, type ProcFolder } from './socket-owners.ts';

/**
 * The ports that sockets of the user `proc.uid` listen on. `E_PORTS_UNREADABLE` where /proc cannot
 * be read.
 */
export async function linuxPorts(
  { except, signal }: PortQuery,
  proc: ProcFolder = { path: '/proc', uid: process.geteuid?.() ?? -1 },
): Promise<ListeningPort[]> {
  try {
    const sockets = [...(await readTable('tcp', proc)), ...(await readTable('tcp6', proc))];
    const selected = selectPorts(sockets, except);
    const inodes = selected.map(({ inode }) => inode);
    const owners = await findOwners(inodes, proc, signal);
    return selected.map(({ port, address, inode }) => ({
      port,
      address,
      process: owners.get(inode) ?? null,
    }));
  } catch (thrown) {
    signal?.throwIfAborted();
    const cause = toError(thrown);
    throw portholeError('E_PORTS_UNREADABLE', { reason: cause.message }, { cause });
  }
}

/**
 * In pieces, because the tables hold every connection of the computer too. There is no `tcp6` where
 * IPv6 is switched off.
 */
async function readTable(name: 'tcp' | 'tcp6', proc: ProcFolder): Promise<ListeningSocket[]> {
  const found: ListeningSocket[] = [];
  let rest = '';
  try {
    const table = createReadStream(join(proc.path, 'net', name), { encoding: 'latin1' });
    for await (const piece of table as AsyncIterable<string>) {
      const text = rest + piece;
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      const sockets = parseProcNetTcp(text.slice(0, end), endianness());
      found.push(...sockets.filter(({ uid }) => uid === proc.uid));
    }
  } catch (thrown) {
    if (name !== 'tcp6' || !isMissing(thrown)) throw thrown;
  }
  return found;
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}
