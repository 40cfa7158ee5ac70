/** Killed after every single step of a write: the data folder holds the old or the new, never less. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataFolder } from '../../../src/engine/store/open-data-folder.ts';
import type { OneFile } from '../../support/one-file.ts';
import { joinFiles } from '../../support/one-file.ts';
import { Child } from '../../support/processes.ts';
import { changeCalled, STORE_CHANGES } from '../../support/store-changes.ts';
import { makeFolder, removeFolders, samplePeer } from '../../support/store-samples.ts';

const CHILD = fileURLToPath(new URL('../../support/store-child.ts', import.meta.url));
/** No write takes as many. */
const STEPS_MAX = 60;
const AT_ONCE = 3;

let program: OneFile;

beforeAll(async () => {
  program = await joinFiles(CHILD);
});
afterAll(() => {
  program.remove();
  removeFolders();
});

/** Whether the child was killed, and not done before. */
async function killAt(task: string, folder: string, rest: readonly string[]): Promise<boolean> {
  const args = [program.path, task, folder, ...rest];
  const child = Child.start({ name: `${task} ${rest.join(' ')}`, command: process.execPath, args });
  const { code, signal } = await child.exited;
  if (signal === 'SIGKILL') return true;
  expect({ code, stderr: child.stderr }).toStrictEqual({ code: 0, stderr: '' });
  return false;
}

/** Calls `check` for step 1, 2… until one says that its child was done. */
async function forEachStep(check: (step: number) => Promise<boolean>): Promise<number> {
  for (let first = 1; first < STEPS_MAX; first += AT_ONCE) {
    const steps = Array.from({ length: AT_ONCE }, (_, index) => first + index);
    const killed = await Promise.all(steps.map(check));
    const done = killed.indexOf(false);
    if (done >= 0) return first + done - 1;
  }
  throw new Error('the write never ends');
}

function readFolder(folder: string, name: string): unknown {
  const opened = openDataFolder(folder, 'write');
  expect(opened.notices).toStrictEqual([]);
  const found = changeCalled(name).read(opened);
  opened.close();
  return found;
}

describe('a process killed while it saves', () => {
  test.each(Object.keys(STORE_CHANGES))(
    '%s',
    async (name) => {
      const before = makeFolder();
      const after = makeFolder();
      const { prepare, change } = changeCalled(name);
      for (const folder of [before, after]) {
        const opened = openDataFolder(folder, 'write');
        prepare(opened);
        // Else the first who reads makes one.
        if (name !== 'another identity') opened.identity();
        if (folder === after) change(opened);
        opened.close();
      }
      const old = readFolder(before, name);
      const fresh = readFolder(after, name);
      expect(fresh).not.toStrictEqual(old);

      const seen = new Set<unknown>();
      const steps = await forEachStep(async (step) => {
        const folder = makeFolder();
        cpSync(before, folder, { recursive: true });
        const killed = await killAt('crash', folder, [name, String(step)]);
        const found = readFolder(folder, name);
        expect(killed ? [old, fresh] : [fresh]).toContainEqual(found);
        seen.add(JSON.stringify(found));
        // What the crash left is in nobody's way.
        const opened = openDataFolder(folder, 'write');
        change(opened);
        opened.close();
        expect(readFolder(folder, name)).toStrictEqual(fresh);
        return killed;
      });
      expect(steps).toBeGreaterThan(8);
      expect(seen.size).toBe(2);
    },
    300_000,
  );
});

test('killed while it mends a damaged file', { timeout: 300_000 }, async () => {
  const damaged = makeFolder();
  const opened = openDataFolder(damaged, 'write');
  opened.peers.put(samplePeer(1));
  opened.peers.put(samplePeer(2));
  opened.close();
  writeFileSync(join(damaged, 'peers.json'), '{"version": 1, "pee');
  const last = readFileSync(join(damaged, 'peers.json.last'), 'utf8');
  const steps = await forEachStep(async (step) => {
    const folder = makeFolder();
    cpSync(damaged, folder, { recursive: true });
    const killed = await killAt('mend', folder, ['-', String(step)]);
    const found = openDataFolder(folder, 'write');
    expect(found.peers.all().map(({ deviceId }) => deviceId)).toStrictEqual([
      samplePeer(1).deviceId,
    ]);
    found.close();
    expect(readFileSync(join(folder, 'peers.json'), 'utf8')).toBe(last);
    expect(readFileSync(join(folder, 'peers.broken.json'), 'utf8')).toContain('"pee');
    return killed;
  });
  expect(steps).toBeGreaterThan(8);
});
