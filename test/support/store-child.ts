/**
 * A process that works on a data folder and is killed there.
 *
 *   store-child.ts crash FOLDER CHANGE STEP   makes a change, and kills itself after STEP calls
 *   store-child.ts mend FOLDER - STEP         opens the folder, and kills itself after STEP calls
 *   store-child.ts lock FOLDER                takes the lock at each line, gives it back at the next
 *   store-child.ts storm FOLDER ROUNDS        takes the lock again and again, and often dies with it
 *   store-child.ts open FOLDER UID            becomes that user and opens the folder for writing
 */
import { renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { toPortholeError } from '../../src/shared/errors.ts';
import type { FolderLock } from '../../src/engine/store/folder-lock.ts';
import { lockFolder } from '../../src/engine/store/folder-lock.ts';
import { openDataFolder } from '../../src/engine/store/open-data-folder.ts';
import { changeCalled } from './store-changes.ts';
import { watchedFileSystem } from './store-samples.ts';

const [task = '', folder = '', subject = '', number = '0'] = process.argv.slice(2);

/** No system gives out such a number. */
const NOBODY = 2 ** 22 + 1;

function tell(event: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

function crash(isMending: boolean): void {
  let steps = 0;
  let armed = isMending;
  const fileSystem = watchedFileSystem({
    after() {
      if (armed && ++steps === Number(number)) process.kill(process.pid, 'SIGKILL');
    },
  });
  const opened = openDataFolder(folder, 'write', { fileSystem });
  armed = true;
  if (!isMending) changeCalled(subject).change(opened);
  tell('done', { steps });
}

function lockOnLines(): void {
  let lock: FolderLock | undefined;
  createInterface({ input: process.stdin }).on('line', () => {
    if (lock !== undefined) {
      lock.release();
      lock = undefined;
      tell('released');
      return;
    }
    try {
      lock = lockFolder(folder);
      tell('answer', { code: 'locked' });
    } catch (thrown) {
      tell('answer', { code: toPortholeError(thrown).code });
    }
  });
  tell('ready');
}

/** To die is to leave a lock of a process that is gone. */
function storm(rounds: number): void {
  let won = 0;
  for (let round = 0; round < rounds; round++) {
    const lock = tryLock();
    if (lock === undefined) continue;
    won++;
    // Fails when another one is in here.
    writeFileSync(join(folder, 'inside'), '', { flag: 'wx' });
    unlinkSync(join(folder, 'inside'));
    if (round % 3 === 0) {
      lock.release();
    } else {
      const draft = join(folder, `dead-${process.pid}`);
      writeFileSync(
        draft,
        JSON.stringify({ pid: NOBODY, startedAt: '', nonce: `${draft} ${round}` }),
      );
      renameSync(draft, join(folder, 'lock'));
    }
  }
  tell('done', { won });
}

function tryLock(): FolderLock | undefined {
  try {
    return lockFolder(folder);
  } catch (thrown) {
    if (toPortholeError(thrown).code === 'E_DATA_DIR_IN_USE') return undefined;
    throw thrown;
  }
}

function openAs(uid: number): void {
  process.setgroups?.([]);
  process.setgid?.(uid);
  process.setuid?.(uid);
  try {
    const opened = openDataFolder(folder, 'write');
    try {
      tell('opened', { deviceId: opened.identity().deviceId });
    } finally {
      opened.close();
    }
  } catch (thrown) {
    const { code, message } = toPortholeError(thrown);
    tell('refused', { code, message });
  }
}

if (task === 'crash') crash(false);
if (task === 'mend') crash(true);
if (task === 'lock') lockOnLines();
if (task === 'storm') storm(Number(subject));
if (task === 'open') openAs(Number(subject));
