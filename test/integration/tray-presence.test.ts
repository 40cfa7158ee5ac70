/** Whether a tray is there, asked on a real session bus with a stand-in for the desktop's tray. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { findProgram, needs } from '../support/programs.ts';

const run = promisify(execFile);
const WATCHER = fileURLToPath(new URL('../support/tray-watcher.py', import.meta.url));
const ASKER = fileURLToPath(new URL('./tray-presence-child.ts', import.meta.url));
/** Debian's, which has the modules that its packages install. */
const PYTHON = '/usr/bin/python3';

const programs = needs('dbus-run-session');
const modules = await run(PYTHON, ['-c', 'import dbus; from gi.repository import GLib']).then(
  () => '',
  () => ' (SKIPPED: needs python3-dbus and python3-gi)',
);
const note = programs.note + modules;
if (modules !== '') console.warn(`tray-presence.test.ts:${modules}`);

/** What a process on a session bus of its own finds out, with only `tool` to ask by. */
async function detectOnBus(tool: string, host: 'yes' | 'no' | 'nobody'): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-bus-'));
  try {
    symlinkSync(findProgram(tool) ?? '', join(folder, tool));
    const args = ['--', process.execPath, '--import', 'tsx', ASKER, folder, PYTHON, WATCHER, host];
    const { stdout } = await run('dbus-run-session', args, { timeout: 50_000 });
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const TOOLS = ['busctl', 'gdbus', 'dbus-send'];

describe.skipIf(note !== '')(`on a session bus${note}`, () => {
  test.each(TOOLS.filter((tool) => !needs(tool).missing))('%s finds a tray', async (tool) => {
    const shown = { kind: 'shown', watcher: expect.stringMatching(/^:1\.\d+$/) as string };
    expect(await detectOnBus(tool, 'yes')).toEqual(shown);
  });

  test('a watcher without a host is no tray', async () => {
    expect(await detectOnBus('dbus-send', 'no')).toEqual({ kind: 'missing' });
  });

  test('nobody is no tray', async () => {
    expect(await detectOnBus('dbus-send', 'nobody')).toEqual({ kind: 'missing' });
  });
});
