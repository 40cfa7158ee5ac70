/**
 * The other ways a code gets from one computer to the other, through their pages alone: a saved
 * picture, a camera that sees the screen, two codes carried by hand. Real daemons, a real browser.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../support/browser.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { filmOf } from './support/camera-film.ts';
import {
  addDeviceDialog,
  clipboardOf,
  codeBox,
  confirmPairing,
  download,
  enterCode,
  PATIENTLY,
  sees,
  seesText,
  showCode,
  skipFirstSteps,
} from './support/person.ts';
import {
  cannotShow,
  endUiComputers,
  expectQuietPages,
  startComputers,
  UiComputer,
} from './support/ui-computer.ts';

let expectNothingLeft: () => Promise<void>;
let browser: Browser;
let folder: string;

beforeAll(async () => {
  expectNothingLeft = watchForLeaks();
  folder = mkdtempSync(join(tmpdir(), 'porthole-film-'));
  if (!cannotShow) browser = await launchChromium();
});
afterEach(endUiComputers);
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
  await expectNothingLeft();
});

describe.skipIf(cannotShow)('pairing', () => {
  test('by a picture that one page saves and the other reads', async () => {
    const { desk, laptop } = await startComputers(browser, 'desk', 'laptop');
    const shown = await showCode(desk.page);
    const picture = await download(desk.page, shown.getByRole('button', { name: 'Save picture' }));
    const dialog = await enterCode(laptop.page);
    await choosePicture(laptop, Buffer.from('no picture'));
    await seesText(dialog, 'That file is not a picture that can be read.');
    await choosePicture(laptop, picture);
    await confirmPairing(desk, laptop);
    expectQuietPages();
  });

  test('by two codes that are carried by hand', async () => {
    const { desk, laptop } = await startComputers(browser, 'desk', 'laptop');
    const shown = await showCode(desk.page);
    await shown.getByRole('button', { name: 'No network between the two?' }).click();
    await shown.getByRole('button', { name: 'Copy code' }).click(PATIENTLY);
    const code = await clipboardOf(desk.page);
    const dialog = await enterCode(laptop.page);
    await codeBox(dialog).fill(code);
    await seesText(dialog, 'This code is carried by hand: there will be an answer to carry back.');
    await dialog.getByRole('button', { name: 'Connect' }).click();
    await dialog.getByRole('button', { name: 'Copy answer' }).click(PATIENTLY);
    const answer = await clipboardOf(laptop.page);
    const box = shown.getByRole('textbox', { name: 'Answer of the other computer' });
    await box.fill(code);
    await seesText(shown, 'This is a code to pair with, not the answer to the code shown here.');
    await box.fill(answer);
    await shown.getByRole('button', { name: 'Continue' }).click();
    await confirmPairing(desk, laptop);
    expectQuietPages();
  });

  test('by a camera that sees the screen of the other computer', async () => {
    const { desk } = await startComputers(browser, 'desk');
    const shown = await showCode(desk.page);
    const qr = shown.getByRole('img', { name: 'QR code of the link to add a device' });
    const film = join(folder, 'screen.y4m');
    filmOf(await qr.screenshot({ type: 'png' }), film);
    const withCamera = await launchChromium(
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-video-capture=${film}`,
    );
    try {
      const laptop = await UiComputer.start('laptop', withCamera);
      await skipFirstSteps(laptop.page);
      await enterCode(laptop.page);
      await laptop.page.getByRole('button', { name: 'Scan with camera' }).click();
      await confirmPairing(desk, laptop);
      expectQuietPages();
    } finally {
      await withCamera.close();
    }
  });

  test('a computer without a camera says so, and what to do instead', async () => {
    const { laptop } = await startComputers(browser, 'laptop');
    await enterCode(laptop.page);
    await laptop.page.getByRole('button', { name: 'Scan with camera' }).click();
    const dialog = addDeviceDialog(laptop.page);
    await seesText(dialog.getByRole('alert'), /Paste the code or choose a picture instead\.$/);
    await dialog.getByRole('button', { name: 'Stop scanning' }).click();
    await sees(codeBox(dialog));
    // The focus goes back to where it came from.
    expect(await dialog.locator('button:focus').textContent()).toBe('Scan with camera');
    expectQuietPages();
  });
});

async function choosePicture({ page }: UiComputer, buffer: Buffer): Promise<void> {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Read from picture' }).click(),
  ]);
  await chooser.setFiles({ name: 'code.png', mimeType: 'image/png', buffer });
}
