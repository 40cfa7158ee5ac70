/** Icon, tooltip and named problem, in virtual time. */
import { beforeEach, describe, expect, test } from 'vitest';
import { problemOf } from '../../../src/main/tray/problem.ts';
import { tooltipOf, TrayStateTracker } from '../../../src/main/tray/tray-state.ts';
import type { PeerView, StatusView } from '../../../src/shared/contract.ts';
import { TRAY_CONNECTING_MS, TRAY_PROBLEM_MS } from '../../../src/shared/limits.ts';
import type { Language } from '../../../src/shared/messages/language.ts';
import { PEER, SHARE, STATUS } from '../../support/control-handlers.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let clock: VirtualClock;
let changes: string[];
let tracker: TrayStateTracker;

beforeEach(() => {
  clock = new VirtualClock();
  changes = [];
  tracker = new TrayStateTracker({ clock, onChange: () => changes.push(tracker.look.state) });
});

const peers = (...states: readonly PeerView['state'][]): Partial<StatusView> => ({
  peers: states.map((state, at) => ({ ...PEER, id: `P${at}`, state })),
});

const see = (change: Partial<StatusView>): string => {
  tracker.onStatus({ ...STATUS, ...change });
  return tracker.look.state;
};

const OFFLINE: Partial<StatusView> = { network: 'offline', ...peers('offline') };
const DOWN: Partial<StatusView> = {
  rendezvous: [{ url: 'wss://rv.example.com/', state: 'unreachable', reason: 'refused' }],
};

describe('state', () => {
  test.each<[string, Partial<StatusView>]>([
    ['no-device', peers()],
    ['no-device', peers('offline')],
    ['no-device', peers('removed')],
    ['connecting', peers('offline', 'connecting')],
    ['connecting', peers('held')],
    ['connected', peers('held', 'up', 'connecting')],
    ['off', { sharing: 'paused', ...peers('up') }],
  ])('is %s for %j', (state, change) => expect(see(change)).toBe(state));

  test('is off while no engine answers', () => {
    see({});
    tracker.onStatus(null);
    expect(tracker.look.state).toBe('off');
  });

  test('needs you, whatever else there is', () => {
    tracker.onWaiting(1);
    expect(see({ sharing: 'paused' })).toBe('needs-you');
    see(OFFLINE);
    clock.advance(TRAY_PROBLEM_MS);
    expect(tracker.look.state).toBe('needs-you');
    tracker.onWaiting(0);
    expect(tracker.look.state).toBe('problem');
  });

  test('is off rather than a problem while sharing is paused', () => {
    see({ ...OFFLINE, sharing: 'paused' });
    clock.advance(TRAY_PROBLEM_MS);
    expect(tracker.look).toEqual({
      state: 'off',
      problem: { kind: 'this-offline', effect: 'blocks' },
    });
  });
});

describe('a device that does not come', () => {
  test('counts as away after a while, and is waited for again after a wish', () => {
    see(peers('connecting'));
    clock.advance(TRAY_CONNECTING_MS - 1);
    expect(tracker.look.state).toBe('connecting');
    clock.advance(1);
    expect(tracker.look.state).toBe('no-device');
    see(peers('offline'));
    expect(see(peers('connecting'))).toBe('no-device');
    tracker.onWish();
    expect(tracker.look.state).toBe('connecting');
  });

  test('is waited for again when it was up, or when the network is back', () => {
    clock.advance(TRAY_CONNECTING_MS);
    expect(see(peers('connecting'))).toBe('connecting');
    clock.advance(TRAY_CONNECTING_MS);
    see(peers('up'));
    expect(see(peers('connecting'))).toBe('connecting');
    clock.advance(TRAY_CONNECTING_MS);
    expect(tracker.look.state).toBe('no-device');
    see({ ...peers('connecting'), network: 'offline' });
    expect(see(peers('connecting'))).toBe('connecting');
  });

  test('while connections are held is always waited for', () => {
    see(peers('held'));
    clock.advance(10 * TRAY_CONNECTING_MS);
    expect(tracker.look.state).toBe('connecting');
  });
});

const blocked = (name: string): Partial<StatusView> => ({
  peers: [{ ...PEER, name, state: 'offline', obstacle: 'E_IDENTITY' }],
});

describe('a problem', () => {
  test('is shown after five seconds, not before, and gone at once', () => {
    see(OFFLINE);
    clock.advance(4999);
    expect(tracker.look).toEqual({ state: 'no-device', problem: null });
    clock.advance(1);
    expect(tracker.look.state).toBe('problem');
    see(peers('up'));
    expect(tracker.look).toEqual({ state: 'connected', problem: null });
    expect(changes).toEqual(['no-device', 'problem', 'connected']);
  });

  test('that flickers is never shown', () => {
    for (let round = 0; round < 20; round++) {
      see(OFFLINE);
      clock.advance(4000);
      see(peers('offline'));
      clock.advance(10);
    }
    expect(changes).toEqual(['no-device']);
  });

  test('that changes its words keeps its time', () => {
    see(blocked('laptop'));
    clock.advance(3000);
    see(blocked('renamed'));
    clock.advance(2000);
    expect(tracker.look.problem).toEqual({
      kind: 'other-key',
      effect: 'blocks',
      device: 'renamed',
    });
  });

  test('that hinders is named, and leaves the icon alone', () => {
    see({ peers: [{ ...PEER, path: 'relayed' }] });
    clock.advance(TRAY_PROBLEM_MS);
    expect(tracker.look).toEqual({
      state: 'connected',
      problem: { kind: 'relay-only', effect: 'hinders' },
    });
  });

  test('leaves no timer behind', () => {
    see(OFFLINE);
    tracker.close();
    expect(clock.pendingTimers).toBe(0);
  });

  const AWAY = { ...PEER, state: 'offline' as const };
  test.each<[string | null, Partial<StatusView>]>([
    [null, {}],
    [null, { network: 'offline' }],
    ['this-offline', { ...OFFLINE, ...DOWN }],
    ['other-key', { network: 'offline', peers: [{ ...AWAY, obstacle: 'E_IDENTITY' }] }],
    ['udp-blocked', { peers: [{ ...AWAY, obstacle: 'E_UDP_BLOCKED' }], ...DOWN }],
    [
      'relay-only',
      {
        peers: [
          { ...PEER, path: 'relayed' },
          { ...AWAY, obstacle: 'E_UDP_BLOCKED' },
        ],
      },
    ],
    ['other-version', { peers: [PEER, { ...AWAY, obstacle: 'E_VERSION' }] }],
    ['rendezvous-down', DOWN],
    [
      null,
      { rendezvous: [...(DOWN.rendezvous ?? []), { url: 'wss://b/', state: 'open', reason: '' }] },
    ],
    [null, { peers: [PEER, { ...PEER, path: 'relayed' }] }],
  ])('%s is what is wrong with %j', (kind, change) => {
    expect(problemOf({ ...STATUS, ...change })?.kind ?? null).toBe(kind);
  });

  test('of the rendezvous servers blocks only while nobody is up', () => {
    expect(problemOf({ ...STATUS, ...DOWN })?.effect).toBe('hinders');
    expect(problemOf({ ...STATUS, ...DOWN, peers: [] })?.effect).toBe('blocks');
  });
});

const tooltip = (change: Partial<StatusView>, language: Language = 'en'): string => {
  const status = { ...STATUS, ...change };
  tracker.onStatus(status);
  return tooltipOf(tracker.look, status, language);
};

describe('the tooltip', () => {
  const live = [1, 2, 3].map((at) => ({ ...SHARE, id: `s${at}` }));
  const shares = [...live, { ...SHARE, state: 'paused' as const }];

  test.each<[Language, string]>([
    ['en', 'Porthole: 2 devices connected, 3 ports shared'],
    ['zh-Hant', 'Porthole：已連線 2 台裝置，已分享 3 個連接埠'],
    ['zh-Hans', 'Porthole：已连接 2 台设备，已分享 3 个端口'],
  ])('counts in %s', (language, text) => {
    expect(tooltip({ ...peers('up', 'up', 'offline'), shares }, language)).toBe(text);
  });

  test('has singulars', () => {
    expect(tooltip(peers('up'))).toBe('Porthole: 1 device connected, 1 port shared');
  });

  test('says what is more important', () => {
    expect(tooltip({ sharing: 'paused' })).toBe('Porthole: 1 device connected, sharing is paused');
    tracker.onWaiting(1);
    expect(tooltip({})).toBe('Porthole: a device wants to pair');
    tracker.onWaiting(0);
    tooltip(OFFLINE);
    clock.advance(TRAY_PROBLEM_MS);
    expect(tooltip(OFFLINE)).toBe('Porthole: This computer is offline');
    tracker.onStatus(null);
    expect(tooltipOf(tracker.look, null, 'en')).toBe('Porthole: not running');
  });
});
