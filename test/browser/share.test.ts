/**
 * What people do with ports, through two pages alone: a detected app is shared in one click, opened on
 * the other computer, watched, paused, stopped, taken away. Real daemons, a real browser, a real app.
 *
 * The tests share two paired computers; each begins with nothing shared.
 */
import { networkInterfaces } from 'node:os';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchChromium } from '../support/browser.ts';
import { watchForLeaks } from '../support/leaks.ts';
import {
  addressOf,
  chooseInMenu,
  deviceRow,
  forwardRow,
  goTo,
  pairByLink,
  removeDevice,
  renameThisComputer,
  sees,
  seesNot,
  seesState,
  seesText,
  shareByDialog,
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
import { answers, Download, WebApp } from './support/web-app.ts';

const RATE = 400_000;

const address = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;

let expectNothingLeft: () => Promise<void>;
let browser: Browser;
let desk: UiComputer;
let laptop: UiComputer;
let app: WebApp;
let download: Download | undefined;

beforeAll(async () => {
  expectNothingLeft = watchForLeaks();
  if (cannotShow) return;
  browser = await launchChromium();
  [{ desk, laptop }, app] = await Promise.all([
    startComputers(browser, 'desk', 'laptop'),
    WebApp.start(),
  ]);
  await pairByLink(desk, laptop);
});
beforeEach(async () => {
  if (!cannotShow) await Promise.all([goTo(desk.page, 'Ports'), goTo(laptop.page, 'Ports')]);
});
afterEach(() => {
  download?.end();
  expectQuietPages();
});
afterAll(async () => {
  await endUiComputers();
  await app?.stop();
  await browser?.close();
  await expectNothingLeft();
});

/** The app is shared by the desk, and there for the laptop. Resolves with its port on the laptop. */
async function share(): Promise<number> {
  const row = shareRow(desk.page, String(app.port));
  if ((await row.count()) === 0) await shareDetected(desk.page, app.port);
  await seesState(row, 'Live');
  const there = forwardRow(laptop.page, 'desk');
  await seesState(there, 'Live');
  return localPort(there);
}

function told(port: number, other: number): RegExp {
  return new RegExp(
    `^Port ${port} is already used on this computer by .+ \\(PID \\d+\\)\\. Using ${other} instead\\.$`,
  );
}

async function localPort(row: Locator): Promise<number> {
  return Number((await addressOf(row)).split(':')[1]);
}

/** What stands at the small curve of a row, for those who do not see it. */
function rateOf(row: Locator): Locator {
  return row.getByRole('img');
}

describe.skipIf(cannotShow)('a port', () => {
  test('is shared in one click, and appears on the other page', async () => {
    await sees(laptop.page.getByText('Nothing shared with you yet.'));
    await shareDetected(desk.page, app.port);
    await seesState(shareRow(desk.page, String(app.port)), 'Live');
    await seesText(shareRow(desk.page, String(app.port)), 'All paired devices');
    const row = forwardRow(laptop.page, 'desk');
    await seesText(row, `desk: ${app.port}`);
    await seesState(row, 'Live');
    expect(await answers(await localPort(row))).toBe(true);
  });

  test.skipIf(address === undefined)(
    'gets another port where its own is taken, and the person is told',
    async () => {
      // On this computer, but not where forwards are: as if it were another one's.
      const server = await WebApp.start(address, app.port);
      try {
        await shareByDialog(desk.page, `${address}:${app.port}`, 'Office');
        const row = forwardRow(laptop.page, 'Office');
        const port = await localPort(row);
        expect(port).not.toBe(app.port);
        await seesText(row, told(app.port, port));
        await row.getByRole('button', { name: 'Change' }).click();
        await sees(laptop.page.getByRole('dialog', { name: 'Local port of Office' }));
        await laptop.page.keyboard.press('Escape');
        await chooseInMenu(desk.page, shareRow(desk.page, 'Office'), 'Stop Sharing');
        await seesNot(row.getByText('Live', { exact: true }));
        await chooseInMenu(laptop.page, row, 'Disconnect');
        await seesNot(row);
      } finally {
        await server.stop();
      }
    },
  );

  test('opens in a tab of its own, at a site of its own, with its WebSocket', async () => {
    const port = await share();
    const [tab] = await Promise.all([
      laptop.page.context().waitForEvent('page'),
      forwardRow(laptop.page, 'desk')
        .getByRole('button', { name: /^Open .+ in the browser$/ })
        .click(),
    ]);
    await sees(tab.getByRole('heading', { name: "Ship's log" }));
    expect(tab.url()).toBe(`http://desk.localhost:${port}/`);
    await seesText(tab, 'heard: ahoy');
    expect(await tab.evaluate<unknown>('opener')).toBe(null);
    await tab.close();
  });

  test('shows what flows through it, within a tenth of what does', async () => {
    download = await Download.begin(await share(), RATE);
    const [here, there] = [shareRow(desk.page, String(app.port)), forwardRow(laptop.page, 'desk')];
    const [shown] = await Promise.all([untilSteady(there, 'down'), untilSteady(here, 'up')]);
    expect(shown).toBeGreaterThan(RATE * 0.9);
    expect(shown).toBeLessThan(RATE * 1.1);
    download.end();
    await sees(there.getByRole('img', { name: /^0 B\/s down, 0 B\/s up$|^No traffic/ }));
  });

  test('is cut at once when it is not shared any more', async () => {
    const port = await share();
    download = await Download.begin(port, RATE);
    await chooseInMenu(desk.page, shareRow(desk.page, String(app.port)), 'Stop Sharing');
    await download.over;
    await seesNot(shareRow(desk.page, String(app.port)).getByText('Live', { exact: true }));
    expect(await answers(port)).toBe(false);
    const there = forwardRow(laptop.page, 'desk');
    await seesState(there, 'Error');
    await seesText(there, `desk no longer shares port ${app.port} with this computer.`);
    // It stays for when the port is shared again; Disconnect would decline it for good.
    await sees(there);
  });
});

describe.skipIf(cannotShow)('what the people decide', () => {
  test('pause all: nobody can use anything until it is resumed', async () => {
    const port = await share();
    download = await Download.begin(port, RATE);
    await desk.page.getByRole('button', { name: 'Pause all sharing' }).click();
    await download.over;
    await sees(desk.page.getByText('Nobody can use your ports.'));
    await seesState(shareRow(desk.page, String(app.port)), 'Paused');
    expect(await answers(port)).toBe(false);
    await desk.page.getByRole('button', { name: 'Resume', exact: true }).click();
    await seesNot(desk.page.getByText('Nobody can use your ports.'));
    await seesState(forwardRow(laptop.page, 'desk'), 'Live');
    expect(await answers(port)).toBe(true);
  });

  test('pause one, and resume it', async () => {
    const port = await share();
    const row = shareRow(desk.page, String(app.port));
    download = await Download.begin(port, RATE);
    await chooseInMenu(desk.page, row, 'Pause');
    await download.over;
    await seesState(row, 'Paused');
    await seesNot(forwardRow(laptop.page, 'desk').getByText('Live', { exact: true }));
    await chooseInMenu(desk.page, row, 'Resume');
    await seesState(row, 'Live');
    await seesState(forwardRow(laptop.page, 'desk'), 'Live');
    expect(await answers(port)).toBe(true);
  });

  test('an app that is not running is named on both pages, and comes back by itself', async () => {
    const port = await share();
    const [here, there] = [shareRow(desk.page, String(app.port)), forwardRow(laptop.page, 'desk')];
    await app.stop();
    expect(await answers(port)).toBe(false);
    await Promise.all([seesState(here, 'Waiting'), seesState(there, 'Waiting')]);
    await Promise.all([
      seesText(
        here,
        `Nothing answers on 127.0.0.1:${app.port}. Start your app; sharing resumes by itself.`,
      ),
      seesText(there, 'Nothing answers there on desk. Start the app there.'),
    ]);
    await app.startAgain();
    await Promise.all([seesState(here, 'Live'), seesState(there, 'Live')]);
    expect(await answers(port)).toBe(true);
  });

  test('take it from one device: it is cut there, and told why', async () => {
    const port = await share();
    download = await Download.begin(port, RATE);
    await chooseInMenu(desk.page, shareRow(desk.page, String(app.port)), 'Who can use it…');
    const dialog = desk.page.getByRole('dialog', { name: /^Who can use/ });
    const tick = dialog.getByRole('checkbox', { name: 'laptop' });
    await tick.click();
    await download.over;
    expect(await answers(port)).toBe(false);
    await seesText(
      forwardRow(laptop.page, 'desk'),
      `desk no longer shares port ${app.port} with this computer.`,
    );
    await tick.click();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await seesState(forwardRow(laptop.page, 'desk'), 'Live');
    expect(await answers(port)).toBe(true);
  });

  test('call this computer by another name: the other page shows it', async () => {
    await share();
    await renameThisComputer(desk.page, 'Schreibtisch');
    await sees(forwardRow(laptop.page, 'Schreibtisch'));
    await goTo(laptop.page, 'Devices');
    await sees(deviceRow(laptop.page, 'Schreibtisch'));
    expect(await deviceRow(laptop.page, 'desk').count()).toBe(0);
    await renameThisComputer(desk.page, 'desk');
    await sees(deviceRow(laptop.page, 'desk'));
  });

  test('remove the device: both are cut, and both pages say so', async () => {
    const port = await share();
    download = await Download.begin(port, RATE);
    await removeDevice(desk.page, 'laptop');
    await download.over;
    expect(await answers(port)).toBe(false);
    await sees(desk.page.getByText('No devices yet.'));
    await goTo(laptop.page, 'Devices');
    await seesText(
      deviceRow(laptop.page, 'desk'),
      'desk has removed this computer. To use it again you must pair again.',
    );
    expect(desk.home.storedPeers()).toEqual([]);
  });
});

/** Reads the text at a curve until it has stayed within a tenth for some seconds. */
async function untilSteady(row: Locator, way: 'down' | 'up'): Promise<number> {
  const samples: number[] = [];
  const isSteady = async (): Promise<boolean> => {
    samples.push(rateIn(await rateOf(row).getAttribute('aria-label'), way));
    const last = samples.slice(-5);
    return last.length === 5 && last.every((rate) => Math.abs(rate - RATE) <= RATE / 10);
  };
  await expect
    .poll(isSteady, { timeout: 30_000, interval: 500, message: `a steady rate ${way}` })
    .toBe(true);
  return samples.at(-1) ?? 0;
}

const UNITS: Readonly<Record<string, number>> = { B: 1, kB: 1000, MB: 1_000_000 };

/** Bytes a second in `400 kB/s down, 120 B/s up`. */
function rateIn(label: string | null, way: 'down' | 'up'): number {
  const [, number, unit = ''] = new RegExp(`([\\d.]+) (\\w+)/s ${way}`).exec(label ?? '') ?? [];
  return Number(number ?? 0) * (UNITS[unit] ?? 0);
}
