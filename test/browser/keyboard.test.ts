/**
 * Two people without a mouse pair two computers, share a port and stop: every step by keys, the focus
 * in sight at each. Real daemons, a real browser, a real app.
 */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../support/browser.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { Keyboard, reportPointers } from './support/keyboard.ts';
import {
  addDeviceDialog,
  codeBox,
  compareDigits,
  forwardRow,
  sees,
  seesNot,
  seesState,
  shareRow,
} from './support/person.ts';
import { cannotShow, endUiComputers, expectQuietPages, UiComputer } from './support/ui-computer.ts';
import { WebApp } from './support/web-app.ts';

let expectNothingLeft: () => Promise<void>;
let browser: Browser;
let app: WebApp;

beforeAll(async () => {
  expectNothingLeft = watchForLeaks();
  if (cannotShow) return;
  [browser, app] = await Promise.all([launchChromium(), WebApp.start()]);
});
afterEach(endUiComputers);
afterAll(async () => {
  await app?.stop();
  await browser?.close();
  await expectNothingLeft();
});

/** Behind the first steps, which are left by keys, too. */
async function start(name: string): Promise<UiComputer & { readonly keys: Keyboard }> {
  const computer = await UiComputer.start(name, browser);
  const { page } = computer;
  await reportPointers(page.context());
  await page.reload();
  const keys = new Keyboard(page);
  await keys.use(page.getByRole('button', { name: 'Skip the first steps' }));
  await sees(page.getByRole('heading', { name: 'Ports', level: 1 }));
  return Object.assign(computer, { keys });
}

describe.skipIf(cannotShow)('with the keyboard alone', () => {
  test('two people pair, share a port, use it and stop', async () => {
    const [desk, laptop] = await Promise.all([start('desk'), start('laptop')]);

    // The desk shows a code, by the button; Escape brings the focus back to it.
    await desk.keys.use(desk.page.getByRole('link', { name: 'Devices' }));
    const add = desk.page.getByRole('button', { name: 'Add a device' }).first();
    await desk.keys.use(add);
    await sees(addDeviceDialog(desk.page));
    await desk.keys.press('Escape');
    await seesNot(addDeviceDialog(desk.page));
    await desk.keys.expectOn(add);
    await desk.keys.press('Enter');
    const shown = addDeviceDialog(desk.page);
    await desk.keys.use(shown.getByRole('button', { name: 'Copy link' }));
    await sees(shown.getByRole('button', { name: 'Copied' }));

    // The laptop takes it, by the shortcut.
    await laptop.keys.press('Control+d');
    const dialog = addDeviceDialog(laptop.page);
    await laptop.keys.goTo(dialog.getByRole('tab', { name: 'Show code' }));
    await laptop.keys.press('ArrowRight', 'Enter');
    await laptop.keys.goTo(codeBox(dialog));
    await laptop.keys.type(await desk.page.evaluate<string>('navigator.clipboard.readText()'));
    await laptop.keys.use(dialog.getByRole('button', { name: 'Connect' }));
    await compareDigits(desk.page, laptop.page);
    for (const { page, keys } of [desk, laptop]) {
      await keys.use(page.getByRole('button', { name: 'They match' }));
    }
    for (const { page, keys } of [desk, laptop]) {
      await keys.use(page.getByRole('button', { name: 'Done' }));
      await seesNot(addDeviceDialog(page));
    }
    await desk.keys.expectOn(add);

    // The desk shares the app that was found.
    await desk.keys.press('Control+1', 'F5');
    const share = desk.page.getByRole('button', { name: `Share port ${app.port}`, exact: true });
    const first = desk.page
      .getByRole('list', { name: 'Detected on this computer' })
      .getByRole('button')
      .first();
    await sees(share);
    await desk.keys.goTo(first);
    await desk.keys.use(share, 'ArrowDown');
    const row = shareRow(desk.page, String(app.port));
    await seesState(row, 'Live');
    await laptop.keys.press('Control+1');
    const there = forwardRow(laptop.page, 'desk');
    await seesState(there, 'Live');

    // The laptop opens it.
    await laptop.keys.goTo(there.getByRole('button', { name: /^Open .+ in the browser$/ }));
    const [tab] = await Promise.all([
      laptop.page.context().waitForEvent('page'),
      laptop.keys.press('Enter'),
    ]);
    await sees(tab.getByRole('heading', { name: "Ship's log" }));
    await tab.close();

    // The desk stops, by the menu of the row; Escape closes a menu first.
    const more = row.getByRole('button', { name: /^More actions for/ });
    await desk.keys.goTo(row.getByRole('button').first());
    await desk.keys.use(more, 'ArrowRight');
    await sees(desk.page.getByRole('menu'));
    await desk.keys.press('Escape');
    await seesNot(desk.page.getByRole('menu'));
    await desk.keys.expectOn(more);
    await desk.keys.press('Enter');
    await desk.keys.use(desk.page.getByRole('menuitem', { name: 'Stop Sharing' }), 'ArrowDown');
    await seesNot(row);
    await seesState(there, 'Error');
    expectQuietPages();
  });

  test('the keys are told, and a dialog keeps them to itself', async () => {
    const { page, keys } = await start('desk');
    await keys.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await sees(dialog);
    await keys.press('Control+2');
    expect(await page.title()).toBe('Ports – Porthole');
    await keys.press('Escape');
    await seesNot(dialog);
    await keys.press('Control+n');
    await sees(page.getByRole('dialog', { name: 'Share a port' }));
    await keys.press('Escape');
    for (const [at, name] of ['Ports', 'Devices', 'Activity', 'Settings'].entries()) {
      await keys.press(`Control+${at + 1}`);
      await sees(page.getByRole('heading', { name, level: 1, exact: true }));
    }
    expectQuietPages();
  });
});
