/**
 * Two people pair two computers by a link, through their pages alone: the whole way, what happens
 * when the numbers differ, and when somebody else has the link, too. Real daemons, a real browser.
 */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../support/browser.ts';
import { watchForLeaks } from '../support/leaks.ts';
import {
  addDeviceDialog,
  compareDigits,
  connectWith,
  copyLink,
  finishPairing,
  PATIENTLY,
  pairByLink,
  sayTheyDiffer,
  sayTheyMatch,
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

describe.skipIf(cannotShow)('pairing by a link', () => {
  test('both see the same number, agree, and are connected; then the link is used up', async () => {
    const { desk, laptop, tablet } = await startComputers(browser, 'desk', 'laptop', 'tablet');
    const link = await pairByLink(desk, laptop);
    expect(desk.home.storedPeers()).toHaveLength(1);
    expect(laptop.home.storedPeers()).toHaveLength(1);
    const dialog = await connectWith(tablet.page, link);
    await seesText(
      dialog,
      'This code was already used. Ask for a new one. If you did not use it, tell the other person.',
    );
    expect(tablet.home.storedPeers()).toEqual([]);
    expectQuietPages();
  });

  test('numbers that differ stop it, and nothing is stored on either', async () => {
    const computers = await startComputers(browser, 'desk', 'laptop');
    const { desk, laptop } = computers;
    await showCode(desk.page);
    await connectWith(laptop.page, await copyLink(desk.page));
    await compareDigits(desk.page, laptop.page);
    await sayTheyDiffer(laptop.page);
    for (const { page, home } of [desk, laptop]) {
      await seesText(
        addDeviceDialog(page),
        'Pairing stopped. The numbers did not match, so someone may be between the two computers. Try again with a new code on a network you trust.',
      );
      expect(home.storedPeers()).toEqual([]);
    }
    expectQuietPages();
  });

  test('whoever comes second with the same link is turned away, and the owner hears of it', async () => {
    const { desk, laptop, thief } = await startComputers(browser, 'desk', 'laptop', 'thief');
    await showCode(desk.page);
    const link = await copyLink(desk.page);
    await connectWith(laptop.page, link);
    await compareDigits(desk.page, laptop.page);
    const dialog = await connectWith(thief.page, link);
    await seesText(dialog, 'This code was already used.');
    await seesText(
      addDeviceDialog(desk.page).getByRole('alert'),
      'Another device (thief) also tried this code.',
    );
    await sayTheyMatch(desk.page, laptop.page);
    await Promise.all([finishPairing(desk.page, 'laptop'), finishPairing(laptop.page, 'desk')]);
    expect(desk.home.storedPeers()).toHaveLength(1);
    expect(thief.home.storedPeers()).toEqual([]);
    expectQuietPages();
  });

  test('of two that use one link at once, at most one gets in, and the owner hears of it', async () => {
    const { desk, laptop, thief } = await startComputers(browser, 'desk', 'laptop', 'thief');
    await showCode(desk.page);
    const link = await copyLink(desk.page);
    await Promise.all([connectWith(laptop.page, link), connectWith(thief.page, link)]);
    const owner = addDeviceDialog(desk.page);
    await sees(owner.getByText(/^Another device \(.+\) also tried this code\./));
    const comparing = async (): Promise<number> => {
      const shown = [laptop, thief].map(({ page }) =>
        page.getByRole('heading', { name: 'Compare the numbers' }).count(),
      );
      return (await Promise.all(shown)).reduce((sum, count) => sum + count, 0);
    };
    await expect.poll(comparing, PATIENTLY).toBeLessThanOrEqual(1);
    expect([...laptop.home.storedPeers(), ...thief.home.storedPeers()]).toEqual([]);
    expectQuietPages();
  });
});
