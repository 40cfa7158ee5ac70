import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openPreferences } from '../../../src/control/preferences.ts';
import { webShellHandlers } from '../../../src/control/web-ui/web-shell.ts';
import type { ShellHandlers } from '../../../src/shared/calls/api.ts';
import { localApi } from '../../../src/shared/calls/local-api.ts';
import type { CallParams, ShellCallName } from '../../../src/shared/contract.ts';
import { DEFAULT_PREFERENCES } from '../../../src/shared/shell-calls.ts';
import { FORWARD, PEER, talkOf } from '../../support/control-handlers.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-shell-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const COPY = { ...PEER, id: 'ZZZZZ-A', name: 'Laptop!' };

function shellOf(platform: NodeJS.Platform = 'linux', peers = [PEER]) {
  const preferences = openPreferences(folder);
  const handlers: ShellHandlers = webShellHandlers({
    version: '1.2.3',
    platform,
    preferences,
    forwards: () => [FORWARD],
    peers: () => peers,
  });
  const api = localApi(handlers);
  const ask = <Name extends ShellCallName>(name: Name, params: CallParams<Name>) =>
    api.call(name, params, talkOf<Name>());
  return { api, ask, preferences };
}

describe('the shell of a browser', () => {
  test('tells what it is, and every change of preferences once it is asked for more', async () => {
    const { api, ask, preferences } = shellOf('darwin');
    const talk = talkOf<'shell'>();
    const feed = api.call('shell', {}, talk);
    await expect.poll(() => talk.events).toHaveLength(1);
    expect(talk.events[0]).toEqual({
      kind: 'web',
      platform: 'macos',
      version: '1.2.3',
      languages: [],
      tray: 'none',
      login: 'unavailable',
      preferences: DEFAULT_PREFERENCES,
    });
    // Two changes before it asks again are told as one.
    await ask('changePreferences', { theme: 'light' });
    await ask('changePreferences', { theme: 'dark', language: 'zh-Hant' });
    expect(talk.events).toHaveLength(1);
    talk.inputs.push('more');
    await expect.poll(() => talk.events).toHaveLength(2);
    expect(talk.events[1]?.preferences).toMatchObject({ theme: 'dark', language: 'zh-Hant' });
    talk.inputs.push('more');
    await ask('changePreferences', { firstRun: 'done' });
    await expect.poll(() => talk.events).toHaveLength(3);
    talk.wish.abort();
    await expect(feed).rejects.toMatchObject({ name: 'AbortError' });
    expect(preferences.get().firstRun).toBe('done');
  });

  test('has no wishes, and ends with its page', async () => {
    const { api } = shellOf();
    const talk = talkOf<'wishes'>();
    const feed = api.call('wishes', {}, talk);
    talk.wish.abort();
    await expect(feed).rejects.toMatchObject({ name: 'AbortError' });
    expect(talk.events).toEqual([]);
  });

  test('row 8: opens a forward as a site of its peer, and nothing else', async () => {
    const { ask } = shellOf();
    expect(await ask('openForward', { local: FORWARD.local })).toEqual({
      url: 'http://laptop.localhost:5432/',
    });
    for (const local of ['127.0.0.1:5433', 'evil.example:5432', '', 'javascript:alert(1)']) {
      await expect(ask('openForward', { local })).rejects.toMatchObject({
        code: 'E_FORWARD_UNKNOWN',
      });
    }
  });

  test('row 8: a peer that takes the name of another gets no cookies of it', async () => {
    const { ask } = shellOf('linux', [PEER, COPY]);
    const { url } = await ask('openForward', { local: FORWARD.local });
    expect(url).toBe(`http://laptop-${PEER.id.toLowerCase()}.localhost:5432/`);
  });

  test('leaves to the desktop app what only that can do', async () => {
    const { ask } = shellOf();
    expect(await ask('camera', {})).toEqual({ access: 'ask-in-page' });
    const message = 'Only the desktop app can do this.';
    const refused = { code: 'E_NOT_HERE', message };
    await expect(ask('relaunch', {})).rejects.toMatchObject(refused);
    await expect(ask('openSystemSettings', { about: 'camera' })).rejects.toMatchObject(refused);
  });
});

const path = (): string => join(folder, 'preferences.json');

describe('preferences', () => {
  test('are kept, for this user alone, and nothing is written before one is changed', () => {
    const store = openPreferences(folder);
    expect(store.get()).toEqual(DEFAULT_PREFERENCES);
    expect(readdirSync(folder)).toEqual([]);
    store.change({ theme: 'dark' });
    expect(openPreferences(folder).get()).toEqual({ ...DEFAULT_PREFERENCES, theme: 'dark' });
    expect(statSync(path()).mode & 0o077).toBe(0);
  });

  test('of another version count as far as they are known', () => {
    writeFileSync(path(), JSON.stringify({ theme: 'dark', language: 'tlh', later: 1 }));
    const store = openPreferences(folder);
    expect([store.get(), store.notice]).toEqual([
      { ...DEFAULT_PREFERENCES, theme: 'dark' },
      undefined,
    ]);
  });

  test.each(['{', '"x"', '\0'])('that are damaged (%j) are set aside, and it is said', (text) => {
    writeFileSync(path(), text);
    const store = openPreferences(folder);
    expect(store.get()).toEqual(DEFAULT_PREFERENCES);
    expect(store.notice).toMatch(/^Preferences could not be read/);
    expect(readFileSync(join(folder, 'preferences.broken.json'), 'utf8')).toBe(text);
  });

  test('tell who listens, until it stops', () => {
    const store = openPreferences(folder);
    const heard: string[] = [];
    const stop = store.subscribe(({ theme }) => heard.push(theme));
    store.change({ theme: 'dark' });
    stop();
    store.change({ theme: 'light' });
    expect(heard).toEqual(['dark']);
  });
});
