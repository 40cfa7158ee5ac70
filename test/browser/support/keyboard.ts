/**
 * A person without a mouse: moves the focus by keys alone, and always sees where it is.
 *
 * Invariant: no key is pressed on a control before the focus was seen on it; a page that meets a
 * pointer says so in its console (PageWatch).
 */
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { PATIENTLY, sees } from './person.ts';

/** More stops than any screen has. */
const STOPS_MAX = 80;

/** Whether something drawn around or in the focused element says that it is focused. */
const FOCUS_LOOK = `(() => {
  const focused = document.activeElement;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(focused);
  const isOutlined = outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
  const name = focused.getAttribute('aria-label') ?? focused.textContent;
  return { tag: focused.tagName, name, isSeen: isOutlined || boxShadow !== 'none' };
})()`;

interface FocusLook {
  readonly tag: string;
  readonly name: string;
  readonly isSeen: boolean;
}

export async function reportPointers(context: BrowserContext): Promise<void> {
  const content = `addEventListener('pointerdown', () => console.error('a pointer was used'), true);`;
  await context.addInitScript({ content });
}

export class Keyboard {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#page.keyboard.press(key);
  }

  async type(text: string): Promise<void> {
    await this.#page.keyboard.insertText(text);
  }

  /** Goes on with Tab, or another key, until the focus is on the control. */
  async goTo(control: Locator, key = 'Tab'): Promise<void> {
    await sees(control);
    for (let stops = 0; stops < STOPS_MAX; stops++) {
      if (await this.isOn(control)) return expectFocusSeen(this.#page);
      await this.press(key);
    }
    throw new Error(`${key} does not lead to ${String(control)}`);
  }

  /** Goes there, and presses it. */
  async use(control: Locator, key = 'Tab'): Promise<void> {
    await this.goTo(control, key);
    await this.press('Enter');
  }

  async isOn(control: Locator): Promise<boolean> {
    return (await control.and(this.#page.locator(':focus')).count()) > 0;
  }

  /** The focus comes there by itself. */
  async expectOn(control: Locator): Promise<void> {
    await expectTrue(() => this.isOn(control), `focus on ${String(control)}`);
    await expectFocusSeen(this.#page);
  }
}

async function expectTrue(look: () => Promise<boolean>, message: string): Promise<void> {
  await expect.poll(look, { ...PATIENTLY, message }).toBe(true);
}

async function expectFocusSeen(page: Page): Promise<void> {
  expect(await page.evaluate<FocusLook>(FOCUS_LOOK)).toMatchObject({ isSeen: true });
}
