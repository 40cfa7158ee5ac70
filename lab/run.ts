/**
 * `npm run lab -- [part …] [--quick] [--seed N] [--trials N] [--write] [--rows FILE]`: runs the
 * parts of the lab, all of them unless some are named, one after the other. What they find goes to
 * standard output, and of runs of the whole size (or with `--write`) to docs/reliability.md;
 * `--rows` writes the numbers as JSON. Exit status: 1 when a requirement was not met or a part could
 * not do its work, 2 for a wrong command line.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { faultsPart } from './faults/part.ts';
import { matrix } from './matrix/matrix.ts';
import { shapes } from './matrix/shapes.ts';
import { natPart } from './nat/part.ts';
import { crowdPart } from './survival/crowd-part.ts';
import { simulationPart } from './simulation/part.ts';
import { sshPart } from './survival/ssh-part.ts';
import { transferPart } from './survival/transfer-part.ts';
import type { LabOptions, LabPart, Row } from './part.ts';
import { circumstances, markdownOf, writeSection } from './report.ts';

const PARTS: readonly LabPart[] = [
  faultsPart,
  transferPart,
  sshPart,
  crowdPart,
  matrix,
  shapes,
  natPart,
  simulationPart,
];
const DEFAULT_SEED = 1;

interface Wanted {
  readonly parts: readonly LabPart[];
  readonly options: LabOptions;
  readonly isWritten: boolean;
  readonly rowsFile: string | undefined;
}

/** Throws on a wrong command line. */
function readCommandLine(args: string[]): Wanted {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      seed: { type: 'string', default: String(DEFAULT_SEED) },
      trials: { type: 'string' },
      write: { type: 'boolean', default: false },
      rows: { type: 'string' },
    },
  });
  const { quick, trials } = values;
  return {
    parts: positionals.length === 0 ? PARTS : positionals.map(partNamed),
    options: {
      quick,
      seed: wholeNumber('--seed', values.seed),
      say: (line) => void process.stderr.write(`${line}\n`),
      ...(trials === undefined ? {} : { trials: wholeNumber('--trials', trials) }),
    },
    isWritten: values.write || !quick,
    rowsFile: values.rows,
  };
}

function partNamed(name: string): LabPart {
  const found = PARTS.find((part) => part.name === name);
  if (found !== undefined) return found;
  const names = PARTS.map((part) => part.name).join(', ');
  throw new Error(`"${name}" is not a part of the lab: ${names}`);
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${option} takes a whole number`);
  return Number(text);
}

/** Never rejects: a part that could not do its work has not met what is asked of it. */
async function runPart(part: LabPart, { options, isWritten }: Wanted): Promise<Outcome> {
  options.say(`── ${part.name}`);
  const footer = circumstances(options.seed);
  try {
    const section = await part.run(options);
    const markdown = `${markdownOf(section)}\n\n${footer}`;
    process.stdout.write(`${markdown}\n\n`);
    if (isWritten) await writeSection(part.name, markdown);
    return { rows: section.rows, isMet: section.violations.length === 0 };
  } catch (thrown) {
    options.say(`${part.name} failed: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
    return { rows: [], isMet: false };
  }
}

interface Outcome {
  readonly rows: readonly Row[];
  readonly isMet: boolean;
}

async function main(wanted: Wanted): Promise<number> {
  const rows: Record<string, readonly Row[]> = {};
  let status = 0;
  for (const part of wanted.parts) {
    const outcome = await runPart(part, wanted);
    rows[part.name] = outcome.rows;
    if (!outcome.isMet) status = 1;
  }
  if (wanted.rowsFile !== undefined) {
    writeFileSync(wanted.rowsFile, `${JSON.stringify(rows, undefined, 2)}\n`);
  }
  return status;
}

function commandLine(): Wanted | undefined {
  try {
    return readCommandLine(process.argv.slice(2));
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
    return undefined;
  }
}

// So that what ends with this process ends in order.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
const wanted = commandLine();
process.exit(wanted === undefined ? 2 : await main(wanted));
