/**
 * Every screen of the page: the scene behind it, and the way there. The way is walked in English;
 * whoever looks at the screen in another language switches there.
 */
import type { Locator, Page } from 'playwright-core';
import { portholeError } from '../../../src/shared/errors.ts';
import { COMMON } from '../../../src/shared/messages/common.ts';
import { sayIn } from '../../../src/shared/messages/language.ts';
import type { Language, Say } from '../../../src/shared/messages/language.ts';
import type { Wish } from '../../../src/shared/shell-calls.ts';
import type { FakePorthole } from '../../support/fake-porthole.ts';
import { DOCS, LAPTOP, PHONE, REMOTE_NOTES, SERVER } from '../../support/fake-views.ts';
import { SCENES } from '../../support/page-scenes.ts';
import type { ScriptedPage } from './scripted-page.ts';

export interface Screen {
  readonly name: string;
  readonly scene: () => FakePorthole;
  /** Until it is there. */
  readonly arrive: (at: ScriptedPage) => Promise<void>;
  /** Nothing behind the page any more: it stays as it looks. `arrive` goes there in any language. */
  readonly isCutOff?: boolean;
}

export const CODE = `porthole://pair#AQB${'cDeF0123456789_-'.repeat(12)}A`;
const OFFER = `porthole://pair#AQJ${'cDeF0123456789_-'.repeat(16)}A`;

const WARNING = 'Another device (name "Mallory") also tried this code. Go on only if both agree.';

const dialog = (page: Page): Locator => page.getByRole('dialog');
const button = (page: Page, name: string | RegExp): Locator =>
  page.getByRole('button', { name, exact: true });

/** Past the time that a problem has to last. */
async function later({ page }: ScriptedPage, ms = 9000): Promise<void> {
  await page.clock.fastForward(ms);
}

function screen(
  name: string,
  scene: () => FakePorthole,
  arrive: (at: ScriptedPage) => Promise<void>,
): Screen {
  return { name, scene, arrive };
}

/** Where a wish leads, until a text is there. */
function wished(wish: Wish, text: string | RegExp) {
  return async ({ page, fake }: ScriptedPage): Promise<void> => {
    fake.wish(wish);
    await page.getByText(text).first().waitFor();
  };
}

const usual = SCENES.usual;

function usualOn(change: Parameters<FakePorthole['setShell']>[0]): FakePorthole {
  const fake = usual();
  fake.setShell(change);
  return fake;
}

const desktop = (): FakePorthole =>
  usualOn({ kind: 'desktop', platform: 'macos', tray: 'shown', login: 'needs-approval' });

/** Everything that a port can say. */
function noted(): FakePorthole {
  const fake = usual();
  const { forwards, shares } = fake.status;
  fake.setStatus({
    shares: [...shares, { ...DOCS, id: '9'.repeat(32), name: 'Stopped one', state: 'stopped' }],
    forwards: [
      ...forwards,
      {
        ...REMOTE_NOTES,
        share: '2'.repeat(32),
        peer: LAPTOP.id,
        peerName: 'laptop',
        local: '127.0.0.1:81',
      },
      {
        ...REMOTE_NOTES,
        share: '3'.repeat(32),
        peer: LAPTOP.id,
        peerName: 'laptop',
        state: 'down',
        local: '127.0.0.1:82',
      },
      {
        ...REMOTE_NOTES,
        share: '4'.repeat(32),
        peer: LAPTOP.id,
        state: 'live',
        why: 'privileged',
        sharedPort: 443,
        local: '127.0.0.1:8443',
      },
    ],
  });
  return fake;
}

function relayed(): FakePorthole {
  const fake = usual();
  fake.setStatus({ peers: [LAPTOP, SERVER, { ...PHONE, obstacle: 'E_UDP_BLOCKED' }] });
  return fake;
}

async function addDevice({ page }: ScriptedPage): Promise<void> {
  await page.keyboard.press('Control+d');
  await button(page, 'Copy link').waitFor();
}

async function enterCode(at: ScriptedPage): Promise<void> {
  await addDevice(at);
  await at.page.getByRole('tab', { name: 'Enter code' }).click();
  await button(at.page, 'Connect').waitFor();
}

async function typeCode(at: ScriptedPage, code: string): Promise<void> {
  await enterCode(at);
  await at.page.getByRole('textbox', { name: 'Code or link' }).fill(code);
}

async function joining(at: ScriptedPage): Promise<void> {
  await typeCode(at, CODE);
  await button(at.page, 'Connect').click();
  await at.page.getByText('Connecting to').waitFor();
}

async function comparing(at: ScriptedPage): Promise<void> {
  await addDevice(at);
  at.fake.pairing.compare('482913');
  await button(at.page, 'They match').waitFor();
}

/** Steps of the first run, by the buttons that lead on. */
function stepped(...names: readonly (string | RegExp)[]) {
  return async ({ page }: ScriptedPage): Promise<void> => {
    await page.getByRole('heading', { name: 'Welcome to Porthole' }).waitFor();
    for (const name of names) await button(page, name).click();
  };
}

async function menuOf({ page }: ScriptedPage, name: string): Promise<void> {
  await button(page, `More actions for ${name}`).first().click();
  await page.getByRole('menu').waitFor();
}

const PORTS: readonly Screen[] = [
  screen('Ports, empty', SCENES.empty, async ({ page }) => {
    await page.getByText('No app is listening yet').waitFor();
  }),
  screen('Ports', usual, async ({ page }) => {
    await page.getByText('Vite').waitFor();
  }),
  screen('Ports, with notes', noted, async (at) => {
    await at.page.getByText('Stopped one').waitFor();
    await later(at);
    await at.page.getByText('Nothing answers on').waitFor();
  }),
  screen('Ports, nothing matches', usual, async ({ page }) => {
    await page.getByRole('searchbox').fill('xyz');
    await page.getByText('Nothing matches').first().waitFor();
  }),
  screen('Ports, menu', usual, (at) => menuOf(at, 'Web app')),
  screen('Share dialog', usual, async ({ page }) => {
    await page.keyboard.press('Control+n');
    await dialog(page).getByText('Chosen devices').click();
    await dialog(page).getByText('Advanced').click();
    await dialog(page).getByText('home server').waitFor();
  }),
  screen('Share dialog, problem', usual, async ({ page }) => {
    await page.keyboard.press('Control+n');
    await dialog(page).getByRole('button', { name: 'Share port' }).click();
    await dialog(page).getByText('Enter a port').waitFor();
  }),
  screen('Access dialog', usual, async (at) => {
    await menuOf(at, 'PostgreSQL');
    await at.page.getByRole('menuitem', { name: 'Who can use it…' }).click();
    await dialog(at.page).getByText('home server').waitFor();
  }),
  screen('Local port dialog', usual, async (at) => {
    await button(at.page, 'Change').click();
    await dialog(at.page).getByRole('textbox').fill('80');
    at.fake.failNext(
      'connect',
      portholeError('E_PORT_PRIVILEGED', { port: 80, alternative: 8080 }),
    );
    await dialog(at.page).getByRole('button', { name: 'Save' }).click();
    await dialog(at.page).getByText('administrator').waitFor();
  }),
];

const DEVICES: readonly Screen[] = [
  screen(
    'Devices, empty',
    SCENES.empty,
    wished({ kind: 'page', page: 'devices' }, 'No devices yet.'),
  ),
  screen('Devices', SCENES.devices, async (at) => {
    await wished({ kind: 'page', page: 'devices' }, 'attic')(at);
    await later(at);
  }),
  screen(
    'Device, direct',
    usual,
    wished({ kind: 'device', peer: LAPTOP.id }, 'What laptop can use'),
  ),
  screen('Device, relay', usual, wished({ kind: 'device', peer: SERVER.id }, 'relay.example.com')),
  screen('Device, offline', usual, wished({ kind: 'device', peer: PHONE.id }, 'Try now')),
  screen(
    'Device, blocked',
    SCENES.devices,
    wished({ kind: 'device', peer: 'AAAAA-AAAAA-AAAAA-AAAA5-A' }, 'Remove and pair'),
  ),
  screen('Rename dialog', usual, async (at) => {
    await wished({ kind: 'device', peer: LAPTOP.id }, 'What laptop can use')(at);
    await button(at.page, 'Rename').click();
    await dialog(at.page).waitFor();
  }),
  screen('Remove dialog', usual, async (at) => {
    await wished({ kind: 'device', peer: LAPTOP.id }, 'What laptop can use')(at);
    await button(at.page, 'Remove device').click();
    await at.page.getByText('Remove laptop?').waitFor();
  }),
];

const ADDING: readonly Screen[] = [
  screen('Add a device, code', usual, addDevice),
  screen('Add a device, for a share', usual, async ({ page }) => {
    await button(page, 'Show QR code of Web app').click();
    await button(page, 'Copy link').waitFor();
  }),
  screen('Add a device, cancelled', usual, async (at) => {
    await addDevice(at);
    at.fake.pairing.fail(portholeError('E_INVITE_BURNED', { name: 'x' }));
    await at.page.getByText('Pairing stopped').waitFor();
  }),
  screen('Add a device, expired', usual, async (at) => {
    await addDevice(at);
    at.fake.pairing.fail(portholeError('E_INVITE_EXPIRED', { when: 'at 14:10' }));
    await at.page.getByText('This code expired').waitFor();
  }),
  screen('Add a device, by hand', usual, async (at) => {
    await addDevice(at);
    at.fake.pairing.link = OFFER;
    await button(at.page, 'No network between the two?').click();
    await button(at.page, 'Copy code').waitFor();
  }),
  screen('Add a device, enter', usual, enterCode),
  screen(
    'Add a device, prefilled',
    usual,
    wished({ kind: 'add-device', code: CODE }, 'A link brought this code.'),
  ),
  screen('Add a device, invalid', usual, async (at) => {
    await typeCode(at, 'hello');
    await at.page.getByText('This is not a Porthole code').waitFor();
  }),
  screen('Add a device, no camera', usual, async (at) => {
    await enterCode(at);
    await button(at.page, 'Scan with camera').click();
    await button(at.page, 'Try again').waitFor();
  }),
  screen('Add a device, used', usual, async (at) => {
    await joining(at);
    at.fake.pairing.fail(portholeError('E_INVITE_USED'));
    await at.page.getByText('This code was already used').waitFor();
  }),
  screen('Add a device, connecting', usual, async (at) => {
    await joining(at);
    await later(at);
    await at.page.getByText('Still trying').waitFor();
  }),
  screen('Add a device, carry back', usual, async (at) => {
    await typeCode(at, OFFER);
    await button(at.page, 'Connect').click();
    await at.page.getByText('Connecting to').waitFor();
    at.fake.pairing.emit({ kind: 'answer', blob: OFFER.replace('pair', 'answer') });
    await button(at.page, 'Copy answer').waitFor();
  }),
  screen('Compare numbers', usual, comparing),
  screen('Compare numbers, warned', usual, async (at) => {
    await comparing(at);
    at.fake.pairing.emit({ kind: 'warning', text: WARNING });
    await at.page.getByText('Mallory').waitFor();
  }),
  screen('Compare numbers, said', usual, async (at) => {
    await comparing(at);
    await button(at.page, 'They match').click();
    await at.page.getByText('Waiting until it is confirmed').waitFor();
  }),
  screen('Paired', usual, async (at) => {
    await comparing(at);
    at.fake.pairing.succeed();
    await button(at.page, 'Done').waitFor();
  }),
];

const ELSEWHERE: readonly Screen[] = [
  screen(
    'Activity, empty',
    SCENES.empty,
    wished({ kind: 'page', page: 'activity' }, 'No activity yet.'),
  ),
  screen('Activity', usual, wished({ kind: 'page', page: 'activity' }, '127.0.0.1:8080')),
  screen('Activity, nothing matches', usual, async (at) => {
    await wished({ kind: 'page', page: 'activity' }, '127.0.0.1:8080')(at);
    await at.page.getByRole('searchbox').fill('xyz');
    await at.page.getByText('Nothing matches').waitFor();
  }),
  screen('Settings', usual, wished({ kind: 'page', page: 'settings' }, 'Data folder')),
  screen('Settings, desktop', desktop, wished({ kind: 'page', page: 'settings' }, 'Data folder')),
  screen(
    'Settings, restart needed',
    () => {
      const fake = usual();
      fake.settings = { ...fake.settings, restart: 'needed', rendezvous: [], stun: [], turn: [] };
      return fake;
    },
    wished({ kind: 'page', page: 'settings' }, 'takes effect when Porthole starts again'),
  ),
  screen('Settings, list open', desktop, async (at) => {
    await wished({ kind: 'page', page: 'settings' }, 'Data folder')(at);
    await at.page.getByRole('combobox', { name: 'Language' }).click();
    await at.page.getByRole('option', { name: 'English' }).waitFor();
  }),
  screen('Export dialog', usual, async (at) => {
    await wished({ kind: 'page', page: 'settings' }, 'Data folder')(at);
    await button(at.page, 'Export identity…').click();
    await dialog(at.page).getByRole('button', { name: 'Export' }).click();
    await dialog(at.page).getByText('Enter a passphrase.').waitFor();
  }),
  screen('Shortcuts', usual, async ({ page }) => {
    await page.keyboard.press('?');
    await dialog(page).waitFor();
  }),
];

const FIRST_RUN: readonly Screen[] = [
  screen('First run, welcome', SCENES['first-run'], stepped()),
  screen('First run, connect', SCENES['first-run'], stepped('Continue')),
  screen('First run, show', SCENES['first-run'], stepped('Continue', /^Show a code/)),
  screen('First run, enter', SCENES['first-run'], stepped('Continue', /^I have a code/)),
  screen('First run, share', SCENES['first-run'], stepped('Continue', 'Skip')),
  screen('First run, keeps', SCENES['first-run'], stepped('Continue', 'Skip', 'Continue')),
];

/** The words of the page, in the language that it is in. */
async function wordsOf({ page }: ScriptedPage): Promise<Say<(typeof COMMON)['en']>> {
  const language = await page.locator('html').getAttribute('lang');
  return sayIn(COMMON, language as Language);
}

const CONDITIONS: readonly Screen[] = [
  ...(['paused', 'offline', 'rendezvous-down', 'udp-blocked'] as const).map((name) =>
    screen(`Condition, ${name}`, SCENES[name], async (at) => {
      await at.page.getByText('Vite').waitFor();
      await later(at);
      await at.page
        .getByRole('status', { name: 'State of Porthole' })
        .locator('p, strong')
        .first()
        .waitFor();
    }),
  ),
  screen('Condition, relay', relayed, async (at) => {
    await at.page.getByText('Vite').waitFor();
    await later(at);
    await at.page.getByText('Using the relay.').waitFor();
  }),
  {
    name: 'Condition, lost',
    scene: usual,
    isCutOff: true,
    arrive: async (at) => {
      await at.page.getByText('Vite').waitFor();
      const say = await wordsOf(at);
      await at.server.close();
      await at.page.getByText(say('stateLost')).waitFor();
      await later(at);
      await at.page.getByText(say('lostTitle')).waitFor();
    },
  },
  {
    name: 'Condition, refused',
    scene: usual,
    isCutOff: true,
    arrive: async (at) => {
      await at.page.getByText('Vite').waitFor();
      const say = await wordsOf(at);
      await at.page.evaluate('sessionStorage.clear()');
      await at.page.goto(at.server.url.replace(/#.*/, ''));
      await at.page.getByText(say('refusedTitle')).waitFor();
    },
  },
  screen('Messages', usual, async (at) => {
    await button(at.page, 'Share port 5173').click();
    await at.page.getByText('Sharing').first().waitFor();
    at.fake.failNext('pause', portholeError('E_SHARE_UNKNOWN', { share: 'x' }));
    await menuOf(at, 'Web app');
    await at.page.getByRole('menuitem', { name: 'Pause' }).click();
    await at.page.getByText('Details', { exact: true }).click();
    await at.page.getByText('E_SHARE_UNKNOWN').waitFor();
  }),
];

export const SCREENS: readonly Screen[] = [
  ...PORTS,
  ...DEVICES,
  ...ADDING,
  ...ELSEWHERE,
  ...FIRST_RUN,
  ...CONDITIONS,
];
