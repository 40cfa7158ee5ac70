/** States of the page by name, for screenshots, accessibility checks and a look by hand. */
import { FakePorthole } from './fake-porthole.ts';
import {
  ADMIN,
  DATABASE,
  DOCS,
  EMPTY_STATUS,
  LAPTOP,
  LISTENING,
  PHONE,
  REMOTE_DATABASE,
  REMOTE_MEDIA,
  REMOTE_NOTES,
  SERVER,
  WEB_APP,
  WEB_SHELL,
} from './fake-views.ts';

/** Text that wants to be markup, turn what is around it, or never end. */
const HOSTILE = [
  '<img src=x onerror=alert(1)><script>alert(2)</script>',
  'cba\u202edlrow\u2066 {name} %s',
  'W'.repeat(2000),
] as const;

export const SCENES = {
  empty: () => new FakePorthole(),
  usual,
  'first-run': () => {
    const fake = new FakePorthole();
    fake.setShell({ preferences: { ...WEB_SHELL.preferences, firstRun: 'todo' } });
    fake.listening = LISTENING.map((each) => ({ ...each, share: null }));
    return fake;
  },
  /** Everything that a device can be. */
  devices: () => {
    const fake = usual();
    const since = new Date(Date.now() - 20_000).toISOString();
    const off = { ...PHONE, since: null };
    fake.setStatus({
      peers: [
        LAPTOP,
        SERVER,
        PHONE,
        { ...LAPTOP, id: 'AAAAA-AAAAA-AAAAA-AAAA1-A', name: 'work', state: 'held', since },
        { ...off, id: 'AAAAA-AAAAA-AAAAA-AAAA2-A', name: 'garage', state: 'connecting', since },
        { ...off, id: 'AAAAA-AAAAA-AAAAA-AAAA3-A', name: 'attic', state: 'removed' },
        { ...off, id: 'AAAAA-AAAAA-AAAAA-AAAA4-A', name: 'old pc', obstacle: 'E_VERSION' },
        { ...off, id: 'AAAAA-AAAAA-AAAAA-AAAA5-A', name: 'twin', obstacle: 'E_IDENTITY' },
        { ...off, id: 'AAAAA-AAAAA-AAAAA-AAAA6-A', name: 'cafe', obstacle: 'E_UDP_BLOCKED' },
        { ...off, id: 'AAAAA-AAAAA-AAAAA-AAAA7-A', name: 'new', lastSeen: null },
      ],
    });
    return fake;
  },
  paused: () => withStatus({ sharing: 'paused' }),
  offline: () => withStatus({ network: 'offline' }),
  'rendezvous-down': () =>
    withStatus({
      rendezvous: [{ url: 'wss://rv.example.com', state: 'unreachable', reason: 'timeout' }],
    }),
  'udp-blocked': () =>
    withStatus({ peers: [{ ...PHONE, obstacle: 'E_UDP_BLOCKED' }], forwards: [] }),
  hostile: () => {
    const fake = usual();
    fake.setStatus({
      deviceName: HOSTILE[1],
      shares: HOSTILE.map((name, index) => ({
        ...WEB_APP,
        id: `${index}`.repeat(32),
        name,
        target: `127.0.0.1:${3000 + index}`,
      })),
      forwards: HOSTILE.map((name, index) => ({
        ...REMOTE_DATABASE,
        share: `${index + 3}`.repeat(32),
        name,
        peerName: HOSTILE[index] ?? '',
        local: `127.0.0.1:${5000 + index}`,
      })),
      peers: HOSTILE.map((name, index) => ({
        ...LAPTOP,
        id: `AAAAA-BBBBB-AAAAA-AAAA${index}-A`,
        name,
      })),
    });
    fake.log(
      ...HOSTILE.map((text) => ({
        at: '2026-11-21T14:02:11.120Z',
        level: 'info' as const,
        text: text.slice(0, 4000),
      })),
    );
    return fake;
  },
  /** Fifty shares, ten devices, 5,000 lines. */
  crowd: () => {
    const fake = new FakePorthole();
    fake.listening = LISTENING;
    fake.setStatus({
      shares: Array.from({ length: 50 }, (_, index) => ({
        ...WEB_APP,
        id: index.toString(16).padStart(32, '0'),
        name: `Service ${index}`,
        target: `127.0.0.1:${3000 + index}`,
      })),
      forwards: Array.from({ length: 20 }, (_, index) => ({
        ...REMOTE_MEDIA,
        share: (index + 100).toString(16).padStart(32, '0'),
        name: `Remote ${index}`,
        local: `127.0.0.1:${9000 + index}`,
      })),
      peers: Array.from({ length: 10 }, (_, index) => ({
        ...LAPTOP,
        id: `AAAAA-AAAAA-AAAAA-AAA${index.toString().padStart(2, '0')}-A`,
        name: `device ${index}`,
      })),
    });
    fake.log(
      ...Array.from({ length: 2000 }, (_, index) => ({
        at: new Date(Date.UTC(2026, 10, 21, 14) + index * 250).toISOString(),
        level: (['info', 'warn', 'error'] as const)[index % 3] ?? 'info',
        text: `laptop: connection ${index} was opened`,
      })),
    );
    return fake;
  },
} as const satisfies Record<string, () => FakePorthole>;

export type SceneName = keyof typeof SCENES;

function usual(): FakePorthole {
  const fake = new FakePorthole();
  fake.listening = LISTENING;
  fake.setStatus({
    connections: 7,
    rendezvous: [{ url: 'wss://rv.example.com', state: 'open', reason: '' }],
    shares: [WEB_APP, DATABASE, DOCS, ADMIN],
    forwards: [REMOTE_DATABASE, REMOTE_MEDIA, REMOTE_NOTES],
    peers: [LAPTOP, SERVER, PHONE],
  });
  fake.log(
    { at: '2026-11-21T14:02:11.120Z', level: 'info', text: 'laptop: connected directly' },
    { at: '2026-11-21T14:03:48.007Z', level: 'warn', text: 'home server: using the relay' },
    { at: '2026-11-21T14:05:02.655Z', level: 'error', text: 'Nothing answers on 127.0.0.1:8080' },
  );
  return fake;
}

function withStatus(change: Partial<typeof EMPTY_STATUS>): FakePorthole {
  const fake = usual();
  fake.setStatus(change);
  return fake;
}
