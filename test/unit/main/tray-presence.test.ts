/** What tools of the session bus say, by stand-ins for them, and how often they are asked. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  detectTray,
  readHost,
  readOwner,
  TrayPresenceWatch,
} from '../../../src/main/tray/tray-presence.ts';
import type { TrayPresence } from '../../../src/main/tray/tray-presence.ts';
import { TRAY_MISSING_MS, TRAY_SHOWN_MS } from '../../../src/shared/limits.ts';
import { settle } from './shell-scene.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-tray-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function tool(name: string, script: string): void {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

const detect = (): Promise<TrayPresence> =>
  detectTray({ env: { PATH: folder }, signal: new AbortController().signal });

const BUSCTL = `case "$*" in
  *GetNameOwner*) echo 's ":1.42"';;
  *) echo 'b ANSWER';;
esac`;

describe('a tray', () => {
  test('is there when a host is registered', async () => {
    tool('busctl', BUSCTL.replace('ANSWER', 'true'));
    expect(await detect()).toEqual({ kind: 'shown', watcher: ':1.42' });
  });

  test.each([
    ['no host is registered', BUSCTL.replace('ANSWER', 'false')],
    ['nobody watches', 'echo "Could not get owner of name" >&2; exit 1'],
    ['the tool says something else', 'echo "<html>"'],
    ['the tool says too much', `while :; do echo 's ":1.42" b true'; done`],
    ['the tool is killed', 'kill -9 $$'],
  ])('is missing when %s', async (_name, script) => {
    tool('busctl', script);
    expect(await detect()).toEqual({ kind: 'missing' });
  });

  test('is missing when there is no tool', async () => {
    expect(await detect()).toEqual({ kind: 'missing' });
  });

  test('is asked for with the next tool when one is not there', async () => {
    tool(
      'dbus-send',
      `case "$*" in *GetNameOwner*) echo '   string ":1.7"';; *) echo '   variant       boolean true';; esac`,
    );
    expect(await detect()).toEqual({ kind: 'shown', watcher: ':1.7' });
    tool('gdbus', `case "$*" in *GetNameOwner*) echo "(':1.8',)";; *) echo '(<true>,)';; esac`);
    expect(await detect()).toEqual({ kind: 'shown', watcher: ':1.8' });
  });

  test('that takes for ever to answer is given up', async () => {
    tool('busctl', 'exec /bin/sleep 60');
    const started = performance.now();
    expect(await detect()).toEqual({ kind: 'missing' });
    expect(performance.now() - started).toBeLessThan(30_000);
  });

  test('is not waited for by who has gone', async () => {
    tool('busctl', 'exec /bin/sleep 60');
    const end = new AbortController();
    const asked = detectTray({ env: { PATH: folder }, signal: end.signal });
    end.abort();
    expect(await asked).toEqual({ kind: 'missing' });
  });
});

test.each([
  ['s ":1.42"\n', ':1.42'],
  ["(':1.8',)\n", ':1.8'],
  ['   string ":1.7"\n', ':1.7'],
  ['s "org.example"\n', null],
  ['', null],
])('the owner in %j is %j', (answer, owner) => expect(readOwner(answer)).toBe(owner));

test.each([
  ['b true\n', true],
  ['(<true>,)\n', true],
  ['   variant       boolean true\n', true],
  ['b false\n', false],
  ['untrue', false],
  ['', false],
])('a host in %j: %j', (answer, is) => expect(readHost(answer)).toBe(is));

test('is looked for again, more often while it is missing, and told when it is another one', async () => {
  const clock = new VirtualClock();
  const told: TrayPresence[] = [];
  let looks = 0;
  let now: TrayPresence = { kind: 'missing' };
  const detectDouble = async (): Promise<TrayPresence> => {
    looks += 1;
    return now;
  };
  const watch = new TrayPresenceWatch({
    clock,
    detect: detectDouble,
    onChange: (presence) => told.push(presence),
  });
  const look = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };
  await watch.start();
  await look(TRAY_MISSING_MS);
  expect([looks, told]).toEqual([2, [{ kind: 'missing' }]]);
  now = { kind: 'shown', watcher: ':1.1' };
  await look(TRAY_MISSING_MS);
  await look(TRAY_SHOWN_MS - 1);
  expect([looks, told.length]).toEqual([3, 2]);
  now = { kind: 'shown', watcher: ':1.2' };
  await look(1);
  expect(told.at(-1)).toEqual({ kind: 'shown', watcher: ':1.2' });
  watch.close();
  expect(clock.pendingTimers).toBe(0);
});
