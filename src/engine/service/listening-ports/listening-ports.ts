/**
 * The TCP ports that this user's programs listen on: what the tray and the window offer to share.
 *
 * Invariant: nothing is connected to, and nothing is told of other users' ports, as far as the
 * system lets that be known (Linux and macOS by user id, root's own for root; Windows by session, see
 * windows-ports.ts).
 */
import { portholeError } from '../../../shared/errors.ts';
import { linuxPorts } from './linux-ports.ts';
import type { ListeningPort, PortQuery } from './listening-port.ts';
import { macosPorts } from './macos-ports.ts';
import { windowsPorts } from './windows-ports.ts';

type PortReaders = Partial<Record<NodeJS.Platform, (query: PortQuery) => Promise<ListeningPort[]>>>;

export interface ListeningPortsOptions {
  /** Ports to leave out: signaling, web UI, forwards. @default none */
  readonly except?: ReadonlySet<number>;
  readonly signal?: AbortSignal;
  /** @default process.platform */
  readonly platform?: NodeJS.Platform;
  /** @default those of Linux, macOS and Windows */
  readonly readers?: PortReaders;
}

const READERS: PortReaders = { linux: linuxPorts, darwin: macosPorts, win32: windowsPorts };

/**
 * One entry for each port, by port, at most LISTENING_PORTS_MAX. Where several addresses of a port
 * are listened on it is the one that a connection to loopback reaches. `E_PORTS_UNREADABLE` where
 * the system does not tell; the reason of `signal` when aborted.
 */
export async function listeningPorts(
  options: ListeningPortsOptions = {},
): Promise<ListeningPort[]> {
  const { except = new Set(), signal, platform = process.platform, readers = READERS } = options;
  signal?.throwIfAborted();
  const read = readers[platform];
  if (read === undefined) {
    throw portholeError('E_PORTS_UNREADABLE', { reason: `not possible on ${platform}` });
  }
  return read({ except, signal });
}
