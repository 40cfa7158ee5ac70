/** What the commands print that look and change, to people and to scripts. */
import { describe, expect, test } from 'vitest';
import * as changes from '../../../src/cli/change-commands.ts';
import { listCommand, showList } from '../../../src/cli/list-command.ts';
import { logsCommand } from '../../../src/cli/logs-command.ts';
import { peersCommand, showPeers } from '../../../src/cli/peers-command.ts';
import { statusCommand } from '../../../src/cli/status-command.ts';
import { formatWhen } from '../../../src/cli/when.ts';
import type { EngineHandlers } from '../../../src/shared/calls/api.ts';
import { localApi } from '../../../src/shared/calls/local-api.ts';
import { shortDeviceId } from '../../../src/engine/pairing/identity.ts';
import type { PeerView, ShareView } from '../../../src/shared/contract.ts';
import {
  abortOf,
  FORWARD,
  handlersOf,
  PEER,
  SHARE,
  STATUS,
} from '../../support/control-handlers.ts';
import { Recorder } from '../../support/recorder.ts';

const { signal } = new AbortController();
const NOW = new Date(2026, 2, 4, 18, 0);

function api(some: Partial<EngineHandlers>): ReturnType<typeof localApi> {
  return localApi(handlersOf({ status: async () => STATUS, ...some }));
}

function localTime(...parts: readonly [number, number, number, number, number]): string {
  return new Date(...parts).toISOString();
}

describe('list', () => {
  test('tables for people, an event for each share and forward', async () => {
    const reporter = new Recorder();
    await listCommand(api({}), { reporter, signal });
    expect(reporter.lines).toEqual([
      'Shared by this computer',
      '  NAME   TARGET           WHO                  STATE',
      '  web    127.0.0.1:3000   all paired devices   live',
      'On other devices',
      '  HERE             LEADS TO   ON       STATE',
      '  127.0.0.1:5432   database   laptop   live',
    ]);
    const { id, ...fields } = SHARE;
    const { share, local, peer, name, state } = FORWARD;
    expect(reporter.events).toEqual([
      { event: 'share', share: id, ...fields },
      { event: 'forward', share, local, peer, name, state },
    ]);
  });

  test('columns stand below each other, whatever the alphabet', () => {
    const reporter = new Recorder();
    const names = ['web', '網站', 'a\u0301e', '👩‍💻'];
    const shares = names.map((name) => ({ ...SHARE, name }));
    showList({ shares, forwards: [FORWARD], peers: [], source: 'running' }, reporter);
    expect(reporter.lines.slice(1, 6).map((line) => line.split(/1|T/)[0])).toEqual([
      '  NAME   ',
      '  web    ',
      '  網站   ',
      '  a\u0301e     ',
      '  👩‍💻     ',
    ]);
  });

  test('nothing there', () => {
    const reporter = new Recorder();
    showList({ shares: [], forwards: [], peers: [], source: 'stored' }, reporter);
    expect(reporter.lines).toEqual([
      'Porthole is not running for this data folder. This is what is stored.',
      'No shared ports yet. Share a port to let your paired devices use an app that runs on this computer.',
      'Nothing shared with you yet. When a paired device shares a port, it appears here.',
    ]);
    expect(reporter.events).toEqual([]);
  });

  const deviceId = 'ABCDEFGHIJKLMNOPQRST23456ABCDEFGHIJKLMNOPQRST23456AB';
  const peers: PeerView[] = [{ ...PEER, id: shortDeviceId(deviceId) }];
  const someone = 'Z'.repeat(52);
  const cases: readonly [Partial<ShareView>, string][] = [
    [{ access: { kind: 'chosen', peers: [] } }, 'nobody   live'],
    [{ access: { kind: 'chosen', peers: [deviceId] } }, 'laptop   live'],
    [
      { access: { kind: 'everyone', except: [deviceId, someone] } },
      'all paired devices but laptop, a device that was removed (ZZZZZ)   live',
    ],
    [{ health: 'down' }, 'all paired devices   nothing answers there'],
    [{ health: 'unknown' }, 'all paired devices   live'],
    [{ health: 'down', state: 'stopped' }, 'all paired devices   stopped'],
  ];
  test.each(cases)('%j', (differs, text) => {
    const reporter = new Recorder();
    const shares = [{ ...SHARE, ...differs }];
    showList({ shares, forwards: [], peers, source: 'running' }, reporter);
    expect(reporter.lines[2]).toBe(`  web    127.0.0.1:3000   ${text}`);
  });
});

describe('peers', () => {
  const cases: readonly [Partial<PeerView>, string][] = [
    [{}, 'laptop is connected (datachannel), 12 ms.'],
    [{ roundTripMs: 0.2 }, 'laptop is connected (datachannel), 1 ms.'],
    [{ roundTripMs: null }, 'laptop is connected (datachannel).'],
    [{ state: 'connecting' }, 'Connecting to laptop…'],
    [
      { state: 'offline', lastSeen: localTime(2026, 2, 4, 14, 2) },
      'laptop is offline. Last seen today at 14:02.',
    ],
    [
      { state: 'offline', lastSeen: null, pairedAt: localTime(2026, 2, 3, 9, 5) },
      'laptop is offline. Not seen since it was paired yesterday at 09:05.',
    ],
    [{ state: 'removed' }, 'laptop has removed this computer. To connect again, pair again.'],
  ];
  test.each(cases)('%j', (differs, sentence) => {
    const reporter = new Recorder();
    const peer = { ...PEER, ...differs };
    showPeers({ peers: [peer], source: 'running', now: NOW }, reporter);
    expect(reporter.lines).toEqual([`${PEER.id}   ${sentence}`]);
    const { id, name, lastSeen, state, pairedAt, path } = peer;
    const fields = { peer: id, name, lastSeen, state, pairedAt, path };
    expect(reporter.events).toEqual([{ event: 'peer', ...fields }]);
  });

  test('stored ones: nobody knows how they are', () => {
    const reporter = new Recorder();
    const peer: PeerView = { ...PEER, state: 'offline', lastSeen: localTime(2026, 1, 1, 8, 0) };
    showPeers({ peers: [peer], source: 'stored', now: NOW }, reporter);
    expect(reporter.lines[1]).toBe(`${PEER.id}   laptop. Last seen on 2026-02-01 at 08:00.`);
  });

  test('none', async () => {
    const reporter = new Recorder();
    const none = api({ status: async () => ({ ...STATUS, peers: [] }) });
    await peersCommand(none, { reporter, signal });
    expect(reporter.lines).toEqual(['No devices yet. Add your other computer with a code.']);
  });

  test('a name cannot play with the terminal', () => {
    const reporter = new Recorder();
    const peer = { ...PEER, name: 'a\u001b[2J\nb\u202ec' };
    showPeers({ peers: [peer], source: 'running', now: NOW }, reporter);
    showList(
      { shares: [{ ...SHARE, name: peer.name }], forwards: [], peers: [], source: 'running' },
      reporter,
    );
    for (const line of reporter.lines) expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});

test('status', async () => {
  const reporter = new Recorder();
  await statusCommand(api({}), { reporter, signal });
  expect(reporter.lines).toEqual([
    'Porthole 0.1.0 runs here (process 4211).',
    'This computer is "desk", device id VWXYZ-ABCDE-FGHIJ-KLMNO-P.',
    '1 port is shared. 1 forward is open.',
    '1 device is connected, of 1 paired.',
    '2 connections are open.',
  ]);
  const { pid, version, device, deviceName, connections } = STATUS;
  const fields = { pid, version, device, deviceName, connections };
  expect(reporter.events).toEqual([{ event: 'status', ...fields }]);
});

describe('logs', () => {
  const entry = { at: localTime(2026, 2, 4, 14, 2), level: 'warn', text: 'Words.' } as const;

  test('until now', async () => {
    const reporter = new Recorder();
    const logs = api({
      logs: async (_params, talk) => {
        talk.emit(entry);
        return {};
      },
    });
    await logsCommand(logs, { until: 'now' }, { reporter, signal });
    expect(reporter.lines).toEqual(['2026-03-04 14:02:00  warn   Words.']);
    expect(reporter.events).toEqual([{ event: 'log', ...entry }]);
  });

  test('none', async () => {
    const reporter = new Recorder();
    const logs = api({ logs: async () => ({}) });
    await logsCommand(logs, { until: 'now' }, { reporter, signal });
    expect(reporter.lines).toEqual(['No activity yet.']);
  });

  test('until the person ends it', async () => {
    const reporter = new Recorder();
    const wish = new AbortController();
    const logs = api({
      logs: async (_params, talk) => {
        talk.emit(entry);
        await abortOf(talk.signal);
        return {};
      },
    });
    const running = logsCommand(logs, { until: 'cancelled' }, { reporter, signal: wish.signal });
    wish.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(reporter.lines).toHaveLength(1);
  });
});

async function both(): Promise<{ peer: PeerView; share: ShareView }> {
  return { peer: PEER, share: SHARE };
}

describe('changes', () => {
  const peerAndShare = { peer: PEER.id, share: SHARE.id };
  const { share, local, peer } = FORWARD;
  const forward = { share, local, peer };

  test('unshare', async () => {
    const reporter = new Recorder();
    const answers = api({ unshare: async () => ({ ...SHARE, state: 'stopped' }) });
    await changes.unshareCommand(answers, { share: 'web' }, { reporter, signal });
    expect(reporter.lines).toEqual([
      '"web" (127.0.0.1:3000) is no longer shared. Its connections were closed at once.',
    ]);
    expect(reporter.events).toEqual([
      { event: 'unshared', share: SHARE.id, target: SHARE.target, name: 'web' },
    ]);
  });

  test('grant and revoke', async () => {
    const reporter = new Recorder();
    const answers = api({ grant: both, revoke: both });
    const args = { peer: 'laptop', share: 'web' };
    await changes.grantCommand(answers, args, { reporter, signal });
    await changes.revokeCommand(answers, args, { reporter, signal });
    expect(reporter.lines).toEqual([
      'laptop may use "web" (127.0.0.1:3000).',
      'laptop may no longer use "web" (127.0.0.1:3000). It lost access at once.',
    ]);
    expect(reporter.events).toEqual([
      { event: 'granted', ...peerAndShare },
      { event: 'revoked', ...peerAndShare },
    ]);
  });

  test('forget', async () => {
    const reporter = new Recorder();
    const answers = api({ forget: async () => PEER });
    await changes.forgetCommand(answers, { peer: 'laptop' }, { reporter, signal });
    expect(reporter.lines).toEqual(['laptop was removed. It lost access at once.']);
    expect(reporter.events).toEqual([{ event: 'forgotten', peer: PEER.id, name: 'laptop' }]);
  });

  test('disconnect', async () => {
    const reporter = new Recorder();
    const answers = api({ disconnect: async () => FORWARD });
    await changes.disconnectCommand(answers, { forward: '5432' }, { reporter, signal });
    expect(reporter.lines).toEqual(['127.0.0.1:5432 no longer leads to "database" on laptop.']);
    expect(reporter.events).toEqual([{ event: 'disconnected', ...forward }]);
  });

  test('why a forward has another port, and that it waits', () => {
    const elsewhere = { ...FORWARD, local: '127.0.0.1:5433', why: 'taken' } as const;
    expect(changes.forwardSentence(elsewhere)).toBe(
      '127.0.0.1:5433 now leads to "database" on laptop (port 5432 is taken here).',
    );
    expect(changes.forwardSentence({ ...FORWARD, state: 'waiting' })).toBe(
      '127.0.0.1:5432 will lead to "database" on laptop once laptop is there and offers it.',
    );
  });
});

describe('times', () => {
  test.each([
    [localTime(2026, 2, 4, 0, 0), 'today at 00:00'],
    [localTime(2026, 2, 3, 23, 59), 'yesterday at 23:59'],
    [localTime(2026, 2, 2, 12, 0), 'on 2026-03-02 at 12:00'],
    [localTime(2027, 2, 4, 12, 0), 'on 2027-03-04 at 12:00'],
    ['nonsense', 'at an unknown time'],
  ])('%s: %s', (iso, text) => {
    expect(formatWhen(iso, NOW)).toBe(text);
  });

  test('yesterday is the day before, also across months and clock changes', () => {
    const march = new Date(2026, 2, 1, 0, 30);
    expect(formatWhen(localTime(2026, 1, 28, 23, 0), march)).toBe('yesterday at 23:00');
  });
});
