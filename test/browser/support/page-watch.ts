/**
 * What a page must never do while it is used: complain in the console, meet its content security
 * policy, throw, or open a box of the browser's.
 */
import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';

/** What the console says by itself while the process behind a page is away; no page can prevent it. */
export const AWAY = /^console: WebSocket connection to 'ws:\/\/[^']+' failed: /;

const CSP_MARK = 'content security policy met: ';

export class PageWatch {
  readonly #page: Page;
  readonly #complaints: string[] = [];

  private constructor(page: Page) {
    this.#page = page;
    page.on('console', (message) => {
      const isReport = message.text().startsWith(CSP_MARK);
      if (message.type() === 'error' || isReport) this.#note(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.#note(`thrown: ${error.stack ?? error.message}`));
    page.on('dialog', (dialog) => {
      this.#note(`${dialog.type()}: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  /** The page must not have been anywhere yet. */
  static async over(page: Page): Promise<PageWatch> {
    await reportViolations(page.context());
    return new PageWatch(page);
  }

  /** Nothing happened that must not, but for what `allowed` describes; forgets what was. */
  expectQuiet(allowed: readonly RegExp[] = []): void {
    const told = this.#complaints
      .splice(0)
      .filter((complaint) => !allowed.some((pattern) => pattern.test(complaint)));
    expectNone(told, this.#page.url());
  }

  #note(complaint: string): void {
    this.#complaints.push(complaint);
  }
}

function expectNone(complaints: readonly string[], url: string): void {
  expect(complaints, `complaints of ${url}`).toEqual([]);
}

/** As messages of the console, which come to where the test is. */
async function reportViolations(context: BrowserContext): Promise<void> {
  const content = `addEventListener('securitypolicyviolation', (report) => {
    console.log('${CSP_MARK}' + report.effectiveDirective + ' ' + report.blockedURI);
  });`;
  await context.addInitScript({ content });
}
