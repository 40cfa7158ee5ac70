/** `npm start` and `npm run test:electron`: with Electron's program (a stand-in), and without. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { electronBinary } from '../../scripts/electron-binary.ts';

let folder = '';
let started: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-start-'));
});

afterEach(async () => {
  if (started !== undefined && started.exitCode === null && started.signalCode === null) {
    started.kill('SIGTERM');
    await once(started, 'exit');
  }
  started = undefined;
  rmSync(folder, { recursive: true, force: true });
});

function run(script: string, args: readonly string[], dist: string): ChildProcess {
  started = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      HOME: folder,
      XDG_STATE_HOME: join(folder, 'state'),
      ELECTRON_OVERRIDE_DIST_PATH: dist,
    },
  });
  return started;
}

/** What it prints, until it has printed `text` or ended. */
async function printed(child: ChildProcess, text?: string): Promise<string> {
  let all = '';
  return await new Promise((resolve) => {
    const take = (chunk: Buffer): void => {
      all += chunk.toString();
      if (text !== undefined && all.includes(text)) resolve(all);
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.once('close', () => resolve(all));
  });
}

/** A folder with a program in the place of Electron's, which says how it was started. */
function standIn(): string {
  const program = join(folder, 'electron');
  writeFileSync(program, '#!/bin/sh\necho "opened $* as ${ELECTRON_RUN_AS_NODE:-app}"\nexit 3\n');
  chmodSync(program, 0o755);
  return folder;
}

describe('with Electron', () => {
  test('npm start opens the app, and ends as it does', async () => {
    const child = run('scripts/start.ts', ['--hidden'], standIn());
    expect(await printed(child)).toBe('opened . --hidden as app\n');
    expect(child.exitCode).toBe(3);
  });

  test('its program is where its installer says', () => {
    const dist = join(folder, 'dist', 'sub');
    mkdirSync(dist, { recursive: true });
    writeFileSync(join(folder, 'path.txt'), 'sub/electron');
    expect(electronBinary({}, folder)).toBeUndefined();
    writeFileSync(join(dist, 'electron'), '');
    expect(electronBinary({}, folder)).toBe(join(dist, 'electron'));
  });
});

describe('without Electron', () => {
  test('npm start says so, and runs the daemon with its page', async () => {
    const child = run('scripts/start.ts', [], join(folder, 'nowhere'));
    const text = await printed(child, 'Ctrl+C ends it');
    expect(text).toMatch(/^Electron is not here: .*npx install-electron/);
    expect(text).toContain('Porthole runs. Ctrl+C ends it');
    expect(existsSync(join(folder, 'state', 'porthole', 'control.json'))).toBe(true);
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(existsSync(join(folder, 'state', 'porthole', 'control.json'))).toBe(false);
  });

  test('npm run test:electron says why it is skipped, and is none the worse', async () => {
    const child = run('scripts/test-electron.ts', [], join(folder, 'nowhere'));
    expect(await printed(child)).toMatch(/^skipped: Electron is not here: /);
    expect(child.exitCode).toBe(0);
  });
});
