/** `npm run test:electron`: the specs of test/electron on the real program, where it is. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { electronBinary, NO_ELECTRON } from './electron-binary.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

if (electronBinary() === undefined) {
  console.log(`skipped: ${NO_ELECTRON}`);
} else {
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'test/electron/vitest.config.ts',
  ];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: root });
  process.exitCode = status ?? 1;
}
