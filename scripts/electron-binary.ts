/**
 * Where Electron's program is. Its package comes without it and fetches it when it is first imported;
 * this only looks.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Why there is none, and how to get one, for a person. */
export const NO_ELECTRON =
  'Electron is not here: its program is downloaded by npx install-electron, which needs the network.';

const PACKAGE_DIR = dirname(createRequire(import.meta.url).resolve('electron/package.json'));

/** `undefined` when it is not installed; ELECTRON_OVERRIDE_DIST_PATH names another folder of it. */
export function electronBinary(
  env: NodeJS.ProcessEnv = process.env,
  packageDir: string = PACKAGE_DIR,
): string | undefined {
  const name = programName(packageDir);
  const folder = env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(packageDir, 'dist');
  const path = join(folder, name);
  return existsSync(path) ? path : undefined;
}

/** As the package's own installer writes it down; before it has, what it would write. */
function programName(packageDir: string): string {
  const file = join(packageDir, 'path.txt');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return process.platform === 'win32' ? 'electron.exe' : 'electron';
}
