/** What the operating system itself holds of a TCP connection (Linux, /proc/net/tcp). */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

interface Row {
  readonly local: number;
  readonly remote: number;
  readonly queued: number;
}

function parseRow(line: string): Row | undefined {
  const match =
    /^\s*\d+: [0-9A-F]{8}:([0-9A-F]{4}) [0-9A-F]{8}:([0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):([0-9A-F]{8})/.exec(
      line,
    );
  if (match === null) return undefined;
  const [local = 0, remote = 0, sending = 0, received = 0] = match
    .slice(1)
    .map((hex) => Number.parseInt(hex, 16));
  return { local, remote, queued: sending + received };
}

/**
 * Bytes that wait in the kernel for the connection of `socket`, at both of its ends on this
 * computer: sent and not yet taken over by the other end's kernel, or there and not yet read.
 */
export function heldByKernel(socket: Socket): number {
  const { localPort, remotePort } = socket;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map(parseRow)
    .filter((row) => row !== undefined)
    .filter(
      ({ local, remote }) =>
        (local === localPort && remote === remotePort) ||
        (local === remotePort && remote === localPort),
    )
    .reduce((sum, { queued }) => sum + queued, 0);
}
