/**
 * Reads rows of /proc/net/tcp and /proc/net/tcp6 (proc_pid_net(5)).
 */
import { listenAddress } from './listen-address.ts';

export interface ListeningSocket {
  readonly port: number;
  readonly address: string;
  readonly uid: number;
  /** Decimal, as in the link `socket:[INODE]`. */
  readonly inode: string;
}

export type Endianness = 'LE' | 'BE';

// sl, local address and port, remote ones, state 0A (TCP_LISTEN), queues, timer, retransmits, uid,
// timeout, inode.
const ROW =
  /^ *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:[0-9A-F]+ [0-9A-F]+ +(\d{1,10}) +\d+ +(\d{1,20})\b/;

/** The sockets of `table` (whole lines) that listen. Lines that say something else are left out. */
export function parseProcNetTcp(table: string, endianness: Endianness): ListeningSocket[] {
  return table.split('\n').flatMap((line) => parseRow(line, endianness));
}

function parseRow(line: string, endianness: Endianness): ListeningSocket[] {
  const [row, words, port, uid, inode] = ROW.exec(line) ?? [];
  if (row === undefined || words === undefined || inode === undefined) return [];
  const address = parseWords(words, endianness);
  if (address === undefined) return [];
  return [{ port: Number.parseInt(port ?? '', 16), address, uid: Number(uid), inode }];
}

/** The kernel prints an address as 32-bit words in the byte order of the machine. */
function parseWords(words: string, endianness: Endianness): string | undefined {
  const bytes = Buffer.from(words, 'hex');
  if (endianness === 'LE') bytes.swap32();
  if (bytes.length === 4) return listenAddress(bytes.join('.'));
  return listenAddress(bytes.toString('hex').replaceAll(/(.{4})(?!$)/g, '$1:'));
}
