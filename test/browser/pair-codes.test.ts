/**
 * Codes that are wrong, half, too old, or came by a link: what the page says (design/ux.md C4), and
 * that nothing happens by itself. Real daemons, a real browser.
 *
 * Simulated: the code that a computer made eleven minutes ago is made by the engine's own functions
 * with the time of then; the page that watches its code run out has its clock set forward; a link of
 * the desktop app comes from a daemon that is played (the web UI has none).
 */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createInvite, encodeInvite } from '../../src/engine/pairing/invite.ts';
import { INVITE_LIFE_MS } from '../../src/shared/limits.ts';
import { launchChromium } from '../support/browser.ts';
import { FakePorthole } from '../support/fake-porthole.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { servePage } from '../support/page-server.ts';
import { PageWatch } from './support/page-watch.ts';
import {
  addDeviceDialog,
  clipboardOf,
  codeBox,
  connectWith,
  copyLink,
  digitsOn,
  enterCode,
  sees,
  seesText,
  showCode,
} from './support/person.ts';
import {
  cannotShow,
  endUiComputers,
  expectQuietPages,
  startComputers,
} from './support/ui-computer.ts';

const MINUTE_MS = 60_000;

let expectNothingLeft: () => Promise<void>;
let browser: Browser;

beforeAll(async () => {
  expectNothingLeft = watchForLeaks();
  if (!cannotShow) browser = await launchChromium();
});
afterEach(endUiComputers);
afterAll(async () => {
  await browser?.close();
  await expectNothingLeft();
});

/** What a computer showed then, as far as anybody can tell. */
function codeOf(nowMs: number): string {
  const publicKey = new Uint8Array(32).fill(7);
  return encodeInvite(
    createInvite({ publicKey, nowMs, name: 'attic', endpoints: [], trust: 'compare' }),
  );
}

describe.skipIf(cannotShow)('a code', () => {
  test('that is wrong, half or too old is answered by what is the matter with it', async () => {
    const { desk, laptop } = await startComputers(browser, 'desk', 'laptop');
    await showCode(desk.page);
    const link = await copyLink(desk.page);
    const dialog = await enterCode(laptop.page);
    const box = codeBox(dialog);
    const connect = dialog.getByRole('button', { name: 'Connect' });

    await box.fill('https://example.com/porthole');
    await seesText(
      dialog,
      'This is not a Porthole code. Copy the whole link that starts with porthole://pair#',
    );
    // Whatever is missing: some lengths show it before anything is tried, the check shows the rest.
    for (const missing of [1, 2, 3, 4, 40]) {
      await box.fill(link.slice(0, -missing));
      await connect.click();
      await seesText(dialog, 'The code is incomplete. Copy it again; some characters are missing.');
      expect(await box.inputValue()).toBe(link.slice(0, -missing));
    }
    await box.fill(codeOf(Date.now() - INVITE_LIFE_MS - 11 * MINUTE_MS));
    await connect.click();
    await seesText(dialog, /^This code expired .+\. Ask for a new one\.$/);

    // None of it did any harm: the whole code works.
    await box.fill(link);
    await connect.click();
    expect(await digitsOn(laptop.page)).toBe(await digitsOn(desk.page));
    expect(laptop.home.storedPeers()).toEqual([]);
    expectQuietPages();
  });

  test('does nothing while it is only in the box', async () => {
    const { desk, laptop } = await startComputers(browser, 'desk', 'laptop');
    await showCode(desk.page);
    const link = await copyLink(desk.page);
    const dialog = await enterCode(laptop.page);
    await dialog.getByRole('button', { name: 'Paste from clipboard' }).click();
    const pasted = await clipboardOf(laptop.page);
    expect(await codeBox(dialog).inputValue()).toBe(pasted);
    await codeBox(dialog).fill(link);
    await seesText(dialog, 'Nothing happens until you press Connect.');
    // Had it been used, the code would be used up by now, or about to be: another computer finds it good.
    await dialog.getByRole('button', { name: 'Close' }).click();
    await connectWith(laptop.page, link);
    expect(await digitsOn(laptop.page)).toBe(await digitsOn(desk.page));
    expectQuietPages();
  });

  test('runs out where it is shown, and a new one is made with one click', async () => {
    const { desk } = await startComputers(browser, 'desk');
    await desk.page.clock.install();
    const dialog = await showCode(desk.page);
    const link = await copyLink(desk.page);
    await seesText(dialog.getByRole('timer'), /Good for (10:00|9:\d\d), and for one device/);
    await desk.page.clock.fastForward(INVITE_LIFE_MS + 1000);
    await seesText(dialog, /^This code expired at \d\d:\d\d\.$/);
    await desk.page.clock.resume();
    await dialog.getByRole('button', { name: 'New code' }).click();
    await sees(dialog.getByRole('img', { name: 'QR code of the link to add a device' }));
    await expect.poll(async () => copyLink(desk.page), { timeout: 20_000 }).not.toBe(link);
    expectQuietPages();
  });

  test('that a link brought is filled in, and nothing more', async () => {
    const porthole = new FakePorthole();
    porthole.setShell({ preferences: { ...porthole.shell.preferences, firstRun: 'done' } });
    const server = await servePage(porthole);
    const context = await browser.newContext({ locale: 'en-GB' });
    try {
      const page = await context.newPage();
      const watch = await PageWatch.over(page);
      await page.goto(server.url);
      await sees(page.getByRole('heading', { name: 'Ports', level: 1 }));
      const code = codeOf(Date.now());
      porthole.wish({ kind: 'add-device', code });
      const dialog = addDeviceDialog(page);
      await seesText(dialog, 'A link brought this code. Press Connect only if you asked for it.');
      expect(await codeBox(dialog).inputValue()).toBe(code);
      expect(porthole.callsOf('join')).toEqual([]);
      await dialog.getByRole('button', { name: 'Connect' }).click();
      await expect.poll(() => porthole.callsOf('join').length).toBe(1);
      watch.expectQuiet();
    } finally {
      await context.close();
      await server.close();
    }
  });
});
