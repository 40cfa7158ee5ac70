/**
 * Pictures of the real page for the README: `npm run screenshots`, behind `npm run build`.
 *
 * Invariant: the same page makes the same pictures: its clock stands still, nothing moves, and the
 * minute of rates behind it is computed.
 */
import { EventEmitter, once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import type { CallTalk } from '../../../src/shared/calls/api.ts';
import { METRICS_MS } from '../../../src/shared/limits.ts';
import { RATES_KEPT_MS } from '../../../src/shared/page-limits.ts';
import { launchChromium } from '../../support/browser.ts';
import { fakeMetrics } from '../../support/fake-metrics.ts';
import type { FakePorthole } from '../../support/fake-porthole.ts';
import { LAPTOP } from '../../support/fake-views.ts';
import { SCENES } from '../../support/page-scenes.ts';
import { servePage } from '../../support/page-server.ts';

const FOLDER = fileURLToPath(new URL('../../../assets/screenshots/', import.meta.url));
const NOW = '2026-11-21T14:10:00.000Z';
const CODE_LIFE_MS = 588_000;
/** Sharp, and still less than 200 kB. */
const SCALE = 1.5;

type Theme = 'light' | 'dark';

interface Shot {
  readonly name: string;
  readonly themes: readonly Theme[];
  readonly scene: () => FakePorthole;
  readonly arrive: (fake: FakePorthole, press: (button: string) => Promise<void>) => unknown;
  /** What is there when it is. */
  readonly sign: string;
}

const BOTH = ['light', 'dark'] as const;

const SHOTS: readonly Shot[] = [
  { name: 'ports', themes: BOTH, scene: demo, arrive: () => {}, sign: 'Nothing answers on' },
  {
    name: 'add-device',
    themes: BOTH,
    scene: demo,
    arrive: (fake) => fake.wish({ kind: 'add-device', code: null }),
    sign: 'Copy link',
  },
  {
    name: 'compare',
    themes: BOTH,
    scene: demo,
    arrive: async (fake, press) => {
      fake.wish({ kind: 'add-device', code: null });
      await press('Save picture');
      fake.pairing.compare('482913', 'Mei’s laptop');
    },
    sign: 'They match',
  },
  {
    name: 'devices',
    themes: BOTH,
    scene: demo,
    arrive: (fake) => fake.wish({ kind: 'page', page: 'devices' }),
    sign: 'Paired devices',
  },
  {
    name: 'device',
    themes: BOTH,
    scene: demo,
    arrive: (fake) => fake.wish({ kind: 'device', peer: LAPTOP.id }),
    sign: 'What laptop can use',
  },
  {
    name: 'activity',
    themes: BOTH,
    scene: demo,
    arrive: (fake) => fake.wish({ kind: 'page', page: 'activity' }),
    sign: 'Copy diagnostics',
  },
  {
    name: 'settings',
    themes: BOTH,
    scene: demo,
    arrive: (fake) => fake.wish({ kind: 'page', page: 'settings' }),
    sign: 'Start at login',
  },
  {
    name: 'first-run',
    themes: BOTH,
    scene: firstRun,
    arrive: () => {},
    sign: 'Welcome to Porthole',
  },
];

const DESKTOP = { kind: 'desktop', platform: 'linux', tray: 'shown', login: 'available' } as const;

function demo(): FakePorthole {
  const fake = SCENES.usual();
  fake.setShell(DESKTOP);
  fake.log(
    ...Array.from({ length: 14 }, (_, index) => ({
      at: new Date(Date.parse('2026-11-21T14:05:10.000Z') + index * 19_300).toISOString(),
      level: index === 6 ? ('warn' as const) : ('info' as const),
      text: LOG[index % LOG.length] ?? '',
    })),
  );
  return fake;
}

const LOG = [
  'laptop opened a connection to Web app (127.0.0.1:3000)',
  'home server: connected through relay.example.com',
  'Shared PostgreSQL (127.0.0.1:5432) with laptop',
  'laptop opened a connection to PostgreSQL (127.0.0.1:5432)',
  'Media library of home server is at 127.0.0.1:8096',
  'laptop: the network changed; connected directly again, 3 connections kept',
  'Mei’s tablet was lost; its connections are kept for 60 s',
];

function firstRun(): FakePorthole {
  const fake = SCENES['first-run']();
  fake.setShell(DESKTOP);
  fake.settings = { ...fake.settings, deviceName: 'studio' };
  return fake;
}

/** A whole minute of counters at once, and then none. Resolves when all of it is there. */
function giveMinute(fake: FakePorthole): Promise<unknown> {
  const given = new EventEmitter();
  const metrics = async (_params: unknown, talk: CallTalk<'metrics'>): Promise<never> => {
    for (let at = METRICS_MS; at <= RATES_KEPT_MS + METRICS_MS; at += METRICS_MS) {
      talk.emit(fakeMetrics(fake.status, at));
      await talk.nextInput();
    }
    given.emit('all');
    return await new Promise((_resolve, reject) => {
      talk.signal.addEventListener('abort', () => reject(new Error('gone')), { once: true });
    });
  };
  Object.assign(fake.handlers, { metrics });
  return once(given, 'all');
}

/** Its codes end at the same time by the clock of the page, whenever they are made. */
function fixCodeLife(fake: FakePorthole): void {
  Object.defineProperty(fake.pairing, 'lifeMs', {
    get: () => Date.parse(NOW) - Date.now() + CODE_LIFE_MS,
  });
}

async function shoot(browser: Browser, shot: Shot, theme: Theme): Promise<void> {
  const fake = shot.scene();
  fake.setShell({ preferences: { ...fake.shell.preferences, theme, language: 'en' } });
  const minute = giveMinute(fake);
  fixCodeLife(fake);
  const server = await servePage(fake);
  const context = await browser.newContext({
    viewport: { width: 860, height: 600 },
    deviceScaleFactor: SCALE,
    reducedMotion: 'reduce',
    colorScheme: theme,
    locale: 'en-GB',
    timezoneId: 'UTC',
  });
  const page = await context.newPage();
  await page.clock.setFixedTime(NOW);
  await page.goto(server.url);
  await page.getByRole('heading').first().waitFor();
  await shot.arrive(fake, (name) => page.getByRole('button', { name }).waitFor());
  await page.getByText(shot.sign).first().waitFor();
  await minute;
  // What came last is drawn.
  await page.waitForTimeout(1000);
  await page.evaluate('document.fonts.ready.then(() => document.activeElement?.blur())');
  const path = join(FOLDER, `${shot.name}-${theme}.png`);
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  await context.close();
  await server.close();
  console.log(path);
}

mkdirSync(FOLDER, { recursive: true });
const browser = await launchChromium('--font-render-hinting=none', '--force-color-profile=srgb');
const wanted = process.argv[2];
for (const shot of SHOTS) {
  for (const theme of shot.themes) {
    if (wanted === undefined || shot.name === wanted) await shoot(browser, shot, theme);
  }
}
await browser.close();
