/**
 * What a person does at a page of Porthole and what they see there, by the names that a screen reader
 * tells too. Any page of playwright will do: of a browser, or of the desktop app.
 */
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** For what goes through two engines and a network on a busy machine. */
export const PATIENTLY = {
  timeout: Math.min(30_000, Number(process.env['TEST_PATIENCE_MS'] ?? Number.POSITIVE_INFINITY)),
} as const;

export type PageName = 'Ports' | 'Devices' | 'Activity' | 'Settings';

export async function skipFirstSteps(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Skip the first steps' }).click();
  await sees(page.getByRole('heading', { name: 'Ports', level: 1 }));
}

export async function goTo(page: Page, name: PageName): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
  await sees(page.getByRole('heading', { name, level: 1, exact: true }));
}

export async function sees(what: Locator): Promise<void> {
  await what.waitFor({ state: 'visible', ...PATIENTLY });
}

export async function seesNot(what: Locator): Promise<void> {
  await what.waitFor({ state: 'hidden', ...PATIENTLY });
}

export async function seesText(at: Page | Locator, text: string | RegExp): Promise<void> {
  await sees(at.getByText(text).first());
}

/** One of the choices of a field. */
export async function choose(page: Page, field: string, choice: string): Promise<void> {
  await page.getByRole('combobox', { name: field, exact: true }).click();
  await page.getByRole('option', { name: choice, exact: true }).click();
  await seesNot(page.getByRole('listbox'));
}

/** What the clipboard of this page's computer holds. */
export async function clipboardOf(page: Page): Promise<string> {
  return page.evaluate<string>('navigator.clipboard.readText()');
}

/** What a button downloads, as bytes. */
export async function download(page: Page, button: Locator): Promise<Buffer> {
  const [saved] = await Promise.all([page.waitForEvent('download'), button.click()]);
  const chunks: Buffer[] = [];
  for await (const chunk of await saved.createReadStream()) chunks.push(chunk as Buffer);
  await saved.delete();
  return Buffer.concat(chunks);
}

// ── Pairing ─────────────────────────────────────────────────────────────────────────────────────

export function addDeviceDialog(page: Page): Locator {
  return page.getByRole('dialog', { name: 'Add a device' });
}

/** The dialog with a fresh code of this computer. */
export async function showCode(page: Page): Promise<Locator> {
  await goTo(page, 'Devices');
  await page.getByRole('button', { name: 'Add a device' }).first().click();
  const dialog = addDeviceDialog(page);
  await sees(dialog.getByRole('img', { name: 'QR code of the link to add a device' }));
  return dialog;
}

/** The dialog where a code goes. */
export async function enterCode(page: Page): Promise<Locator> {
  await goTo(page, 'Devices');
  await page.getByRole('button', { name: 'Add a device' }).first().click();
  const dialog = addDeviceDialog(page);
  await dialog.getByRole('tab', { name: 'Enter code' }).click();
  await sees(codeBox(dialog));
  return dialog;
}

export function codeBox(dialog: Locator): Locator {
  return dialog.getByRole('textbox', { name: 'Code or link' });
}

/** The link of the code that is shown, as the person copies it. */
export async function copyLink(page: Page): Promise<string> {
  await addDeviceDialog(page).getByRole('button', { name: 'Copy link' }).click();
  await sees(addDeviceDialog(page).getByRole('button', { name: 'Copied' }));
  return clipboardOf(page);
}

export async function connectWith(page: Page, code: string): Promise<Locator> {
  const dialog = await enterCode(page);
  await codeBox(dialog).fill(code);
  await dialog.getByRole('button', { name: 'Connect' }).click();
  return dialog;
}

/** The six digits that are to be compared, as they are read aloud. */
export async function digitsOn(at: Page | Locator): Promise<string> {
  await sees(at.getByRole('heading', { name: 'Compare the numbers' }));
  return (await at.getByText(/^\d \d \d, \d \d \d$/).textContent(PATIENTLY)) ?? '';
}

/** Both people look at both screens, and find the same number there. */
export async function compareDigits(...pages: readonly Page[]): Promise<void> {
  const [first, ...others] = await Promise.all(pages.map(digitsOn));
  expect(first).toMatch(/^\d \d \d, \d \d \d$/);
  for (const other of others) expect(other).toBe(first);
}

export async function sayTheyMatch(...pages: readonly Page[]): Promise<void> {
  for (const page of pages) await page.getByRole('button', { name: 'They match' }).click();
}

export async function sayTheyDiffer(page: Page): Promise<void> {
  await page.getByRole('button', { name: "They don't match" }).click();
}

/** The end of the way: paired, and the dialog is gone. */
export async function finishPairing(page: Page, other: string): Promise<void> {
  await sees(page.getByRole('heading', { name: `Paired with ${other}` }));
  await page.getByRole('button', { name: 'Done' }).click();
  await seesNot(addDeviceDialog(page));
}

export interface Side {
  readonly page: Page;
  /** What the other one reads. */
  readonly name: string;
}

/**
 * From the first click to "connected" on both pages: one shows a link, the other pastes it. Resolves
 * with the link.
 */
export async function pairByLink(desk: Side, laptop: Side): Promise<string> {
  await showCode(desk.page);
  const link = await copyLink(desk.page);
  await connectWith(laptop.page, link);
  await confirmPairing(desk, laptop);
  return link;
}

/** Both compare, agree and close; then each is connected to the other. */
export async function confirmPairing(desk: Side, laptop: Side): Promise<void> {
  await compareDigits(desk.page, laptop.page);
  await sayTheyMatch(desk.page, laptop.page);
  await Promise.all([finishPairing(desk.page, laptop.name), finishPairing(laptop.page, desk.name)]);
  await Promise.all([seesConnected(desk.page, laptop.name), seesConnected(laptop.page, desk.name)]);
}

export function deviceRow(page: Page, name: string): Locator {
  return page
    .getByRole('list', { name: 'Paired devices' })
    .getByRole('listitem')
    .filter({ hasText: name });
}

export async function seesConnected(page: Page, name: string): Promise<void> {
  await goTo(page, 'Devices');
  await sees(deviceRow(page, name).getByText(/^Connected directly/));
}

/** Changes what the other devices call this computer. */
export async function renameThisComputer(page: Page, name: string): Promise<void> {
  await goTo(page, 'Settings');
  const field = page.getByRole('textbox', { name: 'Device name' });
  await field.fill(name);
  await field.press('Enter');
  await sees(page.getByRole('status').getByText('Saved'));
}

export async function removeDevice(page: Page, name: string): Promise<void> {
  await goTo(page, 'Devices');
  await chooseInMenu(page, deviceRow(page, name), 'Remove device…');
  const dialog = page.getByRole('dialog', { name: `Remove ${name}?` });
  await seesText(dialog, 'It loses access at once. To use it again you must pair again.');
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
  await seesNot(dialog);
}

// ── Ports ───────────────────────────────────────────────────────────────────────────────────────

function rowIn(page: Page, list: string, text: string | RegExp): Locator {
  return page.getByRole('list', { name: list }).getByRole('listitem').filter({ hasText: text });
}

/** Of a port that this computer shares. */
export function shareRow(page: Page, name: string | RegExp): Locator {
  return rowIn(page, 'Shared by this computer', name);
}

/** Of a port of another device. */
export function forwardRow(page: Page, name: string | RegExp): Locator {
  return rowIn(page, 'On other devices', name);
}

/** One click, on an app that was found. */
export async function shareDetected(page: Page, port: number): Promise<void> {
  await goTo(page, 'Ports');
  await page.getByRole('button', { name: 'Rescan' }).click();
  await page.getByRole('button', { name: `Share port ${port}`, exact: true }).click(PATIENTLY);
}

/** Through the dialog, with an address of another computer than this. */
export async function shareByDialog(page: Page, target: string, name: string): Promise<void> {
  await goTo(page, 'Ports');
  await page.getByRole('button', { name: 'Share a port' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Share a port' });
  await dialog
    .getByRole('textbox', { name: 'Port', exact: true })
    .fill(target.split(':').at(-1) ?? '');
  await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
  await dialog.getByText('Advanced').click();
  await dialog.getByRole('textbox', { name: 'Target address' }).fill(target);
  await dialog.getByRole('checkbox', { name: /^Share something of another computer/ }).click();
  await dialog.getByRole('button', { name: /^Share port/ }).click();
  await seesNot(dialog);
}

/** Address and port of a row, as the person copies them. */
export async function addressOf(row: Locator): Promise<string> {
  await row.getByRole('button', { name: /^Copy address of/ }).click();
  const address = await clipboardOf(row.page());
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
  return address;
}

export async function chooseInMenu(page: Page, row: Locator, item: string): Promise<void> {
  await row.getByRole('button', { name: /^More actions for/ }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

/** The state of a row: Live, Waiting, Paused, … */
export async function seesState(row: Locator, state: string): Promise<void> {
  await sees(row.getByText(state, { exact: true }));
}
