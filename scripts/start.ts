/**
 * `npm start`: the desktop app where Electron is, else the same page in a browser (`porthole up`).
 * Arguments go on to whichever it is.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { electronBinary, NO_ELECTRON } from './electron-binary.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function start(program: string, args: readonly string[]): void {
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  const child = spawn(program, args, { stdio: 'inherit', env, cwd: root });
  // A terminal tells both of Ctrl+C; this one waits for the other.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', ({ message }) => {
    console.error(`${program} cannot be started: ${message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}

const wanted = process.argv.slice(2);
const electron = electronBinary();
if (electron === undefined) {
  console.log(`${NO_ELECTRON} Porthole runs without it, with its page in a browser.`);
  start(process.execPath, ['dist/cli/main.js', 'up', ...wanted]);
} else {
  start(electron, ['.', ...wanted]);
}
