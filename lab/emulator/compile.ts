/** Makes the emulator out of its C source: a fraction of a second, each time one is started. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, runProgram } from '../../test/support/programs.ts';

const SOURCE = fileURLToPath(new URL('link.c', import.meta.url));

/**
 * Compiles the emulator and hands its path to `start`; the file is gone when that is done, which a
 * process that runs does not mind. Fails with the compiler's words, or when there is none.
 */
export async function withEmulator<T>(start: (program: string) => Promise<T>): Promise<T> {
  const compiler = findProgram('gcc');
  if (compiler === undefined) {
    throw new Error(
      'The link emulator is written in C and needs gcc: apt-get install gcc libc6-dev',
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'porthole-emulator-'));
  try {
    const program = join(folder, 'link');
    const { code, stderr } = await runProgram(compiler, ['-O2', '-Wall', '-o', program, SOURCE]);
    if (code !== 0) throw new Error(`gcc could not make the link emulator:\n${stderr}`);
    return await start(program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
