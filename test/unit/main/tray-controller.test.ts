/** The tray from the feed of an engine to the last click, in virtual time. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StatusFeed } from '../../../src/main/status-feed.ts';
import { TrayController } from '../../../src/main/tray/tray-controller.ts';
import type { OpenTrayHost } from '../../../src/main/tray/tray-host.ts';
import type { TrayFacts } from '../../../src/main/tray/tray-controller.ts';
import { portholeError } from '../../../src/shared/errors.ts';
import { TRAY_LISTENING_MS } from '../../../src/shared/limits.ts';
import { FORWARD, PEER, SHARE, STATUS } from '../../support/control-handlers.ts';
import {
  EngineDouble,
  itemAt,
  linesOf,
  settle,
  TrayDelegateDouble,
  TrayHostDouble,
} from './shell-scene.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const FACTS: TrayFacts = {
  language: 'en',
  platform: 'linux',
  updates: 'built-in',
  background: 'dark',
  motion: 'full',
};
const LINK = 'porthole://pair#secret';
const SHARED = ['Shared by This Computer', '3000  web'] as const;
const FORWARDED = ['On Other Devices', 'laptop: 5432 -> 127.0.0.1:5432'] as const;
const DEVICE = ['Devices', 'laptop: Direct, 12 ms'] as const;

let clock: VirtualClock;
let engine: EngineDouble;
let host: TrayHostDouble;
let delegate: TrayDelegateDouble;
let feed: StatusFeed;
let running: Promise<void>;
let tray: TrayController;

beforeEach(async () => {
  clock = new VirtualClock();
  engine = new EngineDouble();
  host = new TrayHostDouble();
  delegate = new TrayDelegateDouble();
  feed = new StatusFeed({ api: engine.api, clock });
  running = feed.run();
  await settle();
});

afterEach(async () => {
  tray.close();
  feed.close();
  await running;
  await settle();
  if (clock.pendingTimers > 0) throw new Error('timers are left behind');
});

async function start(facts: Partial<TrayFacts> = {}): Promise<void> {
  tray = new TrayController({
    api: engine.api,
    clock,
    feed,
    pairing: engine.pairingWatch,
    iconPath: (picture, variant) => `${picture}-${variant}`,
    facts: { ...FACTS, ...facts },
    delegate,
  });
  tray.attach(host.open);
  await pass(2000);
}

/** Lets time pass, and everything that waits for it go on. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    clock.advance(Math.min(100, left));
    await settle();
  }
}

async function choose(...path: readonly string[]): Promise<void> {
  host.choose(...path);
  await settle();
}

describe('what is chosen', () => {
  const port5173 = { port: 5173, address: '127.0.0.1', process: null, label: '', share: null };

  test.each<[string, readonly string[], unknown]>([
    ['pause', [...SHARED, 'Pause'], { share: SHARE.id }],
    ['unshare', [...SHARED, 'Stop Sharing'], { share: SHARE.id }],
    ['disconnect', [...FORWARDED, 'Disconnect'], { forward: FORWARD.local }],
    ['reconnect', [...DEVICE, 'Reconnect'], { peer: PEER.id }],
    ['pause', ['Pause All Sharing'], { share: null }],
  ])('is a call: %s by %j', async (name, path, params) => {
    await start();
    await choose(...path);
    expect(engine.calls).toEqual([{ name, params }]);
    expect(delegate.failed).toEqual([]);
  });

  test('resumes what is paused', async () => {
    engine.status = { ...STATUS, sharing: 'paused', shares: [{ ...SHARE, state: 'paused' }] };
    await engine.tell({});
    await start();
    await choose('Pause All Sharing');
    await choose('Shared by This Computer', '3000  web: Paused', 'Resume');
    expect(engine.calls).toEqual([
      { name: 'resume', params: { share: null } },
      { name: 'resume', params: { share: SHARE.id } },
    ]);
  });

  test.each(['5173', '127.0.0.2:5173', '[fd00::7]:5173'])(
    'shares the detected %s',
    async (target) => {
      engine.listening = [{ ...port5173, target }];
      await start();
      await choose('Detected on This Computer', 'Share port 5173');
      expect(engine.calls).toEqual([
        { name: 'share', params: { target, name: null, peers: [], lan: 'this-computer' } },
      ]);
    },
  );

  test.each([
    [['Share a Port…'], { kind: 'share', port: null }],
    [['Add a Device…'], { kind: 'add-device', code: null }],
    [[...SHARED, 'Show QR Code'], { kind: 'share-code', share: SHARE.id }],
    [[...DEVICE, 'Device Details…'], { kind: 'device', peer: PEER.id }],
    [['Settings…'], { kind: 'page', page: 'settings' }],
  ])('opens the window with something: %j', async (path, wish) => {
    await start();
    await choose(...path);
    expect(delegate.wishes).toEqual([wish]);
    expect(engine.calls).toEqual([]);
  });

  test.each([
    [['Open Porthole'], 'open-window'],
    [['Check for Updates…'], 'check-for-updates'],
    [['Quit Porthole'], 'quit'],
    [[...FORWARDED, 'Open in Browser'], `browser ${FORWARD.local}`],
  ])('is done by the app: %j', async (path, done) => {
    await start();
    await choose(...path);
    expect(delegate.done).toEqual([done]);
  });

  test.each([
    [[...FORWARDED, 'Copy Address'], FORWARD.local],
    [[...DEVICE, 'Copy Device ID'], PEER.id],
  ])('is copied: %j', async (path, text) => {
    await start();
    await choose(...path);
    expect(delegate.copied).toEqual([text]);
  });

  test('opens the lists and the problem', async () => {
    const peers = Array.from({ length: 11 }, (_, at) => ({
      ...PEER,
      id: `ID${at}`,
      path: 'relayed',
    }));
    await engine.tell({ peers });
    await start();
    await pass(5000);
    await choose('!  Relay only: direct connection blocked');
    await choose('Devices', 'Show All…');
    expect(delegate.wishes).toEqual([
      { kind: 'page', page: 'activity' },
      { kind: 'page', page: 'devices' },
    ]);
  });

  test('and fails is told once, with its code', async () => {
    await start();
    engine.failures.set('pause', portholeError('E_SHARE_UNKNOWN', { share: 'x' }));
    delegate.copyFailure = new Error('no clipboard');
    await choose(...SHARED, 'Pause');
    await choose(...FORWARDED, 'Copy Address');
    expect(delegate.failed).toEqual([
      { action: 'pause', code: 'E_SHARE_UNKNOWN' },
      { action: 'copy-address', code: 'E_INTERNAL' },
    ]);
  });

  test('turns no check over for good when it fails', async () => {
    await start();
    const menus = host.menus.length;
    engine.failures.set('pause', portholeError('E_INTERNAL', { reason: 'x' }));
    await choose('Pause All Sharing');
    await pass(500);
    expect(host.menus).toHaveLength(menus + 1);
    expect(itemAt(host.menu, ['Pause All Sharing'])).toMatchObject({ check: 'off' });
  });
});

async function copyLink(): Promise<void> {
  await start();
  await choose(...SHARED, 'Copy Link');
  engine.pairings[0]?.emit({ kind: 'invite', mode: 'online', link: LINK, expiresAt: 'later' });
  await settle();
}

describe('Copy Link', () => {
  const compare = { kind: 'compare', digits: '482913', peer: PEER.id, peerName: 'laptop' } as const;

  test('invites for the share and copies its link', async () => {
    await copyLink();
    const params = { mode: 'online', trust: 'compare', forwards: 'all', grant: SHARE.id };
    expect(engine.calls).toEqual([{ name: 'invite', params }]);
    expect(delegate.copied).toEqual([LINK]);
  });

  test('copies the same link while nobody has used it, and then another', async () => {
    await copyLink();
    await choose(...SHARED, 'Copy Link');
    expect(delegate.copied).toEqual([LINK, LINK]);
    expect(engine.pairings).toHaveLength(1);
    engine.pairings[0]?.finish();
    await settle();
    await choose(...SHARED, 'Copy Link');
    expect(engine.pairings).toHaveLength(2);
  });

  test.each(['match', 'differ'] as const)('asks whether the numbers %s', async (answer) => {
    await copyLink();
    delegate.answer = answer;
    engine.pairings[0]?.emit(compare);
    await settle();
    expect(delegate.questions[0]).toMatchObject({ digits: '482913', peerName: 'laptop' });
    const verdict = { kind: 'verdict', match: answer === 'match' };
    expect(engine.pairings[0]?.verdicts).toEqual([verdict]);
    expect(delegate.questions[0]?.signal.aborted).toBe(false);
    engine.pairings[0]?.finish();
    await settle();
    expect(delegate.questions[0]?.signal.aborted).toBe(true);
  });

  test('tells what fails before the link once, and afterwards all but that nobody came', async () => {
    await start();
    engine.failures.set('invite', portholeError('E_INTERNAL', { reason: 'x' }));
    await choose(...SHARED, 'Copy Link');
    expect(delegate.failed).toEqual([{ action: 'copy-link', code: 'E_INTERNAL' }]);
    engine.failures.clear();
    const expired = portholeError('E_INVITE_EXPIRED', { when: 'now' });
    for (const error of [expired, portholeError('E_DIGITS_DIFFER')]) {
      await choose(...SHARED, 'Copy Link');
      const pairing = engine.pairings.at(-1);
      pairing?.emit({ kind: 'invite', mode: 'online', link: LINK, expiresAt: 'later' });
      await settle();
      pairing?.finish(error);
      await settle();
    }
    expect(delegate.failed.slice(1)).toEqual([{ action: 'copy-link', code: 'E_DIGITS_DIFFER' }]);
  });

  test('makes the icon call for the person until the answer', async () => {
    await copyLink();
    const answers: ((answer: 'match') => void)[] = [];
    delegate.compareNumbers = () => new Promise((resolve) => answers.push(resolve));
    engine.pairings[0]?.emit(compare);
    await pass(300);
    expect(host.images.at(-1)).toBe('needs-you-on-dark');
    expect(host.tooltips.at(-1)).toBe('Porthole: a device wants to pair');
    answers[0]?.('match');
    await pass(300);
    expect(host.images.at(-1)).toBe('connected-on-dark');
  });
});

describe('the place', () => {
  test('may be missing, come later and go again', async () => {
    await start();
    tray.detach();
    expect(host.destroyed).toBe(1);
    const looks = engine.looks;
    await engine.tell({ peers: [] });
    await pass(60_000);
    expect(engine.looks).toBe(looks);
    const later = new TrayHostDouble();
    tray.attach(later.open);
    await pass(500);
    expect(linesOf(later.menu)[0]).toBe('(Porthole: no devices yet)');
    expect(later.images.at(-1)).toBe('no-device-on-dark');
    expect(later.tooltips).toEqual(['Porthole: 0 devices connected, 1 port shared']);
  });

  test('that cannot be had leaves the tray without one', async () => {
    await start();
    const open = vi.fn<OpenTrayHost>().mockThrow(new Error('no image'));
    tray.attach(open);
    expect(delegate.done).toEqual(['place failed: E_INTERNAL']);
    expect(host.destroyed).toBe(1);
    await engine.tell({ peers: [] });
    await pass(1000);
    expect(host.menus).toHaveLength(1);
  });

  test.each(['setImage', 'setTooltip', 'setMenu', 'destroy'] as const)(
    'whose %s throws is given up, and the feed goes on',
    async (name) => {
      const other = new TrayHostDouble();
      const open: OpenTrayHost = (image, listener) => ({
        ...other.open(image, listener),
        [name]: () => {
          throw new Error('destroyed');
        },
      });
      await start();
      tray.attach(open);
      await engine.tell({ peers: [] });
      await pass(1000);
      if (name === 'destroy') tray.detach();
      expect(delegate.done).toEqual(['place failed: E_INTERNAL']);
      expect(feed.status?.peers).toEqual([]);
      tray.attach(host.open);
      await pass(1000);
      expect(linesOf(host.menu)[0]).toBe('(Porthole: no devices yet)');
    },
  );

  test('shows another language, background or motion at once', async () => {
    await start();
    tray.setFacts({ language: 'zh-Hant', background: 'light' });
    await pass(600);
    expect(linesOf(host.menu)).toContain('新增裝置…');
    expect(host.images.at(-1)).toBe('connected-on-light');
    expect(host.tooltips.at(-1)).toBe('Porthole：已連線 1 台裝置，已分享 1 個連接埠');
  });

  test('says so while the engine is gone, and shows it again when it is back', async () => {
    await start();
    await engine.crash();
    await pass(600);
    expect(linesOf(host.menu)[0]).toBe('(Porthole: not running)');
    expect(host.images.at(-1)).toBe('off-on-dark');
    await pass(2000);
    expect(linesOf(host.menu)[0]).toBe('(Porthole: 1 device connected)');
  });
});

describe('the habits of', () => {
  test('Windows: the menu is popped up on right click, a click opens the window', async () => {
    await start({ platform: 'windows' });
    expect(host.menus).toEqual([]);
    host.listener?.onRightClick();
    expect(linesOf(host.popUps[0] ?? [])[0]).toBe('(Porthole: 1 device connected)');
    host.listener?.onClick();
    expect(delegate.done).toEqual(['open-window']);
    await choose(...SHARED, 'Stop Sharing');
    expect(engine.calls).toHaveLength(1);
  });

  test('macOS: the menu is set, a click is the menu, the icon is a template', async () => {
    await start({ platform: 'macos' });
    expect(host.menus).toHaveLength(1);
    host.listener?.onClick();
    host.listener?.onRightClick();
    expect(host.popUps).toEqual([]);
    expect(delegate.done).toEqual([]);
    expect(host.images.at(-1)).toBe('connected-template');
  });

  test('Linux: the menu is set again after each change, an activation opens the window', async () => {
    await start();
    await engine.tell({ shares: [] });
    await pass(600);
    expect(host.menus).toHaveLength(2);
    host.listener?.onClick();
    expect(delegate.done).toEqual(['open-window']);
  });
});

describe('listening ports are looked for', () => {
  test('every ten seconds on Linux, and when a share comes or goes', async () => {
    await start();
    const looks = engine.looks;
    await pass(10 * TRAY_LISTENING_MS);
    expect(engine.looks - looks).toBe(10);
    await engine.tell({ shares: [] });
    await pass(600);
    expect(engine.looks - looks).toBe(11);
  });

  test.each(['windows', 'macos'] as const)('when the pointer comes on %s', async (platform) => {
    await start({ platform });
    const looks = engine.looks;
    await pass(10 * TRAY_LISTENING_MS);
    expect(engine.looks).toBe(looks);
    host.listener?.onHover();
    host.listener?.onHover();
    host.listener?.onRightClick();
    await settle();
    expect(engine.looks).toBe(looks + 1);
  });

  test('without harm when that fails', async () => {
    engine.listening = [
      { port: 8080, address: '::', target: '8080', process: null, label: '', share: null },
    ];
    await start();
    expect(linesOf(host.menu)).toContain('  Share port 8080');
    engine.failures.set('listening', new Error('not here'));
    await pass(TRAY_LISTENING_MS);
    await pass(600);
    expect(linesOf(host.menu)).not.toContain('  Share port 8080');
    expect(delegate.failed).toEqual([]);
  });
});

describe('how often', () => {
  test('the menu changes: when its data does, twice a second at most', async () => {
    await start();
    const menus = host.menus.length;
    await pass(10_000);
    expect(host.menus).toHaveLength(menus);
    for (let tick = 0; tick < 40; tick++) {
      await engine.tell({ deviceName: `n${tick}`, peers: [{ ...PEER, name: `laptop ${tick}` }] });
      await pass(250);
    }
    expect(host.menus.length - menus).toBeGreaterThan(10);
    // Ten seconds, both ends included.
    expect(host.menus.length - menus).toBeLessThanOrEqual(21);
    await pass(1000);
    expect(linesOf(host.menu)).toContain('  laptop 39: Direct, 12 ms >');
  });

  test('round trips that waver do not change the menu, others do', async () => {
    await start();
    const menus = host.menus.length;
    for (const roundTripMs of [12.9, 13.4, 14.2, 11.1, 10.6, 12]) {
      await engine.tell({ peers: [{ ...PEER, roundTripMs }] });
      await pass(1000);
    }
    expect(host.menus).toHaveLength(menus);
    await engine.tell({ peers: [{ ...PEER, roundTripMs: 40 }] });
    await pass(1000);
    expect(linesOf(host.menu)).toContain('  laptop: Direct, 40 ms >');
  });

  test('the icon moves: twice a second while a device connects', async () => {
    await engine.tell({ peers: [{ ...PEER, state: 'connecting' }] });
    await start();
    host.images.length = 0;
    await pass(5000);
    expect(host.images).toHaveLength(10);
    expect(new Set(host.images)).toEqual(new Set(['connecting-1-on-dark', 'connecting-2-on-dark']));
    await engine.tell({ peers: [PEER] });
    await pass(1000);
    host.images.length = 0;
    await pass(5000);
    expect(host.images).toEqual([]);
  });

  test('the icon does not move where motion is reduced', async () => {
    await engine.tell({ peers: [{ ...PEER, state: 'connecting' }] });
    await start({ motion: 'reduced' });
    host.images.length = 0;
    await pass(5000);
    tray.setFacts({ background: 'light' });
    await pass(300);
    expect(host.images).toEqual(['connecting-on-light']);
  });

  test('the icon changes: every 200 ms at most', async () => {
    await start();
    host.images.length = 0;
    for (let at = 0; at < 10; at++) {
      tray.setFacts({ background: at % 2 === 0 ? 'light' : 'dark' });
      await pass(50);
    }
    expect(host.images.length).toBeLessThanOrEqual(3);
    await pass(300);
    expect(host.images.at(-1)).toBe('connected-on-dark');
  });
});
