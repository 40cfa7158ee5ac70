/**
 * The computer of a person: `porthole up` with a data folder of its own, and its page in a browser.
 *
 * Invariant: `endUiComputers()` leaves no process, tab or folder behind.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { noChromium } from '../../support/browser.ts';
import type { Command } from '../../support/command.ts';
import { endDaemons, startDaemon } from '../../support/daemons.ts';
import { Home } from '../../support/home.ts';
import { PageWatch } from './page-watch.ts';
import { skipFirstSteps } from './person.ts';

const PAGE = fileURLToPath(new URL('../../../dist/renderer/index.html', import.meta.url));
const notBuilt = !existsSync(PAGE);
if (notBuilt) console.warn('\n*** NOT TESTED: the page is not built (dist/renderer). ***\n');

/** Whether there is nothing to show the page with, or no page. */
export const cannotShow = noChromium || notBuilt;

/** English, as a person who chose nothing has it with an English browser. */
const LOOK: BrowserContextOptions = {
  locale: 'en-GB',
  viewport: { width: 960, height: 720 },
  reducedMotion: 'reduce',
  permissions: ['clipboard-read', 'clipboard-write'],
};

const computers: UiComputer[] = [];

/** Several at once, each behind its first steps. Their names are what others read. */
export async function startComputers<const Names extends readonly string[]>(
  browser: Browser,
  ...names: Names
): Promise<{ readonly [Name in Names[number]]: UiComputer }> {
  const started = names.map(async (name) => {
    const computer = await UiComputer.start(name, browser);
    await skipFirstSteps(computer.page);
    return [name, computer] as const;
  });
  const entries = Object.fromEntries(await Promise.all(started));
  return entries as { readonly [Name in Names[number]]: UiComputer };
}

/** Nothing came up on any page that must not (see PageWatch). */
export function expectQuietPages(allowed: readonly RegExp[] = []): void {
  for (const { watch } of computers) watch.expectQuiet(allowed);
}

export async function endUiComputers(): Promise<void> {
  await Promise.all(computers.splice(0).map(async ({ page }) => page.context().close()));
  await endDaemons();
}

export class UiComputer {
  readonly home: Home;
  readonly page: Page;
  readonly watch: PageWatch;
  #daemon: Command;

  private constructor(home: Home, daemon: Command, page: Page, watch: PageWatch) {
    this.home = home;
    this.#daemon = daemon;
    this.page = page;
    this.watch = watch;
    computers.push(this);
  }

  /** Its page is open, with what a first start shows. */
  static async start(
    name: string,
    browser: Browser,
    look: BrowserContextOptions = {},
  ): Promise<UiComputer> {
    const home = new Home(name);
    const [daemon, context] = await Promise.all([
      startDaemon(home),
      browser.newContext({ ...LOOK, ...look }),
    ]);
    const page = await context.newPage();
    const computer = new UiComputer(home, daemon, page, await PageWatch.over(page));
    await computer.open();
    return computer;
  }

  get name(): string {
    return this.home.name;
  }

  /** By the link that `porthole up` prints. */
  async open(): Promise<void> {
    const { url } = await this.#daemon.event('ui');
    // From another address: the same one with another fragment is no navigation.
    await this.page.goto('about:blank');
    await this.page.goto(String(url));
  }

  /** Ends it as the system does when memory runs out. */
  async kill(): Promise<void> {
    await this.#daemon.endBy('SIGKILL');
  }

  async restart(): Promise<void> {
    this.#daemon = await startDaemon(this.home);
  }
}
