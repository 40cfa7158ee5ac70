/**
 * A TCP port of this computer that somebody listens on, and which of many are told.
 *
 * Invariant: what `selectPorts` returns has each port once, in order, and is bounded in count; a name
 * from `processName` is one bounded line that cannot turn the text around it.
 */
import { LISTENING_PORTS_MAX, PROCESS_NAME_BYTES_MAX } from '../../../shared/limits.ts';
import { printable } from '../../../shared/printable.ts';
import { isPort } from '../../../shared/target.ts';
import { cutName } from '../../pairing/device-name.ts';
import { distance } from './listen-address.ts';

export interface ListeningProcess {
  /** As the system calls it: `node`, `java`. Made printable; may be empty. */
  readonly name: string;
  readonly pid: number;
}

export interface ListeningPort {
  /** 1 to 65535. */
  readonly port: number;
  /** As listened on: `127.0.0.1`, `0.0.0.0`, `::1`, `::`, `192.168.1.5`, `fe80::1%en0`. */
  readonly address: string;
  /** `null` where the system does not tell: the process has ended, or hides its descriptors. */
  readonly process: ListeningProcess | null;
}

/** What is asked of a system's reader. */
export interface PortQuery {
  /** Ports that are left out: Porthole's own. */
  readonly except: ReadonlySet<number>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One of `found` for each port, by port, at most LISTENING_PORTS_MAX, without those of `except`. Of
 * several addresses of a port the one is taken that a connection to loopback reaches (see
 * `distance`), of several listeners at one address the first.
 */
export function selectPorts<T extends Pick<ListeningPort, 'port' | 'address'>>(
  found: readonly T[],
  except: ReadonlySet<number>,
): T[] {
  const nearest = new Map<number, T>();
  for (const each of found) {
    if (!isPort(each.port) || except.has(each.port)) continue;
    const known = nearest.get(each.port);
    if (known === undefined || distance(each.address) < distance(known.address)) {
      nearest.set(each.port, each);
    }
  }
  return [...nearest.values()].toSorted((a, b) => a.port - b.port).slice(0, LISTENING_PORTS_MAX);
}

/** The name of a process, which any program gives itself, fit to be shown. */
export function processName(raw: string): string {
  return cutName(printable(raw), PROCESS_NAME_BYTES_MAX);
}
