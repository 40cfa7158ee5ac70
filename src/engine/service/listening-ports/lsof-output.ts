/**
 * Reads what `lsof -F pctn` prints: a line for each field, its letter first. `p` begins a process,
 * `c` is its name; `t` begins a file (IPv4 or IPv6), `n` is its address.
 */
import { parsePort } from '../../../shared/target.ts';
import { listenAddress } from './listen-address.ts';
import { processName, type ListeningPort, type ListeningProcess } from './listening-port.ts';

const WILDCARDS = new Map([
  ['IPv4', '0.0.0.0'],
  ['IPv6', '::'],
]);

/** All addresses that are listened on, in the order of `output`. Lines that are none are left out. */
export function parseLsof(output: string): ListeningPort[] {
  const found: ListeningPort[] = [];
  let process: ListeningProcess | null = null;
  let type = '';
  for (const line of output.split('\n')) {
    const field = line.slice(0, 1);
    const value = line.slice(1);
    if (field === 'p') process = parseProcess(value);
    else if (field === 'c') process = named(process, value);
    else if (field === 't') type = value;
    else if (field === 'n') found.push(...parseName(value, { type, process }));
  }
  return found;
}

function parseProcess(pid: string): ListeningProcess | null {
  return /^\d{1,10}$/.test(pid) ? { name: '', pid: Number(pid) } : null;
}

function named(process: ListeningProcess | null, command: string): ListeningProcess | null {
  return process && { pid: process.pid, name: unescape(command) };
}

/** `*:3000`, `127.0.0.1:3000`, `[::1]:3000`. */
function parseName(
  name: string,
  { type, process }: { type: string; process: ListeningProcess | null },
): ListeningPort[] {
  const [, bracketed, plain = '', digits = ''] =
    /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(name) ?? [];
  const address = plain === '*' ? WILDCARDS.get(type) : listenAddress(bracketed ?? plain);
  const port = parsePort(digits);
  return address === undefined || port === undefined ? [] : [{ port, address, process }];
}

/** lsof prints blanks, and in the C locale all bytes beyond ASCII, as `\xHH`. */
function unescape(command: string): string {
  return processName(
    command.replaceAll(/(?:\\x[0-9a-f]{2})+/g, (bytes) =>
      Buffer.from(bytes.replaceAll('\\x', ''), 'hex').toString('utf8'),
    ),
  );
}
