/**
 * Sets up the suites that start the built command by the hundred: what they start is `dist`, joined
 * into one file. vitest.config.ts says which suites start `dist` as it is.
 */
import { fileURLToPath } from 'node:url';
import { joinFiles } from './one-file.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Run by vitest before all files; resolves with what it runs behind them. */
export async function setup(): Promise<() => void> {
  // Another build was named, or another project of vitest.config.ts was first.
  if (process.env['PORTHOLE_COMMAND'] !== undefined) return () => undefined;
  const { path, remove } = await joinFiles(MAIN);
  process.env['PORTHOLE_COMMAND'] = path;
  return remove;
}
