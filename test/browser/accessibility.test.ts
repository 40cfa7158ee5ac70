/**
 * Every screen in both themes and three languages: axe finds nothing, and what axe cannot see holds.
 *
 * Two themes of one language differ in colours and in nothing else: the document is the same. So in
 * the second one only the rules of axe that look at colours run again.
 */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { launchChromium, noChromium } from '../support/browser.ts';
import { LAPTOP, PHONE } from '../support/fake-views.ts';
import { SCENES } from '../support/page-scenes.ts';
import { seeInLooks } from './support/scripted-looks.ts';
import { openScripted } from './support/scripted-page.ts';
import type { ScriptedPage } from './support/scripted-page.ts';
import type { Finding } from './support/scripted-probe.ts';
import { SCREENS } from './support/scripted-screens.ts';
import type { Screen } from './support/scripted-screens.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A page takes a core while it is opened and looked at; CI has two. */
vi.setConfig({ maxConcurrency: 2 });

let browser: Browser;

beforeAll(async () => {
  if (!noChromium) browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
});

async function openScreen({ scene, arrive }: Screen, scripts = [AXE]): Promise<ScriptedPage> {
  const at = await openScripted(browser, scene(), { clock: 'running', scripts });
  await arrive(at);
  return at;
}

/** By tag: every rule of axe that is not experimental. */
const ALL_RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** Those of them that look at colours (axe's tag `cat.color`). */
const COLOUR_RULES = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

/**
 * Each violation as `rule: element`. Left out is nothing but the guards that Base UI puts around a
 * popup: hidden from readers, and they hand the focus on the moment they get it.
 */
async function violations(
  page: Page,
  runOnly: typeof ALL_RULES | typeof COLOUR_RULES = ALL_RULES,
): Promise<string[]> {
  const options = JSON.stringify({ resultTypes: ['violations'], runOnly });
  const { violations: found } = await page.evaluate<Pick<AxeResults, 'violations'>>(
    `axe.run({ exclude: ['[data-base-ui-focus-guard]'] }, ${options}).then(({ violations }) => ({ violations }))`,
  );
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, any }) => `${id} (${help}): ${html.slice(0, 200)} ${any[0]?.message ?? ''}`),
  );
}

/** By violation, in which looks. */
function expectNothing(found: ReadonlyMap<string, readonly string[]>): void {
  const lines = [...found].map(([violation, looks]) => `${violation} [${looks.join(', ')}]`);
  expect(lines.join('\n')).toBe('');
}

const MAIN_LINKS = {
  en: ['Ports', 'Devices', 'Activity', 'Settings'],
  'zh-Hant': ['連接埠', '裝置', '活動記錄', '設定'],
  'zh-Hans': ['端口', '设备', '活动记录', '设置'],
} as const;

async function expectFrame(page: Page, language: keyof typeof MAIN_LINKS): Promise<void> {
  const links = await page.locator('nav a').allTextContents();
  expect(links).toEqual(MAIN_LINKS[language]);
  expect(await page.title()).toMatch(/^.+ – Porthole$/);
  expect(await page.evaluate<Finding[]>('probe.headingJumps()')).toEqual([]);
  for (const dialog of await page.locator('[role=dialog], [role=alertdialog]').all()) {
    const label = await dialog.getAttribute('aria-labelledby');
    expect(label).not.toBeNull();
    expect(await page.locator(`id=${label}`).textContent()).not.toBe('');
  }
}

const THEMES = ['light', 'dark'] as const;
const LANGUAGES = ['en', 'zh-Hant', 'zh-Hans'] as const;

const looks = LANGUAGES.flatMap((language) => THEMES.map((theme) => ({ language, theme })));

test.skipIf(noChromium).concurrent.each(SCREENS)('axe finds nothing: $name', async (screen) => {
  const found = new Map<string, string[]>();
  await seeInLooks(browser, screen, looks, { scripts: [AXE] }, async ({ page }, look) => {
    const isFirst = look.theme === THEMES[0];
    if (isFirst) await expectFrame(page, look.language as (typeof LANGUAGES)[number]);
    for (const violation of await violations(page, isFirst ? ALL_RULES : COLOUR_RULES)) {
      found.set(violation, [...(found.get(violation) ?? []), `${look.theme} ${look.language}`]);
    }
  });
  expectNothing(found);
});

const named = (name: string): Screen => SCREENS.find((each) => each.name === name) as Screen;

test.skipIf(noChromium)('a guard around a list hands the focus on', async () => {
  const at = await openScreen(named('Settings, list open'));
  try {
    for (const key of ['Tab', 'Tab', 'Shift+Tab']) {
      await at.page.keyboard.press(key);
      expect(await at.page.locator('[data-base-ui-focus-guard]:focus').count()).toBe(0);
    }
  } finally {
    await at.close();
  }
});

test.skipIf(noChromium).each(['Ports', 'Device, direct', 'Add a device, connecting', 'Messages'])(
  'with reduced motion nothing moves: %s',
  async (name) => {
    const at = await openScreen(named(name));
    try {
      expect(await at.page.evaluate<Finding[]>('probe.running()')).toEqual([]);
    } finally {
      await at.close();
    }
  },
);

test.skipIf(noChromium).each(['Ports', 'Devices', 'Compare numbers', 'Settings, desktop'])(
  'forced colours: %s',
  async (name) => {
    const at = await openScreen(named(name));
    try {
      await at.page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' });
      expect(await violations(at.page)).toEqual([]);
      // What tells controls from text, and one state from another, is drawn, not only coloured.
      for (const button of await at.page
        .locator('main button:visible, [role=dialog] button:visible')
        .all()) {
        const look = await button.evaluate(
          '(element) => { const style = getComputedStyle(element); return style.borderTopStyle + style.outlineStyle + (element.querySelector("svg") === null ? "" : "svg") + style.textDecorationLine; }',
        );
        expect(look).not.toBe('nonenonenone');
      }
    } finally {
      await at.close();
    }
  },
);

test.skipIf(noChromium)('changes are read out, politely and at most once a second', async () => {
  const at = await openScripted(browser, SCENES.usual());
  try {
    const { page, fake } = at;
    await page.getByText('Vite').waitFor();
    await page.evaluate(SAID);
    fake.setPeer(PHONE.id, { state: 'up', path: 'direct' });
    fake.setPeer(LAPTOP.id, { state: 'offline', path: null, route: null });
    const said = page.locator('[role=status][aria-live=polite]', { hasText: 'laptop' });
    await said.filter({ hasText: 'Mei’s tablet' }).waitFor({ state: 'attached' });
    const texts = await page.evaluate<string[]>('said');
    const about = texts.filter((text) => text.includes('laptop') || text.includes('Mei’s tablet'));
    expect(about).toHaveLength(1);
  } finally {
    await at.close();
  }
});

/** What the live regions say from now on. */
const SAID = String.raw`
globalThis.said = [];
for (const region of document.querySelectorAll('[aria-live=polite]')) {
  new MutationObserver(() => said.push(region.textContent)).observe(region, {
    subtree: true, childList: true, characterData: true,
  });
}
`;

test.skipIf(noChromium)('the number is read as digits', async () => {
  const at = await openScreen(named('Compare numbers'));
  try {
    await at.page.getByText('4 8 2, 9 1 3', { exact: true }).waitFor({ state: 'attached' });
    const shown = at.page.locator('[aria-hidden=true]', { hasText: /^482$/ });
    expect(await shown.count()).toBe(1);
  } finally {
    await at.close();
  }
});
