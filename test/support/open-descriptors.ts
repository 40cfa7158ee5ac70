/** What this process has open, as the kernel counts it (Linux). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Descriptors of any kind. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** UDP sockets: every DataChannel that is open, or being opened, has one. */
export function udpSockets(): number {
  const udp = new Set(['udp', 'udp6'].flatMap(inodesIn));
  return readdirSync('/proc/self/fd').filter((fd) => udp.has(inodeOf(fd))).length;
}

/** See proc(5): the tenth column is the inode. */
function inodesIn(table: string): string[] {
  const [, ...rows] = readFileSync(`/proc/self/net/${table}`, 'utf8').trimEnd().split('\n');
  return rows.map((row) => row.trim().split(/\s+/)[9] ?? '');
}

function inodeOf(fd: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? '';
  } catch {
    // It was closed meanwhile, as the one that lists the folder is.
    return '';
  }
}
