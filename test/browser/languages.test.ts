/**
 * The language is changed while the page is open: all that is seen changes with it, at once, on every
 * screen and dialog, and nothing English is left but names and terms. A real daemon, a real browser.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../support/browser.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { choose, pairByLink, sees, seesNot, shareDetected, shareRow } from './support/person.ts';
import {
  cannotShow,
  endUiComputers,
  expectQuietPages,
  startComputers,
} from './support/ui-computer.ts';
import { WebApp } from './support/web-app.ts';

interface Words {
  readonly language: string;
  readonly pages: readonly [string, string, string, string];
  readonly add: string;
  readonly enter: string;
  readonly shortcuts: string;
  readonly detail: string;
}

/** From design/ux.md C5. */
const CHINESE: Readonly<Record<'zh-Hant' | 'zh-Hans', Words & { readonly itself: string }>> = {
  'zh-Hant': {
    itself: '繁體中文',
    language: '語言',
    pages: ['連接埠', '裝置', '活動記錄', '設定'],
    add: '新增裝置',
    enter: '輸入代碼',
    shortcuts: '鍵盤快速鍵',
    detail: 'laptop 的詳細資訊',
  },
  'zh-Hans': {
    itself: '简体中文',
    language: '语言',
    pages: ['端口', '设备', '活动记录', '设置'],
    add: '添加设备',
    enter: '输入代码',
    shortcuts: '键盘快捷键',
    detail: 'laptop 的详细信息',
  },
};

/**
 * Latin words that are right in Chinese: names of people and programs, terms, units, keys, codes. The
 * log of Activity is English by design (docs/operations.md), and is left out.
 */
const ALLOWED = new RegExp(
  [
    String.raw`porthole://\S*|\b(?:stun|turn|wss?|https?|porthole):\S*`,
    String.raw`\bporthole-desk-\w+|\b(?:desk|laptop)\b`,
    String.raw`\bporthole up\b|(?:/[\w.-]+)+`,
    String.raw`\b[A-Z2-7]{52}\b|\b[A-Z2-7]{5}(?:-[A-Z2-7]{1,5})+\b`,
    String.raw`\b[\w-]+(?:\.[\w-]+)*\.(?:json|com|org|net|example)\b`,
    String.raw`\b(?:Porthole|English|ID|QR|IP|LAN|STUN|TURN|TCP|UDP|PID|MIT|docs)\b`,
    String.raw`\b(?:Ctrl|Esc|Home|End|F5|ms|kB|MB|B|s)\b`,
  ].join('|'),
  'g',
);

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

interface Seen {
  readonly text: string;
  /** Given by people and programs. */
  readonly names: readonly string[];
}

/** All in sight, and what only a screen reader tells; without the log, and without what was said last. */
const SEEN = `(() => {
  const spoken = [...document.querySelectorAll('[aria-label], [placeholder], [title]')].flatMap(
    (each) => ['aria-label', 'placeholder', 'title'].map((name) => each.getAttribute(name)),
  );
  const left = [...document.querySelectorAll('[role="log"], body [aria-live]')];
  const all = [document.body.innerText, document.title, ...spoken].join('\\n');
  const text = left
    .map((each) => each.innerText)
    .filter((each) => each !== '')
    .reduce((rest, each) => rest.replaceAll(each, ' '), all);
  return { text, names: [...document.querySelectorAll('bdi')].map((each) => each.innerText) };
})()`;

async function latinWords(page: Page): Promise<readonly string[]> {
  const { text, names } = await page.evaluate<Seen>(SEEN);
  const rest = names
    .filter((name) => name !== '')
    .reduce((left, name) => left.replaceAll(name, ' '), text.replaceAll(ALLOWED, ' '));
  return [...new Set(rest.match(/[A-Za-z]{2,}/g) ?? [])];
}

/** The screens and dialogs of somebody who has a device and a share, one after another. */
async function look(
  page: Page,
  words: Words,
  at: (screen: string) => Promise<void>,
): Promise<void> {
  for (const name of words.pages) {
    await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
    await sees(page.getByRole('heading', { name, level: 1, exact: true }));
    await at(name);
  }
  await page.keyboard.press('Control+d');
  const dialog = page.getByRole('dialog', { name: words.add });
  await sees(dialog.getByRole('img'));
  await at('show code');
  await dialog.getByRole('tab', { name: words.enter }).click();
  await at('enter code');
  await page.keyboard.press('Escape');
  await seesNot(dialog);
  await page.keyboard.press('Control+n');
  await sees(page.getByRole('dialog'));
  await at('share dialog');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+2');
  await page.getByRole('button', { name: words.detail }).click();
  await sees(page.getByRole('heading', { name: 'laptop', level: 1 }));
  await at('device');
}

describe.skipIf(cannotShow)('the language', () => {
  test('changes at once and everywhere, and leaves no English behind', async () => {
    const { desk, laptop } = await startComputers(browser, 'desk', 'laptop');
    await pairByLink(desk, laptop);
    const { page } = desk;
    await shareDetected(page, app.port);
    await sees(shareRow(page, String(app.port)));
    // What was said in English stays English.
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.evaluate('globalThis.isTheSamePage = true');
    const left: unknown[] = [];
    let settings = 'Settings';
    let field = 'Language';
    for (const [tag, words] of Object.entries(CHINESE)) {
      await page.getByRole('link', { name: settings, exact: true }).click();
      await choose(page, field, words.itself);
      await sees(page.getByRole('heading', { name: words.pages[3], level: 1 }));
      expect(await page.locator('html').getAttribute('lang')).toBe(tag);
      expect(await page.evaluate<string>('getComputedStyle(document.body).fontFamily')).toMatch(
        tag === 'zh-Hant' ? /TC|Hant|JhengHei/ : /SC|Hans|YaHei/,
      );
      await look(page, words, async (screen) => {
        const latin = await latinWords(page);
        if (latin.length > 0) left.push({ tag, screen, latin });
      });
      [settings, field] = [words.pages[3], words.language];
    }
    expect(left).toEqual([]);
    await page.getByRole('link', { name: settings, exact: true }).click();
    await choose(page, field, 'English');
    await sees(page.getByRole('heading', { name: 'Settings', level: 1 }));
    expect(await page.evaluate('globalThis.isTheSamePage')).toBe(true);
    expectQuietPages();
  });
});
