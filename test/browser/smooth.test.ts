/**
 * Fifty shares, twenty ports of others, ten devices, 5,000 lines of log, four samples a second: the
 * page stays smooth, small and quiet.
 *
 * What a task takes on the clock says more about the machine than about the page, so the bounds are
 * about processor time of the main thread (`Effort`): a key that costs less than 50 ms of it in all
 * its tasks together cannot have had one of 50 ms, were the machine its own. Of repeated actions the
 * median counts. Bytes, nodes and commits are exact.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { LogEntry } from '../../src/shared/contract.ts';
import { launchChromium, noChromium } from '../support/browser.ts';
import type { FakePorthole } from '../support/fake-porthole.ts';
import { SCENES } from '../support/page-scenes.ts';
import { servePage } from '../support/page-server.ts';
import { COUNT_COMMITS, Effort, median } from './support/scripted-effort.ts';
import { openScripted } from './support/scripted-page.ts';
import type { ScriptedPage } from './support/scripted-page.ts';

/** A longer task is felt (RAIL). */
const LONG_TASK_MS = 50;
const LINES = 5000;
const SCRIPT_BYTES_MAX = 400_000;
const FIRST_PAINT_MS_MAX = 1000;
/** Part of a processor that a page may need while nothing flows. */
const IDLE_PART_MAX = 0.03;
const IDLE_MS = 10_000;

const FOLDER = fileURLToPath(new URL('../../dist/renderer/', import.meta.url));

let browser: Browser;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  if (!noChromium) browser = await launchChromium('--enable-precise-memory-info');
});

afterAll(async () => {
  await browser?.close();
});

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function lines(count: number, from = 0): LogEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    at: new Date(Date.UTC(2026, 10, 21, 14) + (from + index) * 250).toISOString(),
    level: (['info', 'warn', 'error'] as const)[index % 3] ?? 'info',
    text: `laptop: connection ${from + index} through share ${index % 50} was opened`,
  }));
}

/** The crowd with all its lines; `still`: its counters do not move. */
function crowd(flow: 'busy' | 'still'): FakePorthole {
  const fake = SCENES.crowd();
  fake.log(...lines(LINES - 2000, 2000));
  if (flow === 'still') {
    const { sample } = fake;
    const first = sample();
    fake.sample = () => ({ ...first, at: performance.now() });
  }
  return fake;
}

async function open(
  flow: 'busy' | 'still',
  page: 'ports' | 'activity' = 'ports',
): Promise<ScriptedPage & { readonly effort: Effort }> {
  const at = await openScripted(browser, crowd(flow), { scripts: [COUNT_COMMITS] });
  closers.push(() => at.close());
  await at.page.getByText('Service 49').waitFor();
  if (page === 'activity') {
    at.fake.wish({ kind: 'page', page });
    await at.page.getByText(`${LINES} lines`, { exact: true }).waitFor();
  }
  return { ...at, effort: await Effort.of(at.page) };
}

/** With `PAGE_COSTS=1`, what was measured. */
function tell(what: string, numbers: readonly number[]): void {
  if (process.env['PAGE_COSTS'] === undefined) return;
  console.log(what, numbers.map((number) => number.toFixed(1)).join(' '));
}

/** The median of what each costs. */
async function expectShort(
  effort: Effort,
  actions: readonly (() => Promise<unknown>)[],
): Promise<void> {
  const costs: number[] = [];
  for (const act of actions) costs.push(await effort.during(act));
  tell('ms', costs);
  expect(median(costs)).toBeLessThan(LONG_TASK_MS);
}

test.skipIf(noChromium)('typing in the filter of fifty shares', async () => {
  const { page, effort } = await open('busy');
  const filter = page.getByRole('searchbox');
  await filter.focus();
  const keys = ['service 4'.split(''), Array.from({ length: 9 }, () => 'Backspace')].flat();
  await expectShort(
    effort,
    keys.map((key) => () => page.keyboard.press(key === ' ' ? 'Space' : key)),
  );
  expect(await filter.inputValue()).toBe('');
});

test.skipIf(noChromium)('typing in the share dialog', async () => {
  const { page, effort } = await open('busy');
  await page.keyboard.press('Control+n');
  const name = page.getByRole('dialog').getByRole('textbox', { name: 'Name' });
  await name.focus();
  await expectShort(
    effort,
    'My development server'.split('').map((key) => () => page.keyboard.type(key)),
  );
  expect(await name.inputValue()).toBe('My development server');
});

test.skipIf(noChromium)('typing in the filter of 5,000 lines', async () => {
  const { page, effort } = await open('busy', 'activity');
  await page.getByRole('searchbox').focus();
  await expectShort(
    effort,
    'connection 4999'.split('').map((key) => () => page.keyboard.type(key)),
  );
  await page.getByText(`1 of ${LINES} lines`).waitFor();
});

test.skipIf(noChromium)('scrolling 5,000 lines', async () => {
  const { page, effort } = await open('busy', 'activity');
  const log = page.getByRole('log');
  await log.hover();
  const wheel = (by: number) => () => page.mouse.wheel(0, by);
  await expectShort(
    effort,
    [-300, -900, -4000, -20_000, -600, 500, 900, 3000, -2000, -800].map(wheel),
  );
  await log.press('Home');
  await effort.drawn();
  expect(await log.locator('time').count()).toBeLessThan(80);
});

test.skipIf(noChromium)('a page on which nothing flows is quiet', async () => {
  const { page, effort } = await open('still');
  // What was loaded is drawn, and the first samples have shown that nothing flows.
  await page.waitForTimeout(2000);
  const before = await effort.spent();
  const commits = await page.evaluate<number>('commits()');
  await page.waitForTimeout(IDLE_MS);
  const part = ((await effort.spent()) - before) / IDLE_MS;
  tell('idle, %', [part * 100]);
  expect(await page.evaluate<number>('commits()')).toBe(commits);
  expect(part).toBeLessThan(IDLE_PART_MAX);
});

test.skipIf(noChromium)(
  'a sample of seventy rates is one commit of React, and what changed',
  async () => {
    const { page, fake, effort } = await open('busy');
    let samples = 0;
    const { sample } = fake;
    fake.sample = () => {
      samples += 1;
      return sample();
    };
    const before = await page.evaluate<number>('commits()');
    const spent = await effort.spent();
    const begin = performance.now();
    await page.waitForTimeout(4000);
    const commits = (await page.evaluate<number>('commits()')) - before;
    const part = ((await effort.spent()) - spent) / (performance.now() - begin);
    tell('busy, %; commits, samples', [part * 100, commits, samples]);
    // It counts: the page has been drawn. And one is on its way at either end.
    expect(before).toBeGreaterThan(0);
    expect(commits).toBeLessThanOrEqual(samples + 2);
  },
);

test.skipIf(noChromium)('20,000 more lines leave no more nodes, and no more memory', async () => {
  const { page, fake, effort } = await open('busy', 'activity');
  const before = await effort.memory();
  for (let from = LINES; from < LINES + 20_000; from += 1000) {
    fake.log(...lines(1000, from));
    await page.getByText(`laptop: connection ${from + 999} `).waitFor();
  }
  const after = await effort.memory();
  tell('nodes, heap', [before.nodes, after.nodes, before.heap, after.heap]);
  expect(after.nodes).toBeLessThan(before.nodes + 100);
  expect(after.nodes).toBeLessThan(2000);
  expect(after.heap - before.heap).toBeLessThan(10_000_000);
});

const scripts = (): string[] =>
  readdirSync(join(FOLDER, 'assets')).filter((name) => name.endsWith('.js'));
const compressed = (name: string): number =>
  gzipSync(readFileSync(join(FOLDER, 'assets', name))).length;

test('all script together is less than 400 kB compressed', () => {
  const total = scripts().reduce((sum, name) => sum + compressed(name), 0);
  expect(total).toBeGreaterThan(50_000);
  expect(total).toBeLessThan(SCRIPT_BYTES_MAX);
});

test.skipIf(noChromium)(
  'the first screen is painted within a second, and without what only a camera needs',
  async () => {
    const server = await servePage(SCENES.usual());
    closers.push(() => server.close());
    const times: number[] = [];
    let loaded: string[] = [];
    for (let run = 0; run < 5; run += 1) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(server.url);
      await page.getByText('Vite').waitFor();
      times.push(
        await page.evaluate<number>(
          "performance.getEntriesByName('first-contentful-paint')[0].startTime",
        ),
      );
      loaded = await page.evaluate<string[]>(
        "performance.getEntriesByType('resource').map(({ name }) => name)",
      );
      await context.close();
    }
    tell('first paint, ms', times);
    // The best one: the others waited for the machine.
    expect(Math.min(...times)).toBeLessThan(FIRST_PAINT_MS_MAX);
    const names = loaded.map((url) => new URL(url).pathname);
    expect(names.filter((name) => name.includes('scan-worker'))).toEqual([]);
  },
);
