/**
 * Plants one fault in a copy of the sources and runs the simulation there until it is found.
 *
 * Invariant: the tree itself is never touched; a fault whose place is not found exactly once is an
 * error, not a fault that nobody noticed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { joinFiles } from '../../support/one-file.ts';

/** One mistake somebody could make. */
export interface PlantedFault {
  readonly name: string;
  /** Relative to src/engine. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Found {
  /** The line that replays the seed that found it; undefined when none did. */
  readonly line: string | undefined;
}

const ROOT = new URL('../../../', import.meta.url).pathname;
const COPIED = ['src', 'test/simulation', 'test/support', 'package.json', 'tsconfig.base.json'];

/** Runs up to `seeds` seeds with the fault in place. Throws when the run itself fails. */
export async function hunt(fault: PlantedFault, seeds: number): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-planted-'));
  try {
    for (const path of COPIED) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    plant(folder, fault);
    return await run(folder, seeds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function plant(folder: string, { name, file, find, replace }: PlantedFault): void {
  const path = join(folder, 'src/engine', file);
  const source = readFileSync(path, 'utf8');
  const times = source.split(find).length - 1;
  if (times !== 1) throw new Error(`"${name}": its place is ${times} times in ${file}`);
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
}

async function run(folder: string, seeds: number): Promise<Found> {
  const { path, remove } = await joinFiles(join(folder, 'test/simulation/run.ts'), folder);
  const child = spawn(process.execPath, [path, `--seeds=${seeds}`, '--impatient'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  await once(child, 'close').finally(remove);
  if (!/^\d+ failing seeds/m.test(output)) throw new Error(`the run itself failed:\n${output}`);
  return { line: /^SIM_SEED=.*/m.exec(output)?.[0] };
}
