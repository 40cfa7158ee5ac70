/**
 * Every screen in windows of every size: nothing scrolls sideways, nothing is cut without saying so,
 * controls are large enough and can be reached.
 *
 * 200 % zoom (design/ux.md C5, C6 39) is what Chromium makes of it: a window of the same size has half
 * as many CSS pixels each way. The smallest window is 420 by 480, so at 200 % it is 210 by 240, which
 * is less than WCAG 1.4.10 asks for (320 by 256).
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { launchChromium, noChromium } from '../support/browser.ts';
import { seeInLooks } from './support/scripted-looks.ts';
import { SMALL_WINDOW, WINDOW } from './support/scripted-page.ts';
import type { Finding } from './support/scripted-probe.ts';
import { SCREENS } from './support/scripted-screens.ts';

const WINDOWS = {
  usual: WINDOW,
  small: SMALL_WINDOW,
  'reflow of WCAG': { width: 320, height: 256 },
  'small, at 200 %': { width: SMALL_WINDOW.width / 2, height: SMALL_WINDOW.height / 2 },
} as const;

/** Rows out of sight have the height they had in the last window; all of them are looked at in this one. */
const LAY_OUT_ALL = String.raw`
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { content-visibility: visible !important; }');
  document.adoptedStyleSheets.push(sheet);
`;

let browser: Browser;

beforeAll(async () => {
  if (!noChromium) browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
});

const LOOKS = (['en', 'zh-Hant'] as const).map((language) => ({
  language,
  theme: 'light' as const,
}));

/** A page takes a core while it is opened; CI has two. */
vi.setConfig({ maxConcurrency: 2 });

test.skipIf(noChromium).concurrent.each(SCREENS)('$name fits', async (screen) => {
  const found: Record<string, readonly Finding[]> = {};
  await seeInLooks(browser, screen, LOOKS, {}, async ({ page }, { language }) => {
    await page.evaluate(`{ ${LAY_OUT_ALL} }`);
    for (const [name, size] of Object.entries(WINDOWS)) {
      await page.setViewportSize(size);
      const findings = await page.evaluate<Finding[]>(
        '[...probe.sideways(), ...probe.cuts(), ...probe.smallTargets(), ...probe.lostControls(), ...probe.lostLinks()]',
      );
      if (findings.length > 0) found[`${name}, ${language}`] = findings;
    }
  });
  const lines = Object.entries(found).flatMap(([size, findings]) =>
    findings.map(({ where, what }) => `${size}: ${where}: ${what}`),
  );
  expect(lines.join('\n')).toBe('');
});
