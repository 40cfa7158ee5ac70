/**
 * Electron's security checklist (docs/tutorial/security.md, points 1 to 20), one test for each point,
 * against the options and handlers that the app really gives to Electron.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PermissionWish } from '../../../src/main/desktop/desktop.ts';
import { pagePolicy } from '../../../src/shared/page-policy.ts';
import { CALL_CHANNEL } from '../../../src/shared/ipc-channels.ts';
import { AppScene, closeScenes } from '../../support/app-scene.ts';

let scene: AppScene;

beforeAll(async () => {
  scene = new AppScene();
  await scene.start();
  await scene.shown();
});

afterAll(closeScenes);

function preferences(): NonNullable<(typeof scene.desktop.window.options)['webPreferences']> {
  return scene.desktop.window.options.webPreferences ?? {};
}

const CAMERA: PermissionWish = {
  permission: 'media',
  origin: 'app://porthole',
  frame: 'main',
  media: ['video'],
};

const ELSEWHERE = [
  'https://example.com/',
  'http://127.0.0.1:3000/',
  'ws://127.0.0.1:3000/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'app://porthole.example.com/',
  'app://other/',
  'chrome://gpu/',
  'devtools://devtools/bundled/inspector.html',
  'about:blank',
];

describe('Electron security checklist', () => {
  test('1: only secure content is loaded', () => {
    expect(scene.desktop.window.loaded).toEqual(['app://porthole/']);
    for (const url of ELSEWHERE) expect(scene.desktop.session.requests(url)).toBe(false);
    expect(scene.desktop.session.requests('app://porthole/assets/page-x1.js')).toBe(true);
    expect(scene.desktop.session.requests('blob:app://porthole/8c1f')).toBe(true);
    expect(scene.desktop.session.requests('blob:https://example.com/8c1f')).toBe(false);
  });

  test('2: no Node in pages, workers and inner frames', () => {
    expect(preferences()).toMatchObject({
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
    });
  });

  test('3: the preload script has a world of its own', () => {
    expect(preferences().contextIsolation).toBe(true);
  });

  test('4: every process is sandboxed, from before ready', () => {
    const { asked } = scene.desktop.app;
    expect(asked.indexOf('enableSandbox')).toBeLessThan(asked.indexOf('whenReady'));
    expect(preferences().sandbox).toBe(true);
  });

  test('5: permissions are denied, but the camera and copying, to the page', () => {
    const { permits } = scene.desktop.session;
    expect(permits(CAMERA)).toBe(true);
    expect(permits({ ...CAMERA, permission: 'clipboard-sanitized-write', media: [] })).toBe(true);
    const denied: Partial<PermissionWish>[] = [
      { media: ['audio'] },
      { media: ['video', 'audio'] },
      { media: ['unknown'] },
      { media: [] },
      { frame: 'inner' },
      { origin: '' },
      { origin: 'null' },
      { origin: 'https://example.com' },
      { origin: 'app://porthole.example.com' },
      { permission: 'clipboard-read', origin: 'https://example.com' },
      { permission: 'clipboard-read', frame: 'inner' },
      { permission: 'clipboard-sanitized-write', origin: 'https://example.com' },
      { permission: 'clipboard-sanitized-write', frame: 'inner' },
      ...[
        'geolocation',
        'notifications',
        'midi',
        'midiSysex',
        'display-capture',
        'openExternal',
      ].map((permission) => ({ permission })),
      ...['hid', 'serial', 'usb', 'fullscreen', 'pointerLock', 'fileSystem', 'unknown'].map(
        (permission) => ({ permission }),
      ),
    ];
    expect(denied.filter((change) => permits({ ...CAMERA, ...change }))).toEqual([]);
  });

  test('6: web security is on', () => {
    expect(preferences().webSecurity).toBe(true);
  });

  test('7: a content security policy, in a header of every answer', async () => {
    const answer = scene.desktop.session.served.get('app');
    for (const path of ['', 'index.html', 'assets/page-x1.js', 'nothing', '../secret']) {
      const served = await answer?.({ url: `app://porthole/${path}`, method: 'GET' });
      expect(served?.headers['content-security-policy']).toBe(pagePolicy());
      expect(served?.headers['x-content-type-options']).toBe('nosniff');
    }
    expect(pagePolicy()).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; media-src blob:; worker-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    );
  });

  test('8: no insecure content', () => {
    expect(preferences().allowRunningInsecureContent).toBe(false);
  });

  test('9: no experimental features', () => {
    expect(preferences().experimentalFeatures).toBe(false);
  });

  test('10: no blink features', () => {
    expect(preferences().enableBlinkFeatures).toBeUndefined();
  });

  test('11: no webview', () => {
    expect(preferences().webviewTag).toBe(false);
  });

  test('12: no webview by other means', () => {
    expect(scene.desktop.rules().mayAttachWebview()).toBe(false);
  });

  test('13: no page goes anywhere', () => {
    const rules = scene.desktop.rules();
    for (const url of [...ELSEWHERE, 'app://porthole/']) expect(rules.mayNavigate(url)).toBe(false);
    expect(preferences().navigateOnDragDrop).toBe(false);
  });

  test('14: no page opens windows', () => {
    const rules = scene.desktop.rules();
    for (const url of [...ELSEWHERE, 'app://porthole/']) {
      expect(rules.mayOpenWindow(url)).toBe(false);
    }
  });

  test('15: nothing a page says is opened outside', async () => {
    for (const local of [
      ...ELSEWHERE,
      '127.0.0.1:1',
      'example.com:80',
      '127.0.0.1:80@evil.example',
    ]) {
      await expect(scene.call('openForward', { local })).rejects.toMatchObject({
        code: 'E_FORWARD_UNKNOWN',
      });
    }
    expect(scene.desktop.opened).toEqual([]);
  });

  test('16: a current Electron', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    expect(Number.parseInt(manifest.devDependencies['electron'] ?? '', 10)).toBeGreaterThanOrEqual(
      45,
    );
  });

  test('17: the sender of every message is looked at', () => {
    const { desktop } = scene;
    const message = JSON.stringify({ id: 1, call: 'settings', params: {} });
    const before = desktop.window.sent.length;
    desktop.say(CALL_CHANNEL, message, { frame: 'inner' });
    desktop.say(CALL_CHANNEL, message, { frame: 'gone', origin: '' });
    desktop.say(CALL_CHANNEL, message, { origin: 'https://example.com' });
    desktop.say(CALL_CHANNEL, message, { origin: 'null' });
    desktop.say(CALL_CHANNEL, message, { origin: 'app://porthole.example.com' });
    desktop.say(CALL_CHANNEL, message, { pageId: 4711 });
    desktop.say(CALL_CHANNEL, { id: 1 });
    desktop.say('other', message);
    expect(desktop.window.sent).toHaveLength(before);
    desktop.say(CALL_CHANNEL, 'no message');
    expect(desktop.window.sent).toHaveLength(before + 1);
  });

  test('18: a scheme of its own, that serves a list of files', async () => {
    expect(scene.desktop.app.asked).toContain('registerPageScheme app');
    expect([...scene.desktop.session.served.keys()]).toEqual(['app']);
  });

  test('19: what the fuses forbid, nothing here needs', () => {
    // The fuses themselves are in electron-builder.yml, with a test of their own (test/unit/packaging).
    expect(preferences().preload).toMatch(/preload\.cjs$/);
    expect(preferences().devTools).toBe(false);
  });

  test('20: the page gets calls, not Electron', () => {
    // What the preload script exposes: test/unit/main/preload.test.ts.
    expect(scene.desktop.channels).toEqual([CALL_CHANNEL]);
  });

  test('downloads: only what the page made itself, under a name that is no path', () => {
    const { downloads } = scene.desktop.session;
    expect(downloads('blob:app://porthole/1', 'porthole.json')).toEqual({
      saveAs: 'porthole.json',
    });
    for (const name of ['../../.bashrc', '/etc/passwd', 'C:\\Windows\\x', '..', '\u0000\n']) {
      const decided = downloads('blob:app://porthole/1', name);
      expect(decided === 'refuse' ? '' : decided.saveAs).toMatch(/^[^./\\][^/\\]*$/);
    }
    for (const url of ELSEWHERE) expect(downloads(url, 'x.txt')).toBe('refuse');
  });
});
