/** The built page in Chromium, with a Porthole that is played: activity, settings, first steps. */
import { readFileSync } from 'node:fs';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { portholeError } from '../../src/shared/errors.ts';
import { launchChromium, noChromium } from '../support/browser.ts';
import type { FakePorthole } from '../support/fake-porthole.ts';
import { SCENES } from '../support/page-scenes.ts';
import type { SceneName } from '../support/page-scenes.ts';
import { servePage } from '../support/page-server.ts';
import type { PageServer } from '../support/page-server.ts';

let browser: Browser;
let server: PageServer | undefined;
let page: Page;
let fake: FakePorthole;
const complaints: string[] = [];

/** A busy machine takes its time; Vitest's own second is too short. */
function expectSoon<T>(look: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { timeout: 30_000 });
}

async function openPage(scene: SceneName = 'usual'): Promise<void> {
  fake = SCENES[scene]();
  server = await servePage(fake);
  const permissions = ['clipboard-read', 'clipboard-write'];
  const context = await browser.newContext({ reducedMotion: 'reduce', permissions });
  page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(server.url);
  // The keys work once the first answer is there.
  await page.getByText('studio', { exact: true }).waitFor();
}

const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
const field = (name: string): Locator => page.getByRole('textbox', { name, exact: true });
const changes = (): unknown[] => fake.callsOf('changeSettings');

async function openSettings(): Promise<void> {
  await openPage();
  await page.keyboard.press('Control+4');
  await field('Device name').waitFor();
}

describe.skipIf(noChromium)('the pages around it', () => {
  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
  });

  afterEach(async () => {
    await page.context().close();
    await server?.close();
    if (complaints.length > 0) throw new Error(complaints.splice(0).join('\n'));
  });

  test('a name is saved with Enter; one that cannot be saved stays, with the reason', async () => {
    await openSettings();
    await field('Device name').fill('workbench');
    await page.keyboard.press('Enter');
    await page.getByText('Saved').waitFor();
    expect(changes()).toEqual([{ deviceName: 'workbench' }]);
    await field('Device name').fill(' ');
    await page.keyboard.press('Tab');
    await page.getByText('Give this computer a name.').waitFor();
    fake.failNext('changeSettings', portholeError('E_USAGE', { problem: 'No such name.' }));
    await field('Device name').fill('other');
    await page.keyboard.press('Enter');
    await page.getByText('No such name.').waitFor();
    expect(await field('Device name').inputValue()).toBe('other');
    expect(changes()).toHaveLength(2);
  });

  test('servers are checked, added and removed; a password is told once and forgotten', async () => {
    await openSettings();
    await field('Add a rendezvous server').fill('rv2.example.com');
    await page.keyboard.press('Enter');
    await page.getByText('Enter an address like wss://rendezvous.example.org').waitFor();
    await field('Add a rendezvous server').fill('wss://rv2.example.com');
    await page.keyboard.press('Enter');
    await button('Remove wss://rv2.example.com').waitFor();
    expect(await field('Add a rendezvous server').inputValue()).toBe('');
    await button('Remove wss://rv.example.com').click();
    await button('Remove wss://rv.example.com').waitFor({ state: 'detached' });
    await field('Server').fill('turn2.example.com');
    await field('User name').fill('ada');
    await page.getByLabel('Password').fill('p@ss:word');
    await button('Add a relay').click();
    await expectSoon(() => page.getByLabel('Password').inputValue()).toBe('');
    const kept = 'turn:porthole@relay.example.com:3478';
    expect(changes()).toEqual([
      { rendezvous: ['wss://rv.example.com', 'wss://rv2.example.com'] },
      { rendezvous: ['wss://rv2.example.com'] },
      { turn: [kept, 'turn:ada:p%40ss%3Aword@turn2.example.com'] },
    ]);
  });

  test('what needs a restart says so, and offers it only in the desktop app', async () => {
    await openPage();
    fake.settings = { ...fake.settings, restart: 'needed' };
    await page.keyboard.press('Control+4');
    await page.getByText('This takes effect when Porthole starts again.').waitFor();
    await page.getByText('Stop Porthole where it runs, and start it again.').waitFor();
    fake.setShell({ kind: 'desktop', tray: 'missing', login: 'available' });
    await button('Restart now').click();
    await expectSoon(() => fake.callsOf('relaunch')).toEqual([{}]);
    await page.getByText('Your desktop has no tray area.').waitFor();
  });

  test('the language changes at once, everywhere', async () => {
    await openSettings();
    await page.getByRole('combobox', { name: 'Language' }).click();
    await page.getByRole('option', { name: '繁體中文' }).click();
    await page.getByRole('heading', { name: '設定', exact: true }).waitFor();
    expect(await page.evaluate('document.documentElement.lang')).toBe('zh-Hant');
    await page.getByText('因為沒有可用的系統金鑰圈').waitFor();
  });

  test('an identity is exported behind a passphrase that was typed twice', async () => {
    await openSettings();
    await button('Export identity…').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Passphrase', { exact: true }).fill('correct horse');
    await dialog.getByLabel('Passphrase again').fill('correct house');
    await page.keyboard.press('Enter');
    await dialog.getByText('The two passphrases are not the same.').waitFor();
    expect(fake.callsOf('backup')).toEqual([]);
    await dialog.getByLabel('Passphrase again').fill('correct horse');
    const download = page.waitForEvent('download');
    await page.keyboard.press('Enter');
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^porthole-identity-\d{4}-\d\d-\d\d\.txt$/);
    expect(readFileSync(await file.path(), 'utf8')).toBe('PORTHOLE BACKUP');
    expect(fake.callsOf('backup')).toEqual([{ passphrase: 'correct horse' }]);
    await dialog.waitFor({ state: 'detached' });
  });

  test('the log is filtered, stands still, goes on, and is saved', async () => {
    await openPage();
    await page.keyboard.press('Control+3');
    const log = page.getByRole('log');
    await log.getByText('laptop: connected directly').waitFor();
    await page.keyboard.press('Control+f');
    await page.keyboard.type('RELAY');
    await page.getByText('1 of 3 lines').waitFor();
    const download = page.waitForEvent('download');
    await button('Export').click();
    expect(readFileSync(await (await download).path(), 'utf8')).toBe(
      '2026-11-21T14:03:48.007Z warn  home server: using the relay\n',
    );
    await page.locator('[data-filter]').fill('xyz');
    await page.getByText('Nothing matches "xyz".').waitFor();
    await button('Clear filter').click();
    await button('Pause').click();
    fake.log({ at: new Date().toISOString(), level: 'info', text: 'something new' });
    await button('1 new since you paused').click();
    await log.getByText('something new').waitFor();
    await button('Copy diagnostics').click();
    await page.getByText('Diagnostics copied.').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(fake.diagnostics);
  });

  test('the first steps: a name, a code, a port, done', async () => {
    await openPage('first-run');
    await field('Name of this computer').fill('workbench');
    await button('Continue').click();
    await page.getByRole('button', { name: 'Show a code' }).click();
    await button('Copy link').waitFor();
    fake.pairing.compare('482913');
    await button('They match').click();
    await expectSoon(() => fake.pairing.inputs).toHaveLength(1);
    fake.pairing.succeed();
    await button('Done').click();
    await button('Share port 3000').click();
    await page.getByText('Shared', { exact: true }).waitFor();
    await button('Continue').click();
    await page.getByText('Close this page whenever you like.').waitFor();
    await button('Open Porthole').click();
    await page.getByRole('heading', { name: 'Ports', exact: true }).waitFor();
    expect(changes()).toEqual([{ deviceName: 'workbench' }]);
    expect(fake.shell.preferences.firstRun).toBe('done');
  });

  test('the first steps can be left by the navigation, and be skipped for good', async () => {
    await openPage('first-run');
    await button('Continue').waitFor();
    expect(await page.getByRole('navigation').getByRole('link').count()).toBe(4);
    await button('Continue').click();
    await button('Skip').click();
    await button('Back').click();
    await button('Skip the first steps').click();
    await page.getByRole('heading', { name: 'Ports', exact: true }).waitFor();
    await expectSoon(() => fake.shell.preferences.firstRun).toBe('done');
    expect(fake.callsOf('invite')).toEqual([]);
  });
});
