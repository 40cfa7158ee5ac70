/**
 * A screen in several looks. A page that has lost its Porthole keeps the look it had: it is opened
 * again for each.
 */
import type { Browser } from 'playwright-core';
import { openScripted, wear } from './scripted-page.ts';
import type { Look, ScriptedOptions, ScriptedPage } from './scripted-page.ts';
import type { Screen } from './scripted-screens.ts';

/** Its page is closed behind the last one. */
export async function seeInLooks(
  browser: Browser,
  screen: Screen,
  looks: readonly Look[],
  options: ScriptedOptions,
  see: (at: ScriptedPage, look: Look) => Promise<void>,
): Promise<void> {
  if (screen.isCutOff === true) {
    for (const look of looks) await seeIn(browser, screen, [look], options, see);
  } else {
    await seeIn(browser, screen, looks, options, see);
  }
}

async function seeIn(
  browser: Browser,
  { scene, arrive, isCutOff = false }: Screen,
  looks: readonly Look[],
  options: ScriptedOptions,
  see: (at: ScriptedPage, look: Look) => Promise<void>,
): Promise<void> {
  const fake = scene();
  const [first] = looks;
  if (isCutOff) fake.setShell({ preferences: { ...fake.shell.preferences, ...first } });
  const at = await openScripted(browser, fake, { ...options, clock: 'running' });
  try {
    await arrive(at);
    for (const look of looks) {
      if (!isCutOff) await wear(at, look);
      await see(at, look);
    }
  } finally {
    await at.close();
  }
}
