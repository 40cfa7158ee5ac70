/**
 * Threat 14 (docs/security.md): names, labels, addresses and log lines of somebody who wants to harm,
 * through the whole page. First raw, from a Porthole that cleans nothing; then through real engines.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PortholeHost } from '../../src/control/porthole-host.ts';
import { InputQueue } from '../../src/shared/calls/input-queue.ts';
import type {
  CallParams,
  CallResult,
  EngineCallName,
  PairingEvent,
} from '../../src/shared/contract.ts';
import { portholeError } from '../../src/shared/errors.ts';
import { launchChromium, noChromium } from '../support/browser.ts';
import { LAPTOP } from '../support/fake-views.ts';
import { HOSTILE, HOSTILE_TEXTS, hostileScene } from './support/scripted-hostility.ts';
import { openScripted, SMALL_WINDOW, watchComplaints, WINDOW } from './support/scripted-page.ts';
import type { ScriptedPage } from './support/scripted-page.ts';
import { PROBE } from './support/scripted-probe.ts';
import type { Finding } from './support/scripted-probe.ts';

/** A row has a name, a line below it and, in a small window, a note of eight lines. */
const ROW_PX_MAX = 240;

const LINKS = ['Ports', 'Devices', 'Activity', 'Settings'];

let browser: Browser;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  if (!noChromium) browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
});

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Nothing of it ran, was made into an element, turned its neighbours or broke the frame. */
async function expectHarmless(page: Page, complaints: readonly string[]): Promise<void> {
  expect(await page.evaluate('globalThis.harmed')).toBeUndefined();
  expect(complaints).toEqual([]);
  expect(await page.locator('nav a').allTextContents()).toEqual(LINKS);
  expect(await page.title()).toMatch(/^(Ports|Devices|Activity|Settings) – Porthole$/);
  const found = await page.evaluate<Record<string, readonly Finding[]>>(
    `({ foreign: probe.foreign(), spills: probe.spills(${JSON.stringify(ALL_TEXTS)}),
        tall: probe.tallRows(${ROW_PX_MAX}), sideways: probe.sideways(), lost: probe.lostLinks() })`,
  );
  expect(told(found)).toBe('');
}

/** One finding a line, cut: the texts are long. */
function told(found: Readonly<Record<string, readonly Finding[]>>): string {
  return Object.entries(found)
    .flatMap(([kind, findings]) =>
      findings.map(({ where, what }) => `${kind}: ${where.slice(0, 160)}: ${what}`),
    )
    .join('\n');
}

/** What a text is shown as, alone: itself, or the line of the log that it is in. */
const ALL_TEXTS = HOSTILE_TEXTS.flatMap((text) => [
  text,
  `${text}: connected`.slice(0, 4096),
  // The letter on a device's disc.
  String.fromCodePoint(text.codePointAt(0) ?? 0),
]);

type Visit = (at: ScriptedPage) => Promise<void>;

const peerAt = (index: number): string =>
  `AAAAA-BBBBB-CCCCC-DDD${String(index).padStart(2, '0')}-A`;

const toPage =
  (page: 'ports' | 'devices' | 'activity' | 'settings', link: string): Visit =>
  async ({ page: tab, fake }) => {
    fake.wish({ kind: 'page', page });
    await tab
      .getByRole('link', { name: link, exact: true })
      .and(tab.locator('[aria-current=page]'))
      .waitFor();
    await tab.locator('main h1').waitFor();
  };

const toDevice =
  (index: number): Visit =>
  async ({ page, fake }) => {
    fake.wish({ kind: 'device', peer: peerAt(index) });
    await page.getByRole('button', { name: 'Remove device' }).waitFor();
  };

const inDevice =
  (index: number, button: string): Visit =>
  async (at) => {
    await toDevice(index)(at);
    await at.page.getByRole('button', { name: button, exact: true }).click();
    await at.page.getByRole('dialog').or(at.page.getByRole('alertdialog')).waitFor();
  };

/** A menu, or a dialog behind its items, of the first row with that text. */
const inRow =
  (text: string, item?: string): Visit =>
  async (at) => {
    await toPage('ports', 'Ports')(at);
    const row = at.page
      .locator('main li')
      .filter({ hasText: text.slice(0, 20) })
      .first();
    await row.getByRole('button', { name: /^More actions/ }).click();
    await at.page.getByRole('menu').waitFor();
    if (item === undefined) return;
    await at.page.getByRole('menuitem', { name: item }).click();
  };

const VISITS: Readonly<Record<string, Visit>> = {
  ports: toPage('ports', 'Ports'),
  'ports, problems shown': async (at) => {
    await toPage('ports', 'Ports')(at);
    await at.page.clock.fastForward(9000);
    await at.page.getByText('Nothing answers').first().waitFor();
  },
  'ports, filtered': async (at) => {
    await toPage('ports', 'Ports')(at);
    await at.page.getByRole('searchbox').fill(`${HOSTILE.overrides}no`);
    await at.page.getByText('Nothing matches').first().waitFor();
    await at.page.getByRole('searchbox').fill('');
  },
  'menu of a port': inRow('<img src'),
  'who can use it': inRow('{{constructor', 'Who can use it…'),
  'local port': inRow('5003', 'Change local port…'),
  'stopped, as a message': async (at) => {
    await inRow('photo', 'Stop Sharing')(at);
    await at.page.getByText('Stopped sharing').waitFor();
  },
  'failed, as a message': async (at) => {
    const problem = portholeError('E_SHARE_UNKNOWN', {
      share: `${HOSTILE.overrides}${HOSTILE.image}`,
    });
    at.fake.failNext('pause', problem);
    await inRow('{{constructor', 'Pause')(at);
    await at.page.getByText('Details', { exact: true }).waitFor();
  },
  'share dialog': async (at) => {
    await toPage('ports', 'Ports')(at);
    at.fake.wish({ kind: 'share', port: 3000 });
    await at.page.getByText('Chosen devices').click();
    await at.page.getByRole('dialog').getByRole('checkbox').nth(3).waitFor();
  },
  devices: toPage('devices', 'Devices'),
  ...Object.fromEntries(
    [0, 4, 8, 9, 11, 16, 17].map((index) => [`device ${index}`, toDevice(index)]),
  ),
  'rename dialog': inDevice(9, 'Rename'),
  'remove dialog': inDevice(16, 'Remove device'),
  activity: toPage('activity', 'Activity'),
  'activity, its beginning': async (at) => {
    await toPage('activity', 'Activity')(at);
    await at.page.getByRole('log').press('Home');
  },
  settings: async (at) => {
    await toPage('settings', 'Settings')(at);
    await at.page.getByText('Data folder').waitFor();
  },
  'code with a hostile name': async (at) => {
    at.fake.wish({ kind: 'share-code', share: '8'.padStart(32, 'a') });
    await at.page.getByRole('button', { name: 'Copy link' }).waitFor();
  },
  'code from a hostile link': async (at) => {
    at.fake.wish({ kind: 'add-device', code: HOSTILE.markup });
    await at.page.getByText('This is not a Porthole code').waitFor();
  },
  ...Object.fromEntries(
    (['image', 'overrides', 'unbroken', 'stacked', 'lines'] as const).map((kind) => [
      `compare with ${kind}`,
      comparing(HOSTILE[kind]),
    ]),
  ),
  'paired with it': async (at) => {
    await comparing(HOSTILE.overrides)(at);
    at.fake.pairing.succeed({ ...LAPTOP, name: HOSTILE.overrides });
    await at.page.getByRole('button', { name: 'Done' }).waitFor();
  },
  'refused by it': async (at) => {
    await comparing(HOSTILE.override)(at);
    at.fake.pairing.fail(
      portholeError('E_INVITE_BURNED', { name: `${HOSTILE.overrides}${HOSTILE.script}` }),
    );
    await at.page.getByText('Pairing stopped').waitFor();
  },
};

function comparing(name: string): Visit {
  return async (at) => {
    at.fake.wish({ kind: 'page', page: 'ports' });
    at.fake.wish({ kind: 'add-device', code: null });
    await at.page.getByRole('button', { name: 'Copy link' }).waitFor();
    at.fake.pairing.compare('482913', name);
    await at.page.getByRole('button', { name: 'They match' }).waitFor();
    at.fake.pairing.emit({
      kind: 'warning',
      text: `Another device (name "${name}") also tried`.slice(0, 4096),
    });
  };
}

test.skipIf(noChromium).each(Object.entries(VISITS))('raw: %s', async (_name, visit) => {
  const at = await openScripted(browser, hostileScene(), { clock: 'running' });
  closers.push(() => at.close());
  await visit(at);
  await expectHarmless(at.page, at.complaints);
  await at.page.setViewportSize(SMALL_WINDOW);
  await expectHarmless(at.page, at.complaints);
});

/** A talk that says yes to the digits, and passes on the link. */
function agreeing(onLink: (link: string) => void) {
  const wish = new AbortController();
  const inputs = new InputQueue<{ kind: 'verdict'; match: boolean }>(wish.signal);
  return {
    signal: wish.signal,
    emit: (event: PairingEvent) => {
      if (event.kind === 'invite') onLink(event.link);
      if (event.kind === 'compare') inputs.push({ kind: 'verdict', match: true });
    },
    nextInput: () => inputs.next(),
  };
}

/** Resolves when both have stored it. */
async function pair(owner: PortholeHost, guest: PortholeHost): Promise<void> {
  let inviting: Promise<unknown> = Promise.resolve();
  const code = await new Promise<string>((resolve) => {
    const params = { mode: 'online', trust: 'compare', grant: null } as const;
    inviting = owner.api.call('invite', params, agreeing(resolve));
  });
  const params = { code, trust: 'compare', localPort: null } as const;
  const joining = guest.api.call(
    'join',
    params,
    agreeing(() => {}),
  );
  await Promise.all([inviting, joining]);
}

async function startHost(webUi: boolean): Promise<PortholeHost> {
  const dataDir = mkdtempSync(join(tmpdir(), 'porthole-hostile-'));
  const folder = fileURLToPath(new URL('../../dist/renderer/', import.meta.url));
  const host = await PortholeHost.start({
    dataDir,
    purpose: 'keep',
    rendezvous: [],
    stun: [],
    turn: { urls: [], passwordFile: undefined },
    version: '1.2.3',
    ...(webUi ? { webUi: { folder, port: null } } : {}),
    onEvent: () => {},
  });
  closers.push(async () => {
    await host.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return host;
}

const never = (): Promise<never> => Promise.reject(new Error('asked for input'));

function ask<Name extends EngineCallName>(
  host: PortholeHost,
  name: Name,
  params: CallParams<Name>,
): Promise<CallResult<Name>> {
  const { signal } = new AbortController();
  return host.api.call(name, params, { signal, emit: () => {}, nextInput: never });
}

/** As `porthole share` and a settings page take them; what the engine turns down is nothing to show. */
const CHOSEN = [
  HOSTILE.image,
  HOSTILE.breakout,
  HOSTILE.overrides,
  HOSTILE.template,
  HOSTILE.unbroken,
  HOSTILE.stacked,
  HOSTILE.joiners,
] as const;

test.skipIf(noChromium)('through two real engines, on the page of the other computer', async () => {
  const [mallory, victim] = [await startHost(false), await startHost(true)];
  await ask(mallory, 'changeSettings', { deviceName: HOSTILE.image.slice(0, 60) });
  await pair(mallory, victim);
  const taken: string[] = [];
  for (const [index, name] of CHOSEN.entries()) {
    const target = String(40_001 + index);
    const params = { target, name, peers: [], lan: 'this-computer' as const };
    await ask(mallory, 'share', params).then(
      (share) => taken.push(share.name),
      () => undefined,
    );
  }
  expect(taken.length).toBeGreaterThan(2);
  const { url } = await ask(victim, 'ui', {});
  const context = await browser.newContext({ viewport: WINDOW, locale: 'en' });
  closers.push(() => context.close());
  const page = await context.newPage();
  const complaints = watchComplaints(page);
  await page.addInitScript({ content: PROBE });
  await page.goto(url ?? '');
  await page.getByRole('button', { name: 'Skip the first steps' }).click();
  for (const name of taken) {
    await page.getByText(name, { exact: true }).first().waitFor();
  }
  await expectHarmless(page, complaints);
  for (const link of LINKS) {
    await page.getByRole('link', { name: link, exact: true }).click();
    await page.locator('main h1').waitFor();
    await expectHarmless(page, complaints);
  }
  await page.getByRole('link', { name: 'Devices', exact: true }).click();
  await page.getByRole('button', { name: /^Details of/ }).click();
  await page.getByRole('button', { name: 'Remove device' }).waitFor();
  await expectHarmless(page, complaints);
});
