/** What only the real Electron can show: that the shell's assumptions about it hold. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RealApp } from './real-app.ts';

let app = new RealApp();

beforeEach(() => {
  app = new RealApp();
});

afterEach(() => app.end());

test('the page is at its own origin, and answers come to it', async () => {
  await app.start();
  const page = await app.page();
  expect(page.url()).toBe('app://porthole/');
  const outcome = await page.evaluate(async () => {
    const { porthole } = globalThis as unknown as {
      porthole: {
        status(params: object, listener: object): { outcome: Promise<{ ok: boolean }> };
      };
    };
    const listener = { onEvent: () => undefined, onWanted: () => undefined };
    return await porthole.status({}, listener).outcome;
  });
  expect(outcome.ok).toBe(true);
});

test('the page has calls and no Node', async () => {
  await app.start();
  const page = await app.page();
  const found = await page.evaluate(() =>
    ['process', 'require', 'module', 'Buffer', 'ipcRenderer'].filter((name) => name in globalThis),
  );
  expect(found).toEqual([]);
});

test('the page reaches no network, and goes nowhere', async () => {
  await app.start();
  const page = await app.page();
  const fetched = await page.evaluate(() =>
    fetch('http://127.0.0.1:9/').then(
      () => 'reached',
      () => 'blocked',
    ),
  );
  expect(fetched).toBe('blocked');
  await page.evaluate(() => {
    (globalThis as unknown as { location: { href: string } }).location.href =
      'https://example.com/';
  });
  expect(page.url()).toBe('app://porthole/');
});

test('the window has what its options say', async () => {
  const electron = await app.start();
  await app.page();
  const [size] = await electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map((window) => window.getMinimumSize()),
  );
  expect(size).toEqual([420, 480]);
});

test('--hidden shows no window', async () => {
  const electron = await app.start('--hidden');
  const windows = await electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().filter((window) => window.isVisible()),
  );
  expect(windows).toEqual([]);
});
