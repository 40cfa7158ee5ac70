/** The lock within one process, and what earlier ones left. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { lockFolder } from '../../../src/engine/store/folder-lock.ts';
import { isRunning, markOfThisProcess } from '../../../src/engine/store/process-life.ts';
import { makeFolder, removeFolders } from '../../support/store-samples.ts';

const DEAD = { pid: 2 ** 22 + 1, startedAt: '' };
const tokenOf = (content: string): string =>
  createHash('sha256').update(content).digest('hex').slice(0, 16);

afterAll(removeFolders);

describe('the lock of a folder', () => {
  test('is held once', () => {
    const folder = makeFolder();
    const lock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(`process ${process.pid}`);
    expect(statSync(join(folder, 'lock')).mode & 0o777).toBe(0o600);
    lock.release();
    const next = lockFolder(folder);
    lock.release();
    expect(() => lockFolder(folder)).toThrow(`process ${process.pid}`);
    next.release();
    expect(readdirSync(folder)).toStrictEqual([]);
  });

  test('of a dead process is taken, with all that was left by others on the way to it', () => {
    const folder = makeFolder();
    const path = join(folder, 'lock');
    const main = JSON.stringify({ ...DEAD, nonce: '1' });
    const claim = JSON.stringify({ ...DEAD, nonce: '2' });
    writeFileSync(path, main);
    writeFileSync(`${path}.${tokenOf(main)}`, claim);
    writeFileSync(`${path}.${tokenOf(main)}.${tokenOf(claim)}`, JSON.stringify(DEAD));
    writeFileSync(`${path}.00.new`, main);
    const lock = lockFolder(folder);
    expect(readdirSync(folder)).toStrictEqual(['lock']);
    expect(readFileSync(path, 'utf8')).toContain(`"pid":${process.pid}`);
    lock.release();
  });

  test('stays with a live process that is about to take it from a dead one', () => {
    const folder = makeFolder();
    const path = join(folder, 'lock');
    const main = JSON.stringify({ ...DEAD, nonce: '1' });
    writeFileSync(path, main);
    writeFileSync(`${path}.${tokenOf(main)}`, JSON.stringify(markOfThisProcess()));
    expect(() => lockFolder(folder)).toThrow(`process ${process.pid}`);
    expect(readFileSync(path, 'utf8')).toBe(main);
  });

  test.each(['', '{', '[]', '{"pid": -1, "startedAt": ""}', '\u0000'.repeat(100)])(
    'that says %j is free',
    (content) => {
      const folder = makeFolder();
      writeFileSync(join(folder, 'lock'), content);
      lockFolder(folder).release();
      expect(readdirSync(folder)).toStrictEqual([]);
    },
  );

  test('cannot be made where there is no folder', () => {
    expect(() => lockFolder('/nowhere/at/all')).toThrow('cannot be written (ENOENT)');
  });
});

describe('a process', () => {
  test('is known by its number', () => {
    expect(isRunning(markOfThisProcess())).toBe(true);
    expect(isRunning(DEAD)).toBe(false);
  });

  test.runIf(process.platform === 'linux')('is not taken for an earlier one', () => {
    const { pid, startedAt } = markOfThisProcess();
    expect(startedAt).toMatch(/^[0-9a-f-]{36}\/\d+$/);
    expect(isRunning({ pid, startedAt: `${startedAt}0` })).toBe(false);
    expect(isRunning({ pid: 1, startedAt })).toBe(false);
  });
});
