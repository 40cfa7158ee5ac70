/** Notifications from the feed of an engine to the click, in virtual time. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NoticeController } from '../../../src/main/notices/notice-controller.ts';
import { noticeText } from '../../../src/main/notices/notice-text.ts';
import type { News } from '../../../src/main/notices/notice-policy.ts';
import type { NoticeCard, Notifier } from '../../../src/main/notices/notifier.ts';
import { StatusFeed } from '../../../src/main/status-feed.ts';
import type { PeerView } from '../../../src/shared/contract.ts';
import { NOTICE_FLAP_MS, NOTICE_LEAST_MS, NOTICE_LOST_MS } from '../../../src/shared/limits.ts';
import { LANGUAGES } from '../../../src/shared/messages/language.ts';
import type { Language } from '../../../src/shared/messages/language.ts';
import type { Preferences, Wish } from '../../../src/shared/shell-calls.ts';
import { FORWARD, PEER, STATUS } from '../../support/control-handlers.ts';
import { EngineDouble, settle } from './shell-scene.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const ALL: Preferences['notifications'] = { pairing: true, lost: true, share: true };
const LOST = 'Connection to laptop was lost';
const BACK = 'laptop is back';
/** What the feed may be late by. */
const FEED_MS = 1000;

/** The notifications that a person has had, and those still there. */
class NotifierDouble implements Notifier {
  readonly shown: NoticeCard[] = [];
  readonly open = new Map<string, NoticeCard>();

  get titles(): string[] {
    return this.shown.map((card) => card.title);
  }

  get openTitles(): string[] {
    return [...this.open.values()].map((card) => card.title);
  }

  show(card: NoticeCard): void {
    this.shown.push(card);
    this.open.set(card.id, card);
  }

  close(id: string): void {
    this.open.delete(id);
  }
}

let clock: VirtualClock;
let engine: EngineDouble;
let feed: StatusFeed;
let running: Promise<void>;
let notifier: NotifierDouble;
let notices: NoticeController;
let wishes: (Wish | 'open-window')[];
let attention: 'watching' | 'away';

beforeEach(async () => {
  clock = new VirtualClock();
  engine = new EngineDouble();
  feed = new StatusFeed({ api: engine.api, clock });
  running = feed.run();
  notifier = new NotifierDouble();
  wishes = [];
  attention = 'away';
  await settle();
});

afterEach(async () => {
  notices.close();
  if (notifier.open.size > 0) throw new Error('notifications are left behind');
  feed.close();
  await running;
  await settle();
  if (clock.pendingTimers > 0) throw new Error('timers are left behind');
});

async function start(wanted: Preferences['notifications'] = ALL): Promise<void> {
  notices = new NoticeController({
    clock,
    feed,
    pairing: engine.pairingWatch,
    notifier,
    delegate: {
      openWindow: () => wishes.push('open-window'),
      show: (wish) => wishes.push(wish),
      attention: () => attention,
    },
    language: 'en',
    wanted,
  });
  await pass(2 * FEED_MS);
}

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    clock.advance(Math.min(500, left));
    await settle();
  }
}

/** The device is seen so, and the feed has said it. */
async function see(...peers: readonly Partial<PeerView>[]): Promise<void> {
  await engine.tell({ peers: peers.map((change) => ({ ...PEER, ...change })) });
  await pass(FEED_MS);
}

const share = (at: number): typeof FORWARD => ({
  ...FORWARD,
  share: `share${at}`,
  sharedPort: 8000 + at,
  name: `app ${at}`,
});

describe('a device that is lost', () => {
  test('with open connections is told after 30 s, and not before', async () => {
    await start();
    await see({ state: 'held' });
    await pass(NOTICE_LOST_MS - 2 * FEED_MS);
    expect(notifier.titles).toEqual([]);
    await pass(2 * FEED_MS);
    expect(notifier.titles).toEqual([LOST]);
    expect(notifier.shown[0]?.body).toBe('Porthole keeps trying. 2 open connections are affected.');
    await pass(10 * NOTICE_LEAST_MS);
    expect(notifier.titles).toEqual([LOST]);
  });

  test('is told even when its connections were given up meanwhile', async () => {
    await start();
    await see({ state: 'held' });
    await see({ state: 'connecting', connections: 0 });
    await pass(NOTICE_LOST_MS);
    expect(notifier.titles).toEqual([LOST]);
  });

  test('without open connections is no news', async () => {
    await start();
    await see({ connections: 0 });
    await see({ state: 'connecting', connections: 0 });
    await pass(10 * NOTICE_LEAST_MS);
    expect(notifier.titles).toEqual([]);
  });

  test('for less than 30 s is no news, however often', async () => {
    await start();
    for (let round = 0; round < 10; round++) {
      await see({ state: 'held' });
      await pass(8000);
      await see({ state: 'up' });
      await pass(NOTICE_FLAP_MS);
    }
    expect(notifier.titles).toEqual([]);
  });

  test('is still lost while it comes up for less than 10 s', async () => {
    await start();
    await see({ state: 'held' });
    await pass(15_000);
    await see({ state: 'up' });
    await pass(5000);
    await see({ state: 'held' });
    await pass(10_000);
    expect(notifier.titles).toEqual([LOST]);
  });

  test('and is back is told in its place, when a minute has passed', async () => {
    await start();
    await see({ state: 'held' });
    await pass(NOTICE_LOST_MS);
    await see({ state: 'up' });
    expect(notifier.openTitles).toEqual([]);
    await pass(NOTICE_FLAP_MS);
    expect(notifier.titles).toEqual([LOST]);
    await pass(NOTICE_LEAST_MS);
    expect(notifier.titles).toEqual([LOST, BACK]);
    expect(notifier.shown[1]?.id).toBe(notifier.shown[0]?.id);
  });

  test('for minutes and is back is told after 10 s', async () => {
    await start();
    await see({ state: 'held' });
    await pass(NOTICE_LOST_MS + NOTICE_LEAST_MS);
    await see({ state: 'up' });
    await pass(NOTICE_FLAP_MS - 2 * FEED_MS);
    expect(notifier.titles).toEqual([LOST]);
    await pass(2 * FEED_MS);
    expect(notifier.openTitles).toEqual([BACK]);
  });

  test('because it removed this computer, or was removed here, is no news', async () => {
    await start();
    await see({ state: 'removed' });
    await pass(NOTICE_LEAST_MS);
    await see({ state: 'up' });
    await see({ state: 'held' });
    await see();
    await pass(NOTICE_LEAST_MS);
    expect(notifier.titles).toEqual([]);
  });

  test('has nothing left to say once it was removed here', async () => {
    await start();
    await see({ state: 'held' });
    await pass(NOTICE_LOST_MS);
    expect(notifier.openTitles).toEqual([LOST]);
    await see();
    expect(notifier.openTitles).toEqual([]);
  });

  test('while this computer has no network, or sleeps, is not lost', async () => {
    await start();
    await engine.tell({ network: 'offline', peers: [{ ...PEER, state: 'held' }] });
    await pass(10 * NOTICE_LOST_MS);
    expect(notifier.titles).toEqual([]);
    await engine.tell({ network: 'online' });
    await pass(NOTICE_LOST_MS - 5000);
    clock.jump(3_600_000);
    notices.onWoke();
    await pass(NOTICE_LOST_MS - 5000);
    expect(notifier.titles).toEqual([]);
    await pass(6000);
    expect(notifier.titles).toEqual([LOST]);
  });

  test('is one of several, each told for itself', async () => {
    const other = { id: 'OTHER', name: 'desk' };
    await engine.tell({ peers: [PEER, { ...PEER, ...other }] });
    await pass(FEED_MS);
    await start();
    await see({ state: 'held' }, { ...other, state: 'held' });
    await pass(NOTICE_LOST_MS);
    expect(notifier.titles).toEqual([LOST, 'Connection to desk was lost']);
  });
});

describe('a shared port', () => {
  test('that was there at the start is no news, another one is', async () => {
    await start();
    expect(notifier.titles).toEqual([]);
    await engine.tell({ forwards: [FORWARD, share(1)] });
    await pass(FEED_MS);
    expect(notifier.shown).toMatchObject([
      { title: 'laptop shares a port with you', body: '8001  app 1' },
    ]);
    notifier.shown[0]?.onClick();
    expect(wishes).toEqual([{ kind: 'page', page: 'ports' }]);
  });

  test('is news for the first time only', async () => {
    await start();
    for (let round = 0; round < 3; round++) {
      await engine.tell({ forwards: [FORWARD, share(1)] });
      await pass(2 * NOTICE_LEAST_MS);
      await engine.tell({ forwards: [FORWARD] });
      await pass(2 * NOTICE_LEAST_MS);
    }
    expect(notifier.shown).toHaveLength(1);
  });

  test('of many in a row is told with the others, once a minute', async () => {
    await start();
    for (let at = 1; at <= 20; at++) {
      await engine.tell({ forwards: [FORWARD, ...Array.from({ length: at }, (_, i) => share(i))] });
      await pass(FEED_MS);
    }
    await pass(NOTICE_LEAST_MS);
    expect(notifier.titles).toEqual([
      'laptop shares a port with you',
      'laptop shares 19 ports with you',
    ]);
  });
});

describe('pairing', () => {
  const NEW = { id: 'NEW', name: 'tablet' };

  async function request(): Promise<void> {
    const talk = {
      signal: new AbortController().signal,
      emit: () => {},
      nextInput: () => new Promise<never>(() => {}),
    };
    const params = { mode: 'online', trust: 'compare', grant: null } as const;
    engine.api.call('invite', params, talk).catch(() => {});
    await settle();
    const peer = { peer: NEW.id, peerName: NEW.name };
    engine.pairings[0]?.emit({ kind: 'compare', digits: '482913', ...peer });
    await settle();
  }

  test('calls for the person who is away, until it is over', async () => {
    await start();
    await request();
    expect(notifier.openTitles).toEqual(['tablet wants to pair']);
    expect(JSON.stringify(notifier.shown)).not.toContain('482');
    notifier.shown[0]?.onClick();
    expect(wishes).toEqual(['open-window']);
    engine.pairings[0]?.finish();
    await settle();
    expect(notifier.openTitles).toEqual([]);
  });

  test('does not disturb who watches the window', async () => {
    attention = 'watching';
    await start();
    await request();
    expect(notifier.titles).toEqual([]);
  });

  test('is told when it is done, unless the person was just asked', async () => {
    await start();
    await see({}, NEW);
    expect(notifier.titles).toEqual(['Paired with tablet']);
    notifier.shown[0]?.onClick();
    expect(wishes).toEqual([{ kind: 'device', peer: 'NEW' }]);
  });

  test('is not told to whom it was asked', async () => {
    await start();
    await request();
    await see({}, NEW);
    await pass(2 * NOTICE_LEAST_MS);
    expect(notifier.titles).toEqual(['tablet wants to pair']);
  });

  test('brings shares that are no news', async () => {
    await start();
    const fresh = { ...share(7), peer: NEW.id };
    await engine.tell({ peers: [PEER, { ...PEER, ...NEW }], forwards: [FORWARD, fresh] });
    await pass(3 * NOTICE_LEAST_MS);
    expect(notifier.titles).toEqual(['Paired with tablet']);
  });
});

describe('another key', () => {
  const blocked = { state: 'offline', connections: 0, obstacle: 'E_IDENTITY' } as const;

  test('is always told, whatever was turned off and told before', async () => {
    await start({ pairing: false, lost: false, share: false });
    await see(blocked);
    expect(notifier.shown).toMatchObject([
      {
        title: 'Blocked: laptop has a different key',
        body: 'If you reinstalled Porthole there, remove it here and pair again.',
      },
    ]);
  });

  test('is told once until the device was up again, once a minute at most', async () => {
    await start();
    await see(blocked);
    await see({ ...blocked, obstacle: null });
    await see(blocked);
    await pass(5 * NOTICE_LEAST_MS);
    expect(notifier.shown).toHaveLength(1);
    for (let round = 0; round < 10; round++) {
      await see({ connections: 0 });
      await see(blocked);
    }
    expect(notifier.shown).toHaveLength(2);
    await pass(5 * NOTICE_LEAST_MS);
    expect(notifier.shown).toHaveLength(3);
  });

  test('is told at once, even right behind something else', async () => {
    await start();
    await engine.tell({ forwards: [FORWARD, share(1)] });
    await pass(FEED_MS);
    await see(blocked);
    expect(notifier.titles).toEqual([
      'laptop shares a port with you',
      'Blocked: laptop has a different key',
    ]);
  });
});

test.each<[keyof Preferences['notifications'], string[]]>([
  ['lost', ['Paired with tablet', 'laptop shares a port with you']],
  ['share', ['Paired with tablet', LOST]],
  ['pairing', [LOST, 'laptop shares a port with you']],
])('%s can be turned off', async (kind, titles) => {
  await start({ ...ALL, [kind]: false });
  const tablet = { ...PEER, id: 'NEW', name: 'tablet' };
  await engine.tell({ peers: [{ ...PEER, state: 'held' }, tablet] });
  await pass(2 * NOTICE_LEAST_MS);
  await engine.tell({ forwards: [FORWARD, share(1)] });
  await pass(2 * NOTICE_LEAST_MS);
  expect(notifier.titles.toSorted()).toEqual(titles.toSorted());
});

test('at most one a minute is shown about a device, whatever happens', async () => {
  await start();
  const times: number[] = [];
  const show = notifier.show.bind(notifier);
  notifier.show = (card) => {
    times.push(clock.now());
    show(card);
  };
  for (let round = 0; round < 40; round++) {
    await engine.tell({ forwards: [FORWARD, share(round)] });
    await see({ state: round % 2 === 0 ? 'held' : 'up' });
    await pass(round % 3 === 0 ? 35_000 : 12_000);
  }
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  expect(times.length).toBeGreaterThan(5);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(NOTICE_LEAST_MS);
});

test('what an engine that is gone had said is no news when it is back', async () => {
  await start();
  await engine.crash();
  await pass(3 * NOTICE_LEAST_MS);
  expect(notifier.titles).toEqual([]);
  expect(feed.status).toEqual(STATUS);
});

const wordsOf = (news: News, peerName: string, language: Language): string =>
  Object.values(noticeText({ news, peer: 'ID', peerName }, language)).join('\n');

describe('words', () => {
  const NEWS: readonly News[] = [
    { kind: 'request' },
    { kind: 'paired' },
    { kind: 'lost', connections: 1 },
    { kind: 'back' },
    { kind: 'shares', shares: [share(1)] },
    { kind: 'shares', shares: [share(1), share(2)] },
    { kind: 'other-key' },
  ];
  test.each(LANGUAGES)('are complete in %s', (language) => {
    for (const news of NEWS) {
      const text = wordsOf(news, 'laptop', language);
      expect(text).toContain('laptop');
      expect(text).not.toMatch(/[{}]|undefined|NaN/);
      expect(/\p{Script=Han}/u.test(text)).toBe(language !== 'en');
    }
  });

  test('have singulars', () => {
    const { body } = noticeText(
      { news: { kind: 'lost', connections: 1 }, peer: 'ID', peerName: 'a' },
      'en',
    );
    expect(body).toBe('Porthole keeps trying. 1 open connection is affected.');
  });

  test('are text, whatever a device calls itself and its shares', () => {
    const name = '<b>\u202Ex</b>&amp;\n'.repeat(1000);
    const news: News = { kind: 'shares', shares: [{ ...share(1), name }] };
    const { title, body } = noticeText({ news, peer: 'ID', peerName: name }, 'en');
    expect(body).not.toMatch(/[<>&\n\u202e]/);
    expect(title).not.toMatch(/[\n\u202e]/);
    expect(title.length + body.length).toBeLessThan(200);
    expect(noticeText({ news, peer: 'ID', peerName: '\u200b' }, 'en').title).toContain('ID');
  });
});
