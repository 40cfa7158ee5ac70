/**
 * Porthole is killed and comes back, on either side: what both pages show, and that everything works
 * again without a click. Real daemons, a real browser, a real app.
 *
 * The web UI has a new token at every start (src/control/web-ui/web-ui.ts), so the page of a Porthole
 * that was started again has to be opened by its new link: it says so.
 */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../support/browser.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { AWAY } from './support/page-watch.ts';
import {
  addressOf,
  deviceRow,
  forwardRow,
  goTo,
  PATIENTLY,
  pairByLink,
  sees,
  seesConnected,
  seesState,
  seesText,
  shareDetected,
  shareRow,
} from './support/person.ts';
import {
  cannotShow,
  endUiComputers,
  expectQuietPages,
  startComputers,
} from './support/ui-computer.ts';
import type { UiComputer } from './support/ui-computer.ts';
import { answers, WebApp } from './support/web-app.ts';

/** Each is noticed, told and overcome in its time. */
const TWO_DEATHS = { timeout: 180_000 };

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

/** What the page of a Porthole says that is gone. */
async function seesItGone({ page }: UiComputer): Promise<void> {
  await seesText(page, 'The connection to Porthole was lost.');
  await seesText(page.getByRole('region', { name: 'This device' }), 'Not connected to Porthole');
}

describe.skipIf(cannotShow)('after the death of a Porthole', () => {
  test('everything comes back, on either side, without a click', TWO_DEATHS, async () => {
    const { desk, laptop } = await startComputers(browser, 'desk', 'laptop');
    await pairByLink(desk, laptop);
    await shareDetected(desk.page, app.port);
    await goTo(laptop.page, 'Ports');
    await seesState(forwardRow(laptop.page, 'desk'), 'Live');
    const port = Number((await addressOf(forwardRow(laptop.page, 'desk'))).split(':')[1]);
    expect(await answers(port)).toBe(true);

    await goTo(laptop.page, 'Devices');
    await desk.kill();
    await seesText(
      deviceRow(laptop.page, 'desk'),
      'Connection to desk was interrupted. Reconnecting… your open connections are kept for 60 s.',
    );
    await goTo(laptop.page, 'Ports');
    await seesState(forwardRow(laptop.page, 'desk'), 'Waiting');
    await seesItGone(desk);
    await desk.restart();
    await seesState(forwardRow(laptop.page, 'desk'), 'Live');
    await expect.poll(() => answers(port), PATIENTLY).toBe(true);
    await seesText(desk.page, 'This page is not allowed to use Porthole.');
    await desk.open();
    await seesState(shareRow(desk.page, String(app.port)), 'Live');
    await seesConnected(desk.page, 'laptop');

    await goTo(desk.page, 'Devices');
    await laptop.kill();
    await sees(
      deviceRow(desk.page, 'laptop')
        .getByText(/interrupted|offline|Connecting/)
        .first(),
    );
    await laptop.restart();
    await sees(deviceRow(desk.page, 'laptop').getByText(/^Connected directly/));
    await expect.poll(() => answers(port), PATIENTLY).toBe(true);
    await laptop.open();
    await seesState(forwardRow(laptop.page, 'desk'), 'Live');
    expect(await addressOf(forwardRow(laptop.page, 'desk'))).toBe(`127.0.0.1:${port}`);
    expectQuietPages([AWAY]);
  });
});
