/**
 * Listening ports on macOS, from lsof, which is part of the system.
 */
import { selectPorts, type ListeningPort, type PortQuery } from './listening-port.ts';
import { parseLsof } from './lsof-output.ts';
import { runTool } from './run-tool.ts';

interface Lsof {
  readonly path: string;
  readonly uid: number;
}

/** The ports that processes of `lsof.uid` listen on. `E_PORTS_UNREADABLE` where lsof fails. */
export async function macosPorts(
  { except, signal }: PortQuery,
  lsof: Lsof = { path: '/usr/sbin/lsof', uid: process.geteuid?.() ?? -1 },
): Promise<ListeningPort[]> {
  const output = await runTool({
    path: lsof.path,
    args: lsofArguments(lsof.uid),
    // The bytes of names then come out the same in every language.
    env: { LC_ALL: 'C' },
    silentFailure: 'nothing-found',
    signal,
  });
  return selectPorts(parseLsof(output), except);
}

/** No warnings, no names for numbers, whole command names; listening TCP sockets AND this user's. */
function lsofArguments(uid: number): string[] {
  const listening = ['-iTCP', '-sTCP:LISTEN'];
  return ['-w', '-nP', '+c', '0', ...listening, '-a', '-u', String(uid), '-F', 'pctn'];
}
