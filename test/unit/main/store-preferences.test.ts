/** `preferences.json`: what electron-store writes there, and what may be found there. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openConfPreferences as openPreferences } from '../../support/conf-preferences.ts';
import { openPreferences as openDaemonPreferences } from '../../../src/control/preferences.ts';
import { DEFAULT_PREFERENCES } from '../../../src/shared/shell-calls.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-preferences-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function path(): string {
  return join(folder, 'preferences.json');
}

describe('preferences', () => {
  test('are the defaults while there is no file, and none is made', () => {
    const store = openPreferences(folder);
    expect(store.notice).toBeUndefined();
    expect(store.get()).toEqual(DEFAULT_PREFERENCES);
    expect(() => statSync(path())).toThrow('ENOENT');
  });

  test('are made in a folder that only this user can use', () => {
    const data = join(folder, 'new');
    openPreferences(data).change({ theme: 'dark' });
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(statSync(join(data, 'preferences.json')).mode & 0o777).toBe(0o600);
  });

  test('are there again, and whoever listens is told', () => {
    const store = openPreferences(folder);
    const told: string[] = [];
    const stop = store.subscribe(({ language }) => told.push(language));
    store.change({ language: 'zh-Hant' });
    store.change({ notifications: { pairing: false, lost: true, share: false } });
    stop();
    store.change({ language: 'en' });
    expect(told).toEqual(['zh-Hant', 'zh-Hant']);
    expect(openPreferences(folder).get()).toEqual({
      ...DEFAULT_PREFERENCES,
      language: 'en',
      notifications: { pairing: false, lost: true, share: false },
    });
  });

  test('leave out what they do not know, and fill in what is missing', () => {
    const text = { theme: 'light', planet: 'Mars', notifications: { lost: false, mail: true } };
    writeFileSync(path(), JSON.stringify(text), { mode: 0o600 });
    const store = openPreferences(folder);
    expect(store.get()).toEqual({
      ...DEFAULT_PREFERENCES,
      theme: 'light',
      notifications: { pairing: true, lost: false, share: true },
    });
    store.change({ firstRun: 'done' });
    expect(readFileSync(path(), 'utf8')).not.toContain('Mars');
  });

  test.each(['', '{', '{"theme":"pink"}', '{"keepRunning":1}', '\u0000'])(
    'are the defaults where the file says %j, which is set aside and told',
    (text) => {
      writeFileSync(path(), text, { mode: 0o600 });
      const store = openPreferences(folder);
      expect(store.get()).toEqual(DEFAULT_PREFERENCES);
      expect(store.notice).toBe(
        'Preferences could not be read and were set aside as preferences.broken.json.',
      );
      expect(readFileSync(join(folder, 'preferences.broken.json'), 'utf8')).toBe(text);
      store.change({ theme: 'dark' });
      expect(openPreferences(folder).get().theme).toBe('dark');
    },
  );

  test.each(['7', 'null', '"x"', '[]'])('are the defaults where the file is only %s', (text) => {
    writeFileSync(path(), text, { mode: 0o600 });
    expect(openPreferences(folder).get()).toEqual(DEFAULT_PREFERENCES);
  });

  test('are the same file as the daemon\u2019s, both ways', () => {
    const daemon = openDaemonPreferences(folder);
    daemon.change({ theme: 'dark', language: 'zh-Hans' });
    const store = openPreferences(folder);
    expect(store.get()).toMatchObject({ theme: 'dark', language: 'zh-Hans' });
    store.change({ keepRunning: false });
    expect(openDaemonPreferences(folder).get()).toEqual(store.get());
  });

  test('refuse what is none, and stay what they are', () => {
    const store = openPreferences(folder);
    expect(() => store.change({ theme: 'pink' as 'dark' })).toThrow('pink');
    expect(store.get()).toEqual(DEFAULT_PREFERENCES);
  });

  test.skipIf(process.getuid?.() === 0)('tell of a disk that takes nothing', () => {
    const store = openPreferences(folder);
    chmodSync(folder, 0o500);
    expect(() => store.change({ theme: 'dark' })).toThrow(
      expect.objectContaining({ code: 'E_DATA_DIR' }),
    );
    chmodSync(folder, 0o700);
    expect(store.get().theme).toBe('system');
  });
});
