/**
 * The built page in Chromium with a FakePorthole behind it, and everything it complains about.
 *
 * Invariant: `complaints` has each uncaught error, error of the console (a report of the content
 * security policy is one) and dialog of the browser, in order; nothing of the page is changed for it.
 */
import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Locator,
  Page,
} from 'playwright-core';
import type { Preferences } from '../../../src/shared/shell-calls.ts';
import type { FakePorthole } from '../../support/fake-porthole.ts';
import { servePage } from '../../support/page-server.ts';
import type { PageServer } from '../../support/page-server.ts';
import { PROBE } from './scripted-probe.ts';

export const WINDOW = { width: 860, height: 600 } as const;
/** The least that the window of the desktop app can be. */
export const SMALL_WINDOW = { width: 420, height: 480 } as const;

/** Long enough for a busy machine, and below the limit of a test, so that it says what was missing. */
const WAIT_MS = 20_000;

export interface ScriptedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly fake: FakePorthole;
  readonly server: PageServer;
  readonly complaints: string[];
  close(): Promise<void>;
}

export interface ScriptedOptions extends BrowserContextOptions {
  /**
   * `running`: time can be put forward (`page.clock`), and runs meanwhile. `standing`: it passes only
   * when a test says so, and with it frames (`tick`). @default 'real'
   */
  readonly clock?: 'real' | 'running' | 'standing';
  /** ISO 8601, for a clock that is not real. @default now */
  readonly time?: string;
  /** Code that runs in the page before its own. */
  readonly scripts?: readonly string[];
}

export async function openScripted(
  browser: Browser,
  fake: FakePorthole,
  { clock = 'real', time, scripts = [], ...options }: ScriptedOptions = {},
): Promise<ScriptedPage> {
  const server = await servePage(fake);
  const context = await browser.newContext({
    viewport: WINDOW,
    reducedMotion: 'reduce',
    locale: 'en',
    ...options,
  });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const complaints = watchComplaints(page);
  for (const content of [PROBE, ...scripts]) await page.addInitScript({ content });
  if (clock !== 'real') await setClock(page, clock, time ?? new Date().toISOString());
  await page.goto(server.url);
  await page
    .getByRole('heading', { level: 1 })
    .or(page.getByRole('heading', { level: 2 }))
    .first()
    .waitFor();
  const close = async (): Promise<void> => {
    await context.close();
    await server.close();
  };
  return { page, context, fake, server, complaints, close };
}

async function setClock(page: Page, clock: 'running' | 'standing', time: string): Promise<void> {
  await page.clock.install({ time: Date.parse(time) - 1000 });
  if (clock === 'standing') await page.clock.pauseAt(time);
  else await page.clock.fastForward(1000);
}

const TICK_MS = 20;

/** Lets a page whose clock stands draw its frames, until something is there, or is not any more. */
export async function tick(
  page: Page,
  until: Locator,
  state: 'visible' | 'hidden' = 'visible',
): Promise<void> {
  const end = performance.now() + WAIT_MS;
  while ((await until.isVisible()) !== (state === 'visible')) {
    if (performance.now() > end) throw new Error(`not ${state} in time: ${until.toString()}`);
    await page.clock.runFor(TICK_MS);
  }
}

/** See `ScriptedPage`; before the page goes anywhere. */
export function watchComplaints(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
  });
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return complaints;
}

export type Look = Pick<Preferences, 'language' | 'theme'>;

/** Switches language and theme live, as the settings do, and waits until both are there. */
export async function wear({ page, fake }: ScriptedPage, look: Look): Promise<void> {
  fake.setShell({ preferences: { ...fake.shell.preferences, ...look } });
  const { language, theme } = look;
  await page.locator(`html[lang="${language}"][data-theme="${theme}"]`).waitFor();
}
