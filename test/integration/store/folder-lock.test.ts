/** The lock between real processes: one at a time, and none that is dead. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lockFolder } from '../../../src/engine/store/folder-lock.ts';
import type { ChildEvent } from '../../support/processes.ts';
import { Child } from '../../support/processes.ts';
import { makeFolder, removeFolders } from '../../support/store-samples.ts';

const CHILD = fileURLToPath(new URL('../../support/store-child.ts', import.meta.url));
const RACERS = 8;
const ROUNDS = 60;
const STORM_ROUNDS = 600;
/** No system gives out such a number. */
const DEAD = { pid: 2 ** 22 + 1, startedAt: '' };

afterAll(removeFolders);

async function startChild(folder: string): Promise<Child> {
  const args = ['--import', 'tsx', CHILD, 'lock', folder];
  const child = Child.start({ name: 'lock', command: process.execPath, args });
  await child.event('ready', undefined, 120_000);
  return child;
}

async function askFor(child: Child): Promise<ChildEvent> {
  child.writeLine('');
  return child.event('answer');
}

describe('two processes', () => {
  test('the second is refused, with the number of the first', async () => {
    const folder = makeFolder();
    const child = await startChild(folder);
    expect(await askFor(child)).toMatchObject({ code: 'locked' });
    expect(() => lockFolder(folder)).toThrow(
      `Another Porthole (process ${child.pid}) uses the data folder ${folder}.`,
    );
    child.writeLine('');
    await child.event('released');
    lockFolder(folder).release();
    expect(readdirSync(folder)).toStrictEqual([]);
    await child.stop();
  });

  test('a killed one holds nothing', async () => {
    const folder = makeFolder();
    const child = await startChild(folder);
    await askFor(child);
    await child.stop('SIGKILL');
    expect(readdirSync(folder)).toStrictEqual(['lock']);
    lockFolder(folder).release();
    expect(readdirSync(folder)).toStrictEqual([]);
  });

  test.runIf(process.platform === 'linux')('nor one that nobody has buried', async () => {
    const folder = makeFolder();
    // The shell becomes a program that never waits for its child.
    const script =
      '"$0" --import tsx "$1" lock "$2" & echo {\\"event\\":\\"child\\",\\"pid\\":$!}; exec sleep 1000';
    const args = [
      '-c',
      `exec 3<&0; ${script.replace(' & ', ' <&3 & ')}`,
      process.execPath,
      CHILD,
      folder,
    ];
    const parent = Child.start({ name: 'shell', command: '/bin/sh', args });
    const { pid } = await parent.event('child');
    await parent.event('ready', undefined, 120_000);
    expect(await askFor(parent)).toMatchObject({ code: 'locked' });
    expect(() => lockFolder(folder)).toThrow(`process ${String(pid)}`);
    process.kill(Number(pid), 'SIGKILL');
    await expect
      .poll(() => {
        try {
          lockFolder(folder).release();
          return 'free';
        } catch {
          return 'held';
        }
      })
      .toBe('free');
    process.kill(Number(pid), 0);
    await parent.stop('SIGKILL');
  });
});

describe('many processes', () => {
  let racers: Child[];
  let folder: string;
  beforeAll(async () => {
    folder = makeFolder();
    racers = await Promise.all(Array.from({ length: RACERS }, async () => startChild(folder)));
  }, 200_000);
  afterAll(async () => {
    await Promise.all(racers.map(async (racer) => racer.stop()));
  });

  /** All ask at once; the winner gives it back. Returns how many won. */
  async function race(): Promise<number> {
    const answers = await Promise.all(racers.map(askFor));
    const codes = new Set(answers.map((answer) => answer['code']));
    expect(codes).toStrictEqual(new Set(['locked', 'E_DATA_DIR_IN_USE']));
    const winners = racers.filter((_, index) => answers[index]?.['code'] === 'locked');
    for (const winner of winners) {
      winner.writeLine('');
      await winner.event('released');
    }
    expect(readdirSync(folder)).toStrictEqual([]);
    return winners.length;
  }

  test('exactly one takes a free lock', { timeout: 300_000 }, async () => {
    for (let round = 0; round < ROUNDS; round++) expect(await race()).toBe(1);
  });

  test("exactly one takes a dead one's lock", { timeout: 300_000 }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      writeFileSync(join(folder, 'lock'), JSON.stringify({ ...DEAD, nonce: round }));
      expect(await race(), `round ${round}`).toBe(1);
    }
  });

  test('exactly one takes a lock that a power cut emptied', { timeout: 300_000 }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      writeFileSync(join(folder, 'lock'), '');
      expect(await race(), `round ${round}`).toBe(1);
    }
  });
});

test('processes that die with the lock all the time', { timeout: 300_000 }, async () => {
  const folder = makeFolder();
  const ended = Array.from({ length: RACERS }, async () => {
    const args = ['--import', 'tsx', CHILD, 'storm', folder, String(STORM_ROUNDS)];
    const child = Child.start({ name: 'storm', command: process.execPath, args });
    const { code } = await child.exited;
    expect({ code, stderr: child.stderr }).toStrictEqual({ code: 0, stderr: '' });
    return Number((await child.event('done'))['won']);
  });
  const won = await Promise.all(ended);
  expect(Math.min(...won)).toBeGreaterThan(0);
  lockFolder(folder).release();
  expect(readdirSync(folder)).toStrictEqual([]);
});
