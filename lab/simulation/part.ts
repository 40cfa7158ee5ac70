/**
 * The simulation of the engine core in virtual time (`test/simulation`), with many seeds.
 *
 * Invariant: a run that printed no summary has not met what is asked for.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LabOptions, LabPart, ReportSection } from '../part.ts';

const SEEDS = 100_000;
/** As many as the tests of every change run. */
const QUICK_SEEDS = 2000;
const PROGRAM = fileURLToPath(new URL('../../test/simulation/run.ts', import.meta.url));
/** The last line of the program. */
const FAILING = /^(\d+) failing seeds$/;

const TEXT = `\`npm run sim\` runs the engine core of two or three devices in virtual time. Each seed draws a \
network (delay, reordering, repeated messages, rate), applications (slow, stalled and aborting ones) \
and faults: cuts one or both ways, broken carriers of which one end hears late or never, crashes, \
stops, sleep, lost or dead signaling, both calling at once, carriers added and replaced, strangers.

After each run these must hold: what arrives is a prefix of what was sent, and all of it at a clean \
end; no connection is reset unless a process was started anew or the two were apart for the hold; \
silence on a link in use is noticed within five seconds; everything goes on within 30 s of the last \
fault; nothing is dialed before authentication; nothing is kept, open or running at the end; the same \
seed gives the same trace. A failing seed prints the line that replays it. Every change is tested with \
2,000 seeds, and ten planted mistakes must each be found within them (\`test/simulation/planted\`).`;

export const simulationPart: LabPart = { name: 'simulation', run };

async function run(options: LabOptions): Promise<ReportSection> {
  const seeds = options.quick ? QUICK_SEEDS : (options.trials ?? SEEDS);
  const lines = await linesOf(seeds, options);
  const failing = FAILING.exec(lines.at(-1) ?? '')?.[1];
  const summary = lines.at(-2) ?? 'it printed no summary';
  return {
    title: 'Simulation',
    text: TEXT,
    tables: [
      {
        heads: ['seeds', 'what they did', 'failing'],
        rows: [[`${seeds}`, summary, failing ?? '?']],
      },
    ],
    rows: [{ seeds, failing: failing === undefined ? null : Number(failing) }],
    violations:
      failing === '0' ? [] : lines.filter((line) => line.includes('SIM_SEED')).concat(summary),
  };
}

/** What the program printed; failing seeds are told at once. */
async function linesOf(seeds: number, { seed, say }: LabOptions): Promise<string[]> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', PROGRAM, `--seeds=${seeds}`, `--from=${seed}`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    say(line);
  }
  return lines;
}
