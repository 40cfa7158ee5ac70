/** The built page in Chromium, with a Porthole that is played: every way a code gets in and out. */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { portholeError } from '../../src/shared/errors.ts';
import { launchChromium, noChromium } from '../support/browser.ts';
import { cameraShowing } from '../support/fake-camera.ts';
import type { FakePorthole } from '../support/fake-porthole.ts';
import { SCENES } from '../support/page-scenes.ts';
import { servePage } from '../support/page-server.ts';
import type { PageServer } from '../support/page-server.ts';

/** Version 1, no flags, and nearly as long as a link gets. */
const LINK = `porthole://pair#AQBc${'DeF0123456789_-c'.repeat(11)}`;
const OFFER = `porthole://pair#AQJc${'DeF0123456789_-c'.repeat(16)}`;
const ANSWER = `porthole://answer#AYBc${'DeF0123456789_-c'.repeat(16)}`;

let browser: Browser;
let camera: string;
let server: PageServer | undefined;
let page: Page;
let fake: FakePorthole;
const complaints: string[] = [];

/** A busy machine takes its time; Vitest's own second is too short. */
function expectSoon<T>(look: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { timeout: 30_000 });
}

async function openPage(options: BrowserContextOptions = {}): Promise<void> {
  fake = SCENES.usual();
  fake.pairing.link = LINK;
  server = await servePage(fake);
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(server.url);
  // The keys work once the first answer is there.
  await page.getByText('studio', { exact: true }).waitFor();
}

const dialog = (): Locator => page.getByRole('dialog');
const button = (name: string | RegExp): Locator => dialog().getByRole('button', { name });
const text = (part: string): Locator => dialog().getByText(part);
const joined = (): string[] =>
  fake.callsOf('join').map((params) => (params as { readonly code: string }).code);

async function enterCode(): Promise<void> {
  await page.keyboard.press('Control+d');
  await dialog().getByRole('tab', { name: 'Enter code' }).click();
}

/** The picture that the page saves of the code it shows. */
async function savedPicture(): Promise<string> {
  await page.keyboard.press('Control+d');
  const download = page.waitForEvent('download');
  await button('Save picture').click();
  return await (await download).path();
}

describe.skipIf(noChromium)('adding a device', () => {
  beforeAll(async () => {
    camera = cameraShowing(LINK);
    browser = await launchChromium(
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${camera}`,
    );
  });

  afterAll(async () => {
    await browser.close();
    rmSync(dirname(camera), { recursive: true });
  });

  afterEach(async () => {
    await page.context().close();
    await server?.close();
    if (complaints.length > 0) throw new Error(complaints.splice(0).join('\n'));
  });

  test('the link is copied; closing the dialog ends the invite', async () => {
    await openPage({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.keyboard.press('Control+d');
    await button('Copy link').click();
    await button('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(LINK);
    expect(fake.pairing.isOver).toBe(false);
    await page.keyboard.press('Escape');
    await expectSoon(() => fake.pairing.isOver).toBe(true);
  });

  test('a saved picture is read again', async () => {
    await openPage();
    const picture = await savedPicture();
    const chooser = page.waitForEvent('filechooser');
    await dialog().getByRole('tab', { name: 'Enter code' }).click();
    await button('Read from picture').click();
    await (await chooser).setFiles(picture);
    await expectSoon(joined).toEqual([LINK]);
    await text('Connecting to the other computer…').waitFor();
  });

  test('a picture without a code is told, and what was typed stays', async () => {
    await openPage();
    await enterCode();
    await dialog().getByRole('textbox').fill('mine');
    const chooser = page.waitForEvent('filechooser');
    await button('Read from picture').click();
    await (
      await chooser
    ).setFiles({
      name: 'note.txt.png',
      mimeType: 'image/png',
      buffer: Buffer.from('no picture'),
    });
    await text('That file is not a picture that can be read.').waitFor();
    expect(await dialog().getByRole('textbox').inputValue()).toBe('mine');
    expect(joined()).toEqual([]);
  });

  test('the camera reads a code, and its light is off behind it', async () => {
    await openPage({ permissions: ['camera'] });
    await page.evaluate(`{
      const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (wanted) => (globalThis.seen = await open(wanted));
    }`);
    await enterCode();
    await button('Scan with camera').click();
    await expectSoon(joined).toEqual([LINK]);
    const states = await page.evaluate('seen.getTracks().map((track) => track.readyState)');
    expect(states).toEqual(['ended']);
  });

  test('a camera that is not allowed is told, with another way', async () => {
    await openPage();
    await page.evaluate(`navigator.mediaDevices.getUserMedia = () =>
      Promise.reject(new DOMException('no', 'NotAllowedError'))`);
    await enterCode();
    await button('Scan with camera').click();
    await text('Porthole cannot use the camera. Paste the code or choose').waitFor();
    await button('Stop scanning').click();
    await expectSoon(() => page.evaluate('document.activeElement?.textContent')).toBe(
      'Scan with camera',
    );
  });

  test('a link only fills the box; a failure keeps it there', async () => {
    await openPage();
    fake.wish({ kind: 'add-device', code: LINK });
    await text('A link brought this code.').waitFor();
    expect(await dialog().getByRole('textbox').inputValue()).toBe(LINK);
    expect(fake.callsOf('join')).toEqual([]);
    expect(fake.callsOf('invite')).toEqual([]);
    fake.failNext('join', portholeError('E_INVITE_USED'));
    await button('Connect').click();
    await text('This code was already used. Ask for a new one.').waitFor();
    await expectSoon(() => page.evaluate('document.activeElement?.tagName')).toBe('TEXTAREA');
    expect(await dialog().getByRole('textbox').inputValue()).toBe(LINK);
    fake.wish({ kind: 'add-device', code: OFFER });
    await expectSoon(() => dialog().getByRole('textbox').inputValue()).toBe(OFFER);
  });

  test('a link does not disturb a pairing that is under way', async () => {
    await openPage();
    await page.keyboard.press('Control+d');
    await button('Copy link').waitFor();
    fake.pairing.compare('048213');
    await button('They match').waitFor();
    fake.wish({ kind: 'add-device', code: LINK });
    await button('They match').click();
    await expectSoon(() => fake.pairing.inputs).toEqual([{ kind: 'verdict', match: true }]);
    expect(fake.pairing.isOver).toBe(false);
  });

  test.each([
    ['a greeting', 'hello', 'This is not a Porthole code.'],
    ['half a code', 'porthole://pair#AQB+', 'The code is incomplete.'],
    ['an answer', ANSWER, 'This is an answer, not a code to pair with.'],
  ])('%s is not tried', async (_name, given, sentence) => {
    await openPage();
    await enterCode();
    await dialog().getByRole('textbox').fill(given);
    await text(sentence).waitFor();
    await button('Connect').click();
    expect(joined()).toEqual([]);
  });

  test('numbers are compared by keyboard alone, and read as digits', async () => {
    await openPage();
    await page.keyboard.press('Control+d');
    await button('Copy link').waitFor();
    fake.pairing.compare('048213', 'laptop');
    const heading = dialog().getByRole('heading', { name: 'Compare the numbers' });
    await heading.waitFor();
    await expectSoon(() => page.evaluate('document.activeElement?.tagName')).toBe('H3');
    await text('0 4 8, 2 1 3').waitFor({ state: 'attached' });
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expectSoon(() => fake.pairing.inputs).toEqual([{ kind: 'verdict', match: true }]);
    fake.pairing.succeed();
    const webApp = dialog().getByRole('checkbox', { name: 'Web app' });
    expect(await webApp.isChecked()).toBe(true);
    await webApp.click();
    await expectSoon(() => fake.callsOf('revoke').length).toBe(1);
    await expectSoon(() => webApp.isChecked()).toBe(false);
    await button('Done').click();
    await dialog().waitFor({ state: 'detached' });
  });

  test('numbers that differ stop it, with what that can mean', async () => {
    await openPage();
    await page.keyboard.press('Control+d');
    await button('Copy link').waitFor();
    fake.pairing.compare('048213');
    await button("They don't match").click();
    await expectSoon(() => fake.pairing.inputs).toEqual([{ kind: 'verdict', match: false }]);
    fake.pairing.fail(portholeError('E_DIGITS_DIFFER'));
    await text('someone may be between the two computers').waitFor();
    await button('New code').click();
    await button('Copy link').waitFor();
    expect(fake.callsOf('invite')).toHaveLength(2);
  });

  test('a second device that tries the code ends it, and the page says so', async () => {
    await openPage();
    await page.keyboard.press('Control+d');
    await button('Copy link').waitFor();
    fake.pairing.fail(portholeError('E_INVITE_BURNED', { name: 'x' }));
    await text('Another device (name "x") also tried this code.').waitFor();
    expect(await button('New code').isVisible()).toBe(true);
  });

  test('by hand: a code goes over, a wrong answer is told, the right one is taken', async () => {
    await openPage();
    fake.pairing.link = OFFER;
    await page.keyboard.press('Control+d');
    await button('No network between the two?').click();
    const answer = dialog().getByRole('textbox', { name: 'Answer of the other computer' });
    expect(await dialog().getByRole('textbox', { name: 'Code for' }).inputValue()).toBe(OFFER);
    expect(fake.callsOf('invite').at(-1)).toMatchObject({ mode: 'offline' });
    fake.pairing.want();
    await answer.fill(OFFER);
    await text('This is a code to pair with, not the answer').waitFor();
    await answer.fill(ANSWER);
    await button('Continue').click();
    await expectSoon(() => fake.pairing.inputs).toEqual([{ kind: 'answer', blob: ANSWER }]);
    fake.pairing.emit({ kind: 'warning', text: portholeError('E_ANSWER_MISMATCH').message });
    await text('This answer belongs to another code.').waitFor();
    expect(await answer.inputValue()).toBe(ANSWER);
  });

  test('by hand, on the other side: the answer is there to be carried back', async () => {
    await openPage();
    await enterCode();
    await dialog().getByRole('textbox').fill(OFFER);
    await text('there will be an answer to carry back').waitFor();
    await button('Connect').click();
    await expectSoon(joined).toEqual([OFFER]);
    fake.pairing.emit({ kind: 'answer', blob: ANSWER });
    await dialog().getByRole('heading', { name: 'Carry the answer back' }).waitFor();
    expect(await dialog().getByRole('textbox').inputValue()).toBe(ANSWER);
  });
});
