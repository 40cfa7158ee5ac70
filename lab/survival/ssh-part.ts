/** An SSH session with a command that runs, and a cable that is out meanwhile. */
import { canMakeFaults } from '../../test/support/lab/capability.ts';
import { linkDown } from '../../test/support/lab/faults.ts';
import { Lan } from '../../test/support/lab/places.ts';
import { startPairing } from '../../test/support/lab/scene.ts';
import type { Pairing } from '../../test/support/lab/scene.ts';
import { needs } from '../../test/support/programs.ts';
import type { LabOptions, LabPart, ReportSection } from '../part.ts';
import { SshServer } from './ssh-server.ts';
import { lasting } from '../../test/support/lab/time.ts';

/** Issue 4. */
const CUT_MS = 45_000;
const QUICK_CUT_MS = 2000;
const LINES_A_SECOND = 10;
/** Seconds the command runs before the cut, and behind it. */
const AROUND_S = 5;
/** What the session may take longer than its command. */
const LATE_MS = 120_000;

interface Session {
  /** `null`: ended by a signal, or not at all. */
  readonly status: number | null;
  readonly lines: number;
  /** The first line that is not the one behind the line before it. */
  readonly wrong: string | null;
  readonly words: string;
}

export const sshPart: LabPart = { name: 'survival-ssh', run: runSsh };

async function runSsh({ quick }: LabOptions): Promise<ReportSection> {
  const cutMs = quick ? QUICK_CUT_MS : CUT_MS;
  const lines = LINES_A_SECOND * (cutMs / 1000 + 2 * AROUND_S);
  const { can, note } = await canMakeSession();
  if (!can) return section({ cutMs, lines }, undefined, [`not tried${note}`]);
  const session = await sessionAt(await Lan.start(), { cutMs, lines });
  return section({ cutMs, lines }, session, violations(session, lines));
}

async function canMakeSession(): Promise<{ readonly can: boolean; readonly note: string }> {
  const { missing, note } = needs('sshd', 'ssh', 'ssh-keygen');
  return missing ? { can: false, note } : canMakeFaults();
}

interface Run {
  readonly cutMs: number;
  readonly lines: number;
}

/** Takes the place along. */
async function sessionAt(place: Lan, run: Run): Promise<Session> {
  const server = await SshServer.start(place.desk.network);
  let pairing: Pairing | undefined;
  try {
    pairing = await startPairing(place, server.port);
    return await runSession(server, pairing, run);
  } finally {
    await (pairing ?? place).stop();
    await server.stop();
  }
}

async function runSession(server: SshServer, pairing: Pairing, run: Run): Promise<Session> {
  const { cutMs, lines } = run;
  const line = `echo "{\\"event\\":\\"line\\",\\"number\\":$i}"`;
  const count = `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); ${line}; sleep ${1 / LINES_A_SECOND}; done`;
  const ssh = server.client(pairing.place.laptop.network, pairing.forwardPort, count);
  let [seen, wrong]: [number, string | null] = [0, null];
  const reading = (async (): Promise<void> => {
    while (seen < lines && wrong === null) {
      const { number } = await ssh.event('line', undefined, cutMs + LATE_MS);
      seen += 1;
      if (number !== seen) wrong = `line ${seen} is number ${String(number)}`;
    }
  })().catch(() => undefined);
  // The command runs; the cut is in its midst.
  await lasting(AROUND_S * 1000);
  const cut = linkDown(pairing.place.laptop);
  await cut.start();
  await lasting(cutMs);
  await cut.end();
  await reading;
  const { code } = await (wrong === null && seen === lines ? ssh.exited : ssh.stop('SIGKILL'));
  return { status: code, lines: seen, wrong, words: ssh.stderr.trim() };
}

function violations({ status, lines, wrong, words }: Session, wanted: number): readonly string[] {
  const said: string[] = [];
  if (status !== 0) said.push(`the session ended with ${String(status)}: ${words}`);
  if (lines !== wanted) said.push(`${lines} of ${wanted} lines came`);
  if (wrong !== null) said.push(wrong);
  return said;
}

function section(
  { cutMs, lines }: Run,
  seen: Session | undefined,
  broken: readonly string[],
): ReportSection {
  const row = {
    cutMs,
    linesWanted: lines,
    lines: seen?.lines ?? null,
    status: seen?.status ?? null,
    wrong: seen?.wrong ?? null,
  };
  return {
    title: 'An SSH session through a cable cut',
    text: `OpenSSH behind a share, its client at the forward, and a command that prints ${LINES_A_SECOND} numbered lines a second; the cable is out for ${cutMs / 1000} s. Wanted: every line once, in order, and the status of the command.`,
    tables: [
      {
        heads: ['cut', 'lines', 'of', 'status'],
        rows: [[`${cutMs / 1000} s`, String(row.lines), String(lines), String(row.status)]],
      },
    ],
    rows: [row],
    violations: broken,
  };
}
