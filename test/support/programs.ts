/** Which real programs this computer has; a test that cannot run says so where nobody overlooks it. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const DEBIAN_POSTGRES = '/usr/lib/postgresql';

/** Debian keeps some servers where no PATH leads. */
function foldersOutsidePath(): string[] {
  const versions = existsSync(DEBIAN_POSTGRES) ? readdirSync(DEBIAN_POSTGRES) : [];
  const postgres = versions.map((version) => join(DEBIAN_POSTGRES, version, 'bin'));
  return ['/usr/sbin', '/usr/local/sbin', ...postgres];
}

/** The path of a program, or `undefined`. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...foldersOutsidePath()];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

export interface ProgramRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, with `input` on its standard input; kills it after `ms`. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { input = '', ms = 60_000 }: { input?: string | Buffer; ms?: number } = {},
): Promise<ProgramRun> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { timeout: ms, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr: error === null ? stderr : `${stderr}${error.message}` });
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** Whether one of the programs is missing; then warns, and `note` is for the name of what is skipped. */
export function needs(...programs: readonly string[]): {
  readonly missing: boolean;
  readonly note: string;
} {
  const missing = programs.find((program) => findProgram(program) === undefined);
  if (missing === undefined) return { missing: false, note: '' };
  console.warn(
    `\n*** NOT TESTED: "${missing}" is not installed on this computer. Install it. ***\n`,
  );
  return { missing: true, note: ` (SKIPPED: ${missing} is not installed)` };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
