/**
 * Rows 8 and 9 of the threat table in a real browser: pages of other ports, of other sites and of a
 * paired device try all that a page can do to reach the web UI, while its owner has it open in the
 * same browser.
 */
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { writeFileSync } from 'node:fs';
import type { Browser, BrowserContext, Page, Response } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { writeOpeningFile } from '../../src/control/web-ui/welcome.ts';
import { launchChromium, noChromium } from '../support/browser.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { ATTACK } from '../support/stranger-page.ts';
import { listen, within } from '../support/tcp.ts';
import { CANARY, closeLater, closeWebUis, makePageFolder, startWebUi } from '../support/web-ui.ts';
import type { TestUi } from '../support/web-ui.ts';

let expectNothingLeft: () => Promise<void>;
let browser: Browser;
let context: BrowserContext;

beforeAll(async () => {
  expectNothingLeft = watchForLeaks();
  if (!noChromium) browser = await launchChromium();
});
beforeEach(async () => {
  if (!noChromium) context = await browser.newContext();
});
afterEach(async () => {
  await context?.close();
  await closeWebUis();
});
afterAll(async () => {
  await browser?.close();
  await expectNothingLeft();
});

/** A web app of somebody else; it sets a cookie, and keeps the requests it gets. */
async function startStranger(): Promise<{ port: number; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    const isScript = request.url === '/worker.js';
    response.writeHead(200, {
      'content-type': isScript ? 'text/javascript' : 'text/html',
      'set-cookie': 'stranger=1; Path=/',
    });
    response.end(isScript ? '' : '<!doctype html><title>stranger</title><body></body>');
  });
  closeLater(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { port: await listen(server), requests };
}

/** The owner's own tab, which works. */
async function openOwn(at: TestUi): Promise<Page> {
  const page = await context.newPage();
  await page.goto(at.ui.url);
  await expect.poll(() => page.title()).toBe('{"ready":true}');
  return page;
}

/** What a page shows, once it is where it goes. */
async function contentOf(page: Page): Promise<string> {
  let content: string | undefined;
  await expect
    .poll(async () => (content = await page.content().catch(() => undefined)))
    .not.toBe(undefined);
  return content ?? '';
}

/** What the browser got from the web UI for other pages than its own, with bodies. */
function watchAnswers(port: number): { statuses: number[]; texts: Promise<string>[] } {
  const seen: { statuses: number[]; texts: Promise<string>[] } = { statuses: [], texts: [] };
  context.on('response', (response: Response) => {
    if (new URL(response.url()).port !== String(port)) return;
    seen.statuses.push(response.status());
    seen.texts.push(response.text().catch(() => ''));
  });
  return seen;
}

const NOTHING: Readonly<Record<string, string>> = {
  fetch: 'refused',
  'fetch with the token': 'refused',
  'fetch with cookies': 'refused',
  'fetch no-cors': 'opaque',
  POST: 'refused',
  'POST no-cors': 'opaque',
  beacon: 'true',
  image: 'refused',
  script: 'refused',
  module: 'refused',
  style: 'refused',
  object: 'refused',
  worker: 'refused',
  'worker that imports': 'refused',
  'service worker': 'refused',
  events: 'refused',
  'WebSocket with the token': 'refused',
  frame: 'refused',
  form: 'refused',
};

describe.skipIf(noChromium)('the web UI in a browser', () => {
  test.each([
    ['row 8: a device’s web app at another port of 127.0.0.1', '127.0.0.1'],
    ['row 8: a device’s web app at its own site', 'laptop.localhost'],
    ['row 9: a page of another site', 'evil.localhost'],
  ])('%s gets nothing, though it knows the token', async (_name, host) => {
    const at = await startWebUi();
    const stranger = await startStranger();
    const own = await openOwn(at);
    const page = await context.newPage();
    await page.goto(`http://${host}:${stranger.port}/`);
    const seen = watchAnswers(at.port);
    const given = { ui: `http://127.0.0.1:${at.port}`, token: at.token };
    expect(await page.evaluate(`(${ATTACK})(${JSON.stringify(given)})`)).toEqual(NOTHING);
    expect(await page.evaluate(`'canary' in window`)).toBe(false);
    for (const status of seen.statuses) expect(status).toBeGreaterThanOrEqual(400);
    expect(seen.statuses.length).toBeGreaterThan(5);
    expect((await Promise.all(seen.texts)).join('')).toBe('');
    // Its owner notices nothing.
    expect(await own.title()).toBe('{"ready":true}');
    expect(at.calls).toEqual([]);
  });

  test.each(['127.0.0.1', 'evil.localhost'])(
    'row 9: a window that a page of %s opens is empty, and has no opener',
    async (host) => {
      const at = await startWebUi();
      const stranger = await startStranger();
      const page = await context.newPage();
      await page.goto(`http://${host}:${stranger.port}/`);
      const url = `http://127.0.0.1:${at.port}/#token=${at.token}`;
      const opening = context.waitForEvent('page');
      const reached = page.evaluate(`(async () => {
        const popup = window.open(${JSON.stringify(url)});
        await new Promise((resolve) => setTimeout(resolve, 1000));
        popup?.postMessage({ call: 'status' }, '*');
        try {
          return popup?.document.body.textContent ?? 'nothing';
        } catch {
          return 'refused';
        }
      })()`);
      const popup = await opening;
      expect(await reached).not.toContain(CANARY);
      expect(await contentOf(popup)).not.toContain(CANARY);
      await page.evaluate(`location.assign(${JSON.stringify(url)})`).catch(() => undefined);
      await expect.poll(() => contentOf(page)).not.toContain('stranger');
      expect(await contentOf(page)).not.toContain(CANARY);
      expect(at.calls).toEqual([]);
    },
  );

  test('row 9: names that lead here, as after DNS rebinding, get nothing', async () => {
    const at = await startWebUi();
    const page = await context.newPage();
    // Chromium resolves these to 127.0.0.1 by itself, as a stranger's server can have any name resolved.
    for (const host of ['rebound.localhost', 'laptop.localhost']) {
      const answer = page.waitForResponse((response) => new URL(response.url()).hostname === host);
      // The browser has a page of its own for an empty refusal, and then says that it went there.
      await page.goto(`http://${host}:${at.port}/`).catch(() => undefined);
      expect((await within('the refusal', answer)).status()).toBe(403);
      expect(await contentOf(page)).not.toContain(CANARY);
    }
    expect(at.calls).toEqual([]);
  });

  test('row 8: cookies of one device’s site go to no other, nor to the web UI', async () => {
    const at = await startWebUi();
    const [laptop, desk] = [await startStranger(), await startStranger()];
    await openOwn(at);
    const page = await context.newPage();
    await page.goto(`http://laptop.localhost:${laptop.port}/`);
    await page.goto(`http://laptop.localhost:${laptop.port}/again`);
    await page.goto(`http://desk.localhost:${desk.port}/`);
    const cookiesAt = ({ requests }: typeof desk, path: string): (string | undefined)[] =>
      requests.filter(({ url }) => url === path).map(({ headers }) => headers.cookie);
    // It does come back to its own.
    expect(cookiesAt(laptop, '/again')).toEqual(['stranger=1']);
    expect(cookiesAt(desk, '/')).toEqual([undefined]);
    expect(await context.cookies(`http://127.0.0.1:${at.port}/`)).toEqual([]);
  });

  test('row 9: our own page works, and breaks none of its own rules', async () => {
    const at = await startWebUi();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    for (const host of ['127.0.0.1', 'localhost']) {
      await page.goto(`http://${host}:${at.port}/#token=${at.token}`);
      await expect.poll(() => page.title()).toBe('{"ready":true}');
      expect(page.url()).toBe(`http://${host}:${at.port}/`);
      await page.reload();
      await expect.poll(() => page.title()).toBe('{"ready":true}');
    }
    await page.evaluate(`window.ask('status')`);
    await expect.poll(() => page.title()).toContain('"result"');
    expect(at.calls).toEqual(['status']);
    expect(complaints).toEqual([]);
  });

  test('row 9: the file that opens the page leads a browser in, and a stranger’s link does not', async () => {
    const at = await startWebUi();
    const path = writeOpeningFile(at.dataDir, at.ui.url);
    const page = await context.newPage();
    await page.goto(`file://${path}`);
    await expect.poll(() => page.title()).toBe('{"ready":true}');
    expect(page.url()).toBe(`http://127.0.0.1:${at.port}/`);
    // The same from a file that only knows the usual address.
    const other = `${makePageFolder()}/link.html`;
    const link = `<meta http-equiv="refresh" content="0;url=${at.ui.url}">`;
    writeFileSync(other, `<!doctype html>${link}<body>stranger`);
    const stranger = await context.newPage();
    const refused = stranger.waitForResponse((response) => response.url().startsWith('http:'));
    await stranger.goto(`file://${other}`).catch(() => undefined);
    expect((await within('the refusal', refused)).status()).toBe(403);
  });
});
