/** Views as an engine makes them, for a Porthole without one. Their times are fixed. */
import type {
  ForwardView,
  ListeningPort,
  PeerView,
  SettingsView,
  ShareView,
  StatusView,
} from '../../src/shared/contract.ts';
import { DEFAULT_PREFERENCES } from '../../src/shared/shell-calls.ts';
import type { ShellView } from '../../src/shared/shell-calls.ts';

/** A device id, 52 characters, that this short one belongs to. */
export function wholeId(short: string): string {
  return short.replaceAll('-', '').slice(0, 20).padEnd(52, 'ABCDEFGH');
}

export const EMPTY_STATUS: StatusView = {
  pid: 4100,
  version: '2.0.0',
  device: 'K7QMX-F2XDV-CHNW2-PZE6T-R',
  deviceName: 'studio',
  connections: 0,
  sharing: 'on',
  network: 'online',
  rendezvous: [],
  shares: [],
  forwards: [],
  peers: [],
};

export const WEB_SHELL: ShellView = {
  kind: 'web',
  platform: 'linux',
  version: '2.0.0',
  languages: ['en'],
  tray: 'none',
  login: 'unavailable',
  preferences: { ...DEFAULT_PREFERENCES, firstRun: 'done' },
};

export const USUAL_SETTINGS: SettingsView = {
  deviceName: 'studio',
  holdSeconds: 60,
  rendezvous: ['wss://rv.example.com'],
  stun: ['stun:stun.example.com:3478'],
  turn: ['turn:porthole@relay.example.com:3478'],
  discovery: true,
  signalingPort: null,
  deviceId: wholeId('K7QMX-F2XDV-CHNW2-PZE6T-R'),
  keyStorage:
    'Your key is stored in a file that only your account can read, because no system keyring is available.',
  folder: '/home/ada/.local/share/porthole',
  restart: 'not-needed',
};

export const LAPTOP: PeerView = {
  id: '3HWZT-Q5NCA-RKV2M-7YGJE-D',
  name: 'laptop',
  pairedAt: '2026-09-03T09:12:00.000Z',
  lastSeen: '2026-11-21T14:02:00.000Z',
  state: 'up',
  path: 'direct',
  roundTripMs: 12,
  loss: 0.002,
  route: { local: 'host', remote: 'srflx', address: '192.0.2.40:51820', lanes: 2 },
  connections: 3,
  obstacle: null,
  since: null,
};

export const SERVER: PeerView = {
  ...LAPTOP,
  id: 'PQFZ7-VYAM6-EW4LS-NB3TX-K',
  name: 'home server',
  roundTripMs: 48,
  loss: 0.011,
  route: { local: 'relay', remote: 'host', address: 'relay.example.com:3478', lanes: 1 },
  connections: 1,
};

export const PHONE: PeerView = {
  ...LAPTOP,
  id: 'X4DJN-USB2G-QTM5R-ZK7WC-P',
  name: 'Mei’s tablet',
  state: 'offline',
  path: null,
  roundTripMs: null,
  loss: null,
  route: null,
  connections: 0,
};

export const WEB_APP: ShareView = {
  id: 'a'.repeat(32),
  name: 'Web app',
  target: '127.0.0.1:3000',
  access: { kind: 'everyone', except: [] },
  health: 'up',
  state: 'live',
  connections: 3,
};

export const DATABASE: ShareView = {
  ...WEB_APP,
  id: 'b'.repeat(32),
  name: 'PostgreSQL',
  target: '127.0.0.1:5432',
  access: { kind: 'chosen', peers: [wholeId(LAPTOP.id)] },
  connections: 1,
};

export const DOCS: ShareView = {
  ...WEB_APP,
  id: 'c'.repeat(32),
  name: 'Docs preview',
  target: '127.0.0.1:8080',
  health: 'down',
  connections: 0,
};

export const ADMIN: ShareView = {
  ...WEB_APP,
  id: 'd'.repeat(32),
  name: 'Admin panel',
  target: '127.0.0.1:9000',
  state: 'paused',
  connections: 0,
};

export const REMOTE_DATABASE: ForwardView = {
  share: 'e'.repeat(32),
  name: 'postgres',
  local: '127.0.0.1:5433',
  peer: LAPTOP.id,
  peerName: LAPTOP.name,
  sharedPort: 5432,
  why: 'taken',
  state: 'live',
  connections: 2,
};

export const REMOTE_MEDIA: ForwardView = {
  ...REMOTE_DATABASE,
  share: 'f'.repeat(32),
  name: 'Media library',
  local: '127.0.0.1:8096',
  peer: SERVER.id,
  peerName: SERVER.name,
  sharedPort: 8096,
  why: 'same-port',
  connections: 1,
};

export const REMOTE_NOTES: ForwardView = {
  ...REMOTE_DATABASE,
  share: '1'.repeat(32),
  name: 'Notes',
  local: '127.0.0.1:4321',
  peer: PHONE.id,
  peerName: PHONE.name,
  sharedPort: 4321,
  why: 'same-port',
  state: 'waiting',
  connections: 0,
};

export const LISTENING: readonly ListeningPort[] = [
  {
    port: 3000,
    address: '127.0.0.1',
    target: '3000',
    process: { name: 'node', pid: 4211 },
    label: 'Web app',
    share: WEB_APP.id,
  },
  {
    port: 5173,
    address: '::1',
    target: '5173',
    process: { name: 'node', pid: 4388 },
    label: 'Vite',
    share: null,
  },
  {
    port: 5432,
    address: '127.0.0.1',
    target: '5432',
    process: { name: 'postgres', pid: 911 },
    label: 'PostgreSQL',
    share: DATABASE.id,
  },
  {
    port: 6379,
    address: '127.0.0.1',
    target: '6379',
    process: { name: 'redis-server', pid: 960 },
    label: 'Redis',
    share: null,
  },
  { port: 8000, address: '0.0.0.0', target: '8000', process: null, label: '', share: null },
];
