/** Where the data folder is, and whom it is open to. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  defaultDataDir,
  inspectDataFolder,
  requireDataFolder,
} from '../../../src/engine/store/data-folder.ts';
import { makeFolder, removeFolders } from '../../support/store-samples.ts';

const modeOf = (path: string): number => statSync(path).mode & 0o7777;
const isRoot = process.geteuid?.() === 0;

let parent: string;
let folder: string;
beforeEach(() => {
  parent = makeFolder();
  folder = join(parent, 'data');
});
afterAll(removeFolders);

function makeOpen(mode: number): void {
  mkdirSync(folder);
  chmodSync(folder, mode);
}

describe('the default data folder', () => {
  test.each([
    ['linux', { HOME: '/home/ann' }, '/home/ann/.local/state/porthole'],
    ['linux', { HOME: '/home/ann', XDG_STATE_HOME: '/state' }, '/state/porthole'],
    ['linux', { HOME: '/home/ann', XDG_STATE_HOME: 'state' }, '/home/ann/.local/state/porthole'],
    ['linux', { HOME: '/home/ann', XDG_STATE_HOME: '' }, '/home/ann/.local/state/porthole'],
    ['linux', {}, `${homedir()}/.local/state/porthole`],
    ['freebsd', { HOME: '/home/ann' }, '/home/ann/.local/state/porthole'],
    ['darwin', { HOME: '/Users/ann' }, '/Users/ann/Library/Application Support/Porthole'],
    [
      'win32',
      { LOCALAPPDATA: 'C:\\Users\\Ann\\AppData\\Local' },
      'C:\\Users\\Ann\\AppData\\Local\\Porthole',
    ],
  ] as const)('on %s with %j is %s', (platform, env, expected) => {
    expect(defaultDataDir(env, platform)).toBe(expected);
  });
});

describe('a data folder', () => {
  test('is made for this user alone when it is missing', () => {
    const below = join(folder, 'a', 'b');
    expect(requireDataFolder(`${below}/`)).toBe(below);
    for (const path of [folder, join(folder, 'a'), below]) expect(modeOf(path)).toBe(0o700);
    expect(readdirSync(below)).toStrictEqual([]);
  });

  test.each([0o755, 0o750, 0o777, 0o711])(
    'that is empty and ours is closed to others: %o',
    (mode) => {
      makeOpen(mode);
      inspectDataFolder(folder);
      expect(modeOf(folder)).toBe(mode);
      requireDataFolder(folder);
      expect(modeOf(folder)).toBe(0o700);
    },
  );

  test.each([0o755, 0o740, 0o720, 0o704, 0o777])(
    'that holds anything is refused while it is open to others: %o',
    (mode) => {
      makeOpen(mode);
      writeFileSync(join(folder, 'peers.json'), '{}', { mode: 0o600 });
      for (const check of [requireDataFolder, inspectDataFolder]) {
        expect(() => check(folder)).toThrow(
          `Others on this computer can read ${folder}, so it was not used. Run: chmod 700 ${folder}`,
        );
      }
      expect(modeOf(folder)).toBe(mode);
      chmodSync(folder, 0o700);
      expect(requireDataFolder(folder)).toBe(folder);
    },
  );

  test('is named so that the command can be pasted', () => {
    folder = join(parent, "Ann's data");
    makeOpen(0o755);
    writeFileSync(join(folder, 'x'), '');
    expect(() => requireDataFolder(folder)).toThrow(
      String.raw`chmod 700 '${join(parent, String.raw`Ann'\''s data`)}'`,
    );
  });

  test('for everybody, such as /tmp, is not to be closed', () => {
    makeOpen(0o1777);
    expect(() => requireDataFolder(folder)).toThrow(`${folder} cannot be written (it is not yours`);
    expect(modeOf(folder)).toBe(0o1777);
  });

  test.each(['there', 'not there'])('behind a symbolic link (%s) is refused', (where) => {
    if (where === 'there') mkdirSync(folder, { mode: 0o700 });
    const link = join(parent, 'link');
    symlinkSync(folder, link);
    expect(() => requireDataFolder(`${link}/`)).toThrow(
      'cannot be written (it is a symbolic link)',
    );
    expect(existsSync(folder)).toBe(where === 'there');
  });

  test('below a file is refused', () => {
    writeFileSync(folder, '');
    expect(() => requireDataFolder(folder)).toThrow('cannot be written (ENOTDIR)');
    expect(() => requireDataFolder(join(folder, 'x'))).toThrow('cannot be written (ENOTDIR)');
  });

  test('that is missing is not made for reading', () => {
    expect(inspectDataFolder(folder)).toBe(folder);
    expect(existsSync(folder)).toBe(false);
  });

  test.runIf(isRoot)('of another user is refused, even by root', () => {
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, 12_345, 12_345);
    for (const check of [requireDataFolder, inspectDataFolder]) {
      expect(() => check(folder)).toThrow('cannot be written (it belongs to another user)');
    }
  });
});
