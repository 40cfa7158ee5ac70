/** What the system itself refuses: folders of others, read-only ones, a full disk. */
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { ChildEvent } from '../../support/processes.ts';
import { Child } from '../../support/processes.ts';
import { runProgram } from '../../support/programs.ts';
import { makeFolder, removeFolders } from '../../support/store-samples.ts';

const CHILD = fileURLToPath(new URL('../../support/store-child.ts', import.meta.url));
const isRoot = process.geteuid?.() === 0;
const UID = 12_345;
/** A mount that only the child sees. */
const mount = ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'];
const canMount = isRoot && (await runProgram('unshare', mount)).code === 0;

let folder: string;
beforeEach(() => {
  const parent = makeFolder();
  chmodSync(parent, 0o755);
  folder = join(parent, 'data');
});
afterAll(removeFolders);

async function openAs(uid: number, behind: readonly string[] = []): Promise<ChildEvent> {
  const node = [process.execPath, '--import', 'tsx', CHILD, 'open', folder, String(uid)];
  const [command = '', ...args] = [...behind, ...node];
  const child = Child.start({ name: 'open', command, args });
  await child.exited;
  return Promise.any([child.event('opened'), child.event('refused')]);
}

function makeFor(uid: number, mode: number): void {
  mkdirSync(folder);
  chownSync(folder, uid, uid);
  chmodSync(folder, mode);
}

describe.runIf(isRoot)('a user who is not root', () => {
  test('opens a folder of their own, and again what is in it', async () => {
    makeFor(UID, 0o755);
    const first = await openAs(UID);
    expect(first).toMatchObject({ event: 'opened' });
    expect(await openAs(UID)).toStrictEqual(first);
    expect(readdirSync(folder)).toStrictEqual(['identity.json']);
  });

  test('is refused where nothing can be written', async () => {
    makeFor(UID, 0o500);
    expect(await openAs(UID)).toMatchObject({
      code: 'E_DATA_DIR',
      message: expect.stringContaining(`The data folder ${folder} cannot be written (EACCES).`),
    });
  });

  test.each([0o700, 0o755, 0o777])('is refused the folder of somebody else (%o)', async (mode) => {
    makeFor(UID + 1, mode);
    expect(await openAs(UID)).toMatchObject({
      code: 'E_DATA_DIR',
      message: expect.stringContaining('(it belongs to another user)'),
    });
  });

  test('is told of a file that only root can read', async () => {
    makeFor(UID, 0o700);
    writeFileSync(join(folder, 'settings.json'), '{}', { mode: 0o600 });
    expect(await openAs(UID)).toMatchObject({ code: 'E_DATA_FILE' });
    chownSync(join(folder, 'settings.json'), UID, UID);
    writeFileSync(join(folder, 'identity.json'), '{}', { mode: 0o600 });
    expect(await openAs(UID)).toMatchObject({
      code: 'E_KEY_UNREADABLE',
      message: expect.stringContaining('(EACCES)'),
    });
    expect(readdirSync(folder)).toStrictEqual(['identity.json', 'settings.json']);
  });

  test('does not read a file that somebody else put there', async () => {
    makeFor(UID, 0o700);
    const path = join(folder, 'settings.json');
    writeFileSync(path, '{}');
    chownSync(path, UID + 1, UID + 1);
    expect(await openAs(UID)).toMatchObject({
      code: 'E_DATA_FILE',
      message: expect.stringContaining('(it belongs to another user)'),
    });
  });

  test('is not held up by a pipe without a writer', async () => {
    makeFor(UID, 0o700);
    await runProgram('mkfifo', ['-m', '666', join(folder, 'settings.json')]);
    expect(await openAs(UID)).toMatchObject({
      code: 'E_DATA_FILE',
      message: expect.stringContaining('(it is no file)'),
    });
  });
});

describe.runIf(canMount)('a disk', () => {
  test.each([
    ['that is full', 'size=8k', 'dd if=/dev/zero of="$0/rest" 2>/dev/null', /\(ENOSPC\)/],
    ['that is read-only', 'ro', 'true', /\(EROFS\)/],
  ])('%s is told', async (_what, options, prepare, reason) => {
    mkdirSync(folder, { mode: 0o700 });
    const script = `mount -t tmpfs -o mode=700,${options} none "$0"; ${prepare}; exec "$@"`;
    const answer = await openAs(0, ['unshare', '-m', 'sh', '-c', script, folder]);
    expect(answer).toMatchObject({ code: 'E_DATA_DIR', message: expect.stringMatching(reason) });
    expect(readdirSync(folder)).toStrictEqual([]);
  });
});
