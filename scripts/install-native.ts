/**
 * Installs node-datachannel's binaries of this system for both architectures that are packed; npm by
 * itself installs only the one of this computer. They are in the lock file, which says their hashes.
 *
 *   npm run dist:binaries
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { missingBinaries } from './require-native.ts';

const ROOT = process.cwd();
const missing = missingBinaries(ROOT, process.platform);
if (missing.length > 0) install(missing);

/** `--force`: npm refuses a package for another processor without it. */
function install(names: readonly string[]): void {
  const npm = process.env['npm_execpath'];
  if (npm === undefined) throw new Error('Run this as `npm run dist:binaries`.');
  const pkg = readFileSync(`${ROOT}/node_modules/node-datachannel/package.json`, 'utf8');
  const { version }: { version: string } = JSON.parse(pkg);
  const wanted = names.map((name) => `${name}@${version}`);
  const args = [npm, 'install', '--no-save', '--force', ...wanted];
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
}
