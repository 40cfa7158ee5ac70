/** What a page asks of the desktop app, from the message to what the desktop is asked. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ForwardView, PeerView } from '../../../src/shared/contract.ts';
import { Engine } from '../../../src/engine/engine.ts';
import { urlsOfForward } from '../../../src/main/open-forward.ts';
import { SystemHints } from '../../../src/main/system-hints.ts';
import { SYSTEM_HINTS_MS } from '../../../src/shared/limits.ts';
import type { ShellView } from '../../../src/shared/shell-calls.ts';
import { AppScene, closeScenes } from '../../support/app-scene.ts';
import type { SceneOptions } from '../../support/app-scene.ts';
import { until } from '../../support/desktop-double.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

afterEach(async () => {
  vi.restoreAllMocks();
  await closeScenes();
});

async function shown(options: SceneOptions = {}): Promise<AppScene> {
  const scene = new AppScene(options);
  await scene.start();
  await scene.shown();
  return scene;
}

const FORWARD: ForwardView = {
  share: '0'.repeat(32),
  name: 'web',
  local: '127.0.0.1:5173',
  peer: 'ABCDE-FGHIJ',
  peerName: 'Ada\u2019s Laptop',
  sharedPort: 5173,
  why: 'same-port',
  state: 'live',
  connections: 0,
};

function haveForward(): void {
  vi.spyOn(Engine.prototype, 'forwards').mockReturnValue([FORWARD]);
}

describe('openForward', () => {
  test('opens the site of the peer in the browser', async () => {
    haveForward();
    const scene = await shown();
    expect(await scene.call('openForward', { local: FORWARD.local })).toEqual({ url: null });
    expect(scene.desktop.opened).toEqual(['http://adas-laptop.localhost:5173/']);
  });

  test.each([
    [true, 'http://adas-laptop.localhost:5173/'],
    [false, 'http://127.0.0.1:5173/'],
  ])('on macOS uses a name only where the system knows it (%s)', async (knows, url) => {
    haveForward();
    const knowsHost = (): Promise<boolean> => Promise.resolve(knows);
    const scene = await shown({ platform: 'macos', app: { knowsHost } });
    await scene.call('openForward', { local: FORWARD.local });
    expect(scene.desktop.opened).toEqual([url]);
  });

  test.each(['', '127.0.0.1:1', 'http://evil.example/', '127.0.0.1:5173/../x', '127.0.0.1:5173 '])(
    'opens nothing for %j',
    async (local) => {
      haveForward();
      const scene = await shown();
      await expect(scene.call('openForward', { local })).rejects.toMatchObject({
        code: 'E_FORWARD_UNKNOWN',
      });
      expect(scene.desktop.opened).toEqual([]);
    },
  );

  test.each(['"><script>', '../..', 'evil.example/#', '\u202elaptop', '電腦', 'a@b:80', ''])(
    'a peer called %j has a host of letters, digits and hyphens',
    (peerName) => {
      const peers: PeerView[] = [];
      const status = { forwards: [{ ...FORWARD, peerName }], peers } as never;
      const { named } = urlsOfForward(FORWARD.local, status);
      expect(named).toMatch(/^http:\/\/[a-z0-9]+(-[a-z0-9]+)*\.localhost:5173\/$/);
      expect(new URL(named).port).toBe('5173');
    },
  );
});

describe('camera', () => {
  test.each([
    ['macos', 'unknown', true, 'granted'],
    ['macos', 'unknown', false, 'denied'],
    ['windows', 'denied', true, 'denied'],
    ['windows', 'granted', true, 'ask-in-page'],
    ['linux', 'unknown', true, 'ask-in-page'],
  ] as const)('on %s with %s and %s is %s', async (platform, status, answer, access) => {
    const scene = await shown({ platform });
    scene.desktop.cameraStatus = status;
    scene.desktop.cameraAnswer = answer;
    expect(await scene.call('camera', {})).toEqual({ access });
  });
});

describe('openSystemSettings', () => {
  test.each([
    ['macos', 'camera', 'x-apple.systempreferences:com.apple.preference.security?Privacy_Camera'],
    [
      'macos',
      'local-network',
      'x-apple.systempreferences:com.apple.preference.security?Privacy_LocalNetwork',
    ],
    ['windows', 'camera', 'ms-settings:privacy-webcam'],
    ['windows', 'login', 'ms-settings:startupapps'],
  ] as const)('on %s about %s', async (platform, about, url) => {
    const scene = await shown({ platform });
    await scene.call('openSystemSettings', { about });
    expect(scene.desktop.opened).toEqual([url]);
  });

  test('says that Linux has none', async () => {
    const scene = await shown();
    await expect(scene.call('openSystemSettings', { about: 'camera' })).rejects.toMatchObject({
      code: 'E_NOT_HERE',
    });
  });
});

describe('preferences', () => {
  test('are told to the page, and work at once', async () => {
    const scene = await shown({ platform: 'macos', languages: ['en-US', 'zh-Hant-TW'] });
    const views: ShellView[] = [];
    const end = new AbortController();
    const feed = scene.call(
      'shell',
      {},
      { signal: end.signal, emit: (view) => views.push(view), nextInput: async () => 'more' },
    );
    await until(() => views.length === 1);
    expect(views[0]).toMatchObject({
      kind: 'desktop',
      platform: 'macos',
      version: '1.2.3',
      languages: ['en-US', 'zh-Hant-TW'],
      tray: 'none',
      login: 'available',
    });
    expect(scene.desktop.theme).toBe('system');
    expect(menuLabels(scene)).toContain('Edit');

    await scene.call('changePreferences', { theme: 'dark', language: 'zh-Hans' });
    await until(() => views.length === 2);
    expect(views[1]?.preferences).toMatchObject({ theme: 'dark', language: 'zh-Hans' });
    expect(scene.desktop.theme).toBe('dark');
    expect(menuLabels(scene)).toContain('编辑');
    end.abort();
    await feed.catch(() => undefined);
  });

  test('that are none are refused, and change nothing', async () => {
    const scene = await shown();
    const change = { theme: 'pink' as 'dark' };
    await expect(scene.call('changePreferences', change)).rejects.toMatchObject({
      code: 'E_CONTROL',
    });
    expect(scene.desktop.theme).toBe('system');
  });
});

function menuLabels({ desktop }: AppScene): (string | undefined)[] {
  return (desktop.menu ?? []).map(({ label }) => label);
}

describe('the menu of the app', () => {
  test('is only on macOS, where copying and pasting come from it', async () => {
    const { desktop } = await shown();
    expect(desktop.menu).toBeNull();
    const mac = await shown({ platform: 'macos' });
    const roles = JSON.stringify(mac.desktop.menu);
    for (const role of [
      'copy',
      'paste',
      'selectAll',
      'undo',
      'quit',
      'about',
      'minimize',
      'hide',
    ]) {
      expect(roles).toContain(`"${role}"`);
    }
    expect(roles).not.toMatch(/devtools|reload/i);
  });
});

test('hints of the system are passed on at once, and at the end of a burst', () => {
  const clock = new VirtualClock();
  let told = 0;
  const hints = new SystemHints(clock, () => {
    told += 1;
  });
  hints.hint();
  expect(told).toBe(1);
  hints.hint();
  hints.hint();
  expect(told).toBe(1);
  clock.advance(SYSTEM_HINTS_MS);
  expect(told).toBe(2);
  clock.advance(SYSTEM_HINTS_MS);
  expect(told).toBe(2);
  hints.hint();
  hints.close();
  hints.hint();
  clock.advance(10 * SYSTEM_HINTS_MS);
  expect(told).toBe(3);
  expect(clock.pendingTimers).toBe(0);
});
