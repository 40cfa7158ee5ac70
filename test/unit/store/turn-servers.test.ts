/** TURN servers and their passwords: real files, and who may read them. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../../src/engine/pairing/secret.ts';
import { realFileSystem } from '../../../src/engine/store/file-system.ts';
import { FileSettingsStore } from '../../../src/engine/store/settings-store.ts';
import { turnServersGiven, turnServersOf } from '../../../src/engine/store/turn-servers.ts';
import { hitsIn } from '../../support/planted.ts';

const PASSWORD = 'an-Unmistakable-pass:w/rd';
const ENTRY = `turn:me:${PASSWORD}@turn.example:3478`;
const planted = new Map([['password', Buffer.from(PASSWORD)]]);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-turn-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function thrownBy(action: () => unknown): Error {
  try {
    action();
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error('nothing was thrown');
}

function settings(): FileSettingsStore {
  return new FileSettingsStore({ folder, access: 'write', fileSystem: realFileSystem });
}

describe('the password file', () => {
  const urls = ['turn:me@turn.example:1', 'turn:you@192.0.2.1'];

  test.each(['', '\n', '\r\nmore\n'])('its first line, ended by %j', (end) => {
    const passwordFile = write('password', PASSWORD + end);
    const servers = turnServersGiven({ urls, passwordFile });
    expect(servers).toMatchObject([
      { kind: 'turn', host: 'turn.example', port: 1, username: 'me' },
      { kind: 'turn', host: '192.0.2.1', port: 3478, username: 'you' },
    ]);
    const [first] = servers;
    expect(Buffer.from(first?.password.reveal() ?? []).toString()).toBe(PASSWORD);
    expect(hitsIn(`${JSON.stringify(servers)} ${inspect(servers)}`, planted)).toEqual([]);
  });

  test.each([0o644, 0o640, 0o604])('is refused when others can read it: %o', (mode) => {
    const passwordFile = write('password', PASSWORD, mode);
    const error = thrownBy(() => turnServersGiven({ urls, passwordFile }));
    expect(error).toMatchObject({ code: 'E_DATA_DIR_OPEN' });
    expect(error.message).toContain('chmod 600');
  });

  test('is refused as a link, missing, empty or a book', () => {
    const real = write('real', PASSWORD);
    symlinkSync(real, join(folder, 'link'));
    write('empty', '\n');
    write('book', 'x'.repeat(10_000));
    for (const name of ['link', 'missing', 'empty', 'book']) {
      const error = thrownBy(() => turnServersGiven({ urls, passwordFile: join(folder, name) }));
      expect([name, error]).toEqual([name, expect.objectContaining({ code: 'E_DATA_FILE' })]);
    }
  });

  test('goes with a server', () => {
    const passwordFile = write('password', PASSWORD);
    expect(turnServersGiven({ urls: [], passwordFile: undefined })).toEqual([]);
    for (const given of [
      { urls: [], passwordFile },
      { urls, passwordFile: undefined },
    ]) {
      expect(thrownBy(() => turnServersGiven(given))).toMatchObject({ code: 'E_USAGE' });
    }
  });
});

function content(turn: readonly string[]): string {
  return JSON.stringify({ version: 1, turn });
}

describe('settings.json', () => {
  test('gives the servers, and shows no password', () => {
    write('settings.json', content([ENTRY]));
    const store = settings();
    const { turn = [] } = store.get();
    expect(turnServersOf(turn)).toMatchObject([{ host: 'turn.example', username: 'me' }]);
    expect(hitsIn(`${JSON.stringify(store.get())} ${inspect(store.get())}`, planted)).toEqual([]);
  });

  test('keeps them when something else is saved, and is 0600 then', () => {
    write('settings.json', content([ENTRY]));
    const store = settings();
    store.save({ ...store.get(), signalingPort: 4000 });
    const saved = readFileSync(join(folder, 'settings.json'), 'utf8');
    expect(JSON.parse(saved)).toMatchObject({ turn: [ENTRY], signalingPort: 4000 });
    expect(settings().get().turn).toHaveLength(1);
  });

  test('with a password is refused when others can read it, without one is not', () => {
    write('settings.json', content([ENTRY]), 0o644);
    const error = thrownBy(settings);
    expect(error).toMatchObject({ code: 'E_DATA_DIR_OPEN' });
    expect(error.message).toContain('chmod 600');
    write('settings.json', content([]), 0o644);
    expect(settings().get().turn).toEqual([]);
  });

  test.each(['turn:h:1', 'turn:me@h', 'turn:me:Unmistakable@', `${ENTRY}?transport=tcp`])(
    'an entry that is no server is told without it: %s',
    (entry) => {
      const error = thrownBy(() => turnServersOf([new Secret(Buffer.from(entry))]));
      expect(error).toMatchObject({ code: 'E_USAGE' });
      expect(error.message).not.toContain('Unmistakable');
    },
  );
});
