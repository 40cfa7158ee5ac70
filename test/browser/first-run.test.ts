/**
 * The first start of two computers: from the welcome to a shared port by the steps alone, the language
 * on the way, leaving them out, and that they do not come again. Real daemons, a real browser.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../support/browser.ts';
import { watchForLeaks } from '../support/leaks.ts';
import {
  choose,
  clipboardOf,
  compareDigits,
  goTo,
  PATIENTLY,
  sayTheyMatch,
  sees,
  seesConnected,
  seesNot,
  seesState,
  seesText,
  shareRow,
  skipFirstSteps,
} from './support/person.ts';
import { cannotShow, endUiComputers, expectQuietPages, UiComputer } from './support/ui-computer.ts';
import { WebApp } from './support/web-app.ts';

const MINUTE_MS = 60_000;

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

function heading(page: Page, name: string) {
  return page.getByRole('heading', { name, level: 1 });
}

/** Names the computer, and goes on to connecting another one. */
async function introduce(page: Page, name: string): Promise<void> {
  await sees(heading(page, 'Welcome to Porthole'));
  await page.getByRole('textbox', { name: 'Name of this computer' }).fill(name);
  await page.getByRole('button', { name: 'Continue' }).click();
  await sees(heading(page, 'Connect another computer'));
}

/** For this tab, since it was opened. */
async function pageTime(page: Page): Promise<number> {
  return page.evaluate<number>('performance.now()');
}

describe.skipIf(cannotShow)('the first steps', () => {
  test('lead from the welcome to a connected computer in under a minute, and to a shared port', async () => {
    const [desk, laptop] = await Promise.all([
      UiComputer.start('desk', browser),
      UiComputer.start('laptop', browser),
    ]);
    await Promise.all([introduce(desk.page, 'Kitchen'), introduce(laptop.page, 'Attic')]);
    await desk.page.getByRole('button', { name: 'Show a code' }).click();
    await desk.page.getByRole('button', { name: 'Copy link' }).click(PATIENTLY);
    await laptop.page.getByRole('button', { name: 'I have a code' }).click();
    await laptop.page
      .getByRole('textbox', { name: 'Code or link' })
      .fill(await clipboardOf(desk.page));
    await laptop.page.getByRole('button', { name: 'Connect', exact: true }).click();
    await compareDigits(desk.page, laptop.page);
    await sayTheyMatch(desk.page, laptop.page);
    await sees(desk.page.getByRole('heading', { name: 'Paired with Attic' }));
    await sees(laptop.page.getByRole('heading', { name: 'Paired with Kitchen' }));
    for (const { page } of [desk, laptop]) expect(await pageTime(page)).toBeLessThan(MINUTE_MS);

    await desk.page.getByRole('button', { name: 'Done' }).click();
    await sees(heading(desk.page, 'Share your first port'));
    const share = desk.page.getByRole('button', { name: `Share port ${app.port}` });
    await share.click(PATIENTLY);
    await seesNot(share);
    await desk.page.getByRole('button', { name: 'Continue' }).click();
    await sees(heading(desk.page, 'Porthole keeps running here'));
    await desk.page.getByRole('button', { name: 'Open Porthole' }).click();
    await seesState(shareRow(desk.page, String(app.port)), 'Live');
    await seesConnected(desk.page, 'Attic');

    await desk.page.reload();
    await sees(heading(desk.page, 'Ports'));
    expect(await heading(desk.page, 'Welcome to Porthole').count()).toBe(0);
    expectQuietPages();
  });

  test('speak another language at once, and can be left out for good', async () => {
    const { page } = await UiComputer.start('desk', browser);
    await sees(heading(page, 'Welcome to Porthole'));
    await page.evaluate('globalThis.isTheSamePage = true');
    await choose(page, 'Language', '繁體中文');
    await sees(heading(page, '歡迎使用 Porthole'));
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-Hant');
    await choose(page, '語言', '简体中文');
    await sees(heading(page, '欢迎使用 Porthole'));
    await choose(page, '语言', 'English');
    await sees(heading(page, 'Welcome to Porthole'));
    expect(await page.evaluate('globalThis.isTheSamePage')).toBe(true);

    await skipFirstSteps(page);
    await page.reload();
    await sees(heading(page, 'Ports'));
    expect(await heading(page, 'Welcome to Porthole').count()).toBe(0);
    expectQuietPages();
  });

  test('leave the four links where they are, and wait for whoever has gone elsewhere', async () => {
    const { page } = await UiComputer.start('desk', browser);
    await sees(heading(page, 'Welcome to Porthole'));
    expect(await page.getByRole('navigation').getByRole('link').allInnerTexts()).toEqual([
      'Ports',
      'Devices',
      'Activity',
      'Settings',
    ]);
    await goTo(page, 'Settings');
    await page.reload();
    await sees(heading(page, 'Welcome to Porthole'));
    await introduce(page, 'desk');
    await page.getByRole('button', { name: 'Skip', exact: true }).click();
    await sees(heading(page, 'Share your first port'));
    await seesText(page, 'Choose an app that runs on this computer.');
    expectQuietPages();
  });
});
