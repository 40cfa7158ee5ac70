/** Peers, shares, settings and the identity, and the folder that holds them all. */
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { shortDeviceId } from '../../../src/engine/pairing/identity.ts';
import { Secret } from '../../../src/engine/pairing/secret.ts';
import { openDataFolder } from '../../../src/engine/store/open-data-folder.ts';
import type { DataFolder, OpenOptions } from '../../../src/engine/store/open-data-folder.ts';
import { createShareId } from '../../../src/engine/store/share-store.ts';
import { toPortholeError } from '../../../src/shared/errors.ts';
import { parseTarget } from '../../../src/shared/target.ts';
import {
  makeFolder,
  plainPeer,
  removeFolders,
  samplePeer,
  sampleShare,
  watchedFileSystem,
} from '../../support/store-samples.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let folder: string;
let opened: DataFolder[];
beforeEach(() => {
  folder = makeFolder();
  opened = [];
});
afterAll(removeFolders);

/** Opens the folder, having closed it before. */
function open(access: 'read' | 'write' = 'write', options: OpenOptions = {}): DataFolder {
  for (const before of opened.splice(0)) before.close();
  const now = openDataFolder(folder, access, options);
  opened.push(now);
  return now;
}

const inFolder = (name: string): string => join(folder, name);
const textOf = (name: string): string => readFileSync(inFolder(name), 'utf8');
const codeOf = (act: () => unknown): string => {
  try {
    act();
    return 'nothing thrown';
  } catch (thrown) {
    return toPortholeError(thrown).code;
  }
};

describe('peers', () => {
  test('come back as they were, 1,000 of them and in order', () => {
    const peers = Array.from({ length: 1000 }, (_, number) => samplePeer(number));
    open().peers.replaceAll(peers);
    const found = open().peers;
    expect(found.all().map(plainPeer)).toStrictEqual(peers.map(plainPeer));
    expect(plainPeer(found.get(samplePeer(500).deviceId))).toStrictEqual(
      plainPeer(samplePeer(500)),
    );
  });

  test('are put, changed and removed', () => {
    const { peers } = open();
    const { deviceId } = samplePeer(1);
    peers.put(samplePeer(1));
    peers.put(samplePeer(2, { lastSeen: 5, endpoints: [{ host: '::1', port: 1, scheme: 'wss' }] }));
    const changed = peers.update(deviceId, (peer) => ({ ...peer, name: 'neu', trust: 'removed' }));
    expect(changed).toMatchObject({ name: 'neu', trust: 'removed' });
    expect(peers.update('NOBODY', (peer) => peer)).toBeUndefined();
    expect(open().peers.all().map(plainPeer)).toStrictEqual([
      plainPeer(samplePeer(1, { name: 'neu', trust: 'removed' })),
      plainPeer(
        samplePeer(2, { lastSeen: 5, endpoints: [{ host: '::1', port: 1, scheme: 'wss' }] }),
      ),
    ]);
    open().peers.remove(deviceId);
    expect(open().peers.get(deviceId)).toBeUndefined();
    expect(open().peers.all()).toHaveLength(1);
  });

  test('that were forgotten leave no trace', () => {
    const { peers } = open();
    peers.put(samplePeer(1));
    peers.put(samplePeer(2));
    peers.remove(samplePeer(1).deviceId);
    const key = Buffer.from(samplePeer(1).pairKey.reveal()).toString('base64url');
    for (const name of readdirSync(folder)) expect(textOf(name)).not.toContain(key);
    writeFileSync(inFolder('peers.json'), '');
    expect(open().peers.all().map(plainPeer)).toStrictEqual([plainPeer(samplePeer(2))]);
  });

  test('with another id than their key has are damage', () => {
    open().peers.put(samplePeer(1));
    const other = samplePeer(2).deviceId;
    writeFileSync(
      inFolder('peers.json'),
      textOf('peers.json').replace(samplePeer(1).deviceId, other),
    );
    expect(open().notices).toStrictEqual([
      'Paired devices could not be read and were set aside as peers.broken.json. Pair them again, or restore a backup with porthole import.',
    ]);
    expect(open().notices).toStrictEqual([]);
  });

  test('show no key', () => {
    const { peers } = open();
    peers.put(samplePeer(1));
    const shown = inspect(peers, { depth: 9, showHidden: true }) + JSON.stringify(peers.all());
    const { pairKey } = samplePeer(1);
    expect(shown).not.toContain(Buffer.from(pairKey.reveal()).toString('base64url'));
    expect(shown).toContain('[secret]');
  });

  test('were last seen when they were touched, saved once a minute and at the end', () => {
    const clock = new VirtualClock();
    const { deviceId } = samplePeer(1);
    const { peers } = open('write', { clock });
    const savedTime = (): unknown => {
      const other = openDataFolder(folder, 'read');
      return other.peers.get(deviceId)?.lastSeen;
    };
    peers.put(samplePeer(1));
    peers.touch(deviceId, 1000);
    expect(savedTime()).toBe(1000);
    peers.touch(deviceId, 2000);
    peers.touch('NOBODY', 2000);
    expect(peers.get(deviceId)?.lastSeen).toBe(2000);
    expect(savedTime()).toBe(1000);
    clock.advance(60_000);
    peers.touch(deviceId, 3000);
    expect(savedTime()).toBe(3000);
    peers.touch(deviceId, 4000);
    for (const before of opened.splice(0)) before.close();
    expect(savedTime()).toBe(4000);
  });
});

describe('shares', () => {
  test('are found again by name and target, with their id', () => {
    const share = sampleShare(1, {
      id: createShareId(),
      target: parseTarget('[fe80::1]:8080'),
      access: { kind: 'chosen', peers: [samplePeer(1).deviceId] },
      lan: 'allow-lan',
      lifetime: 'command',
    });
    open().shares.put(share);
    open().shares.put(sampleShare(2));
    const { shares } = open();
    expect(shares.all()).toStrictEqual([share, sampleShare(2)]);
    expect(shares.findFor(parseTarget('[fe80::1]:8080'), 'share 1')).toStrictEqual(share);
    expect(shares.findFor(parseTarget('8080'), 'share 1')).toBeUndefined();
    expect(shares.findFor(parseTarget('[fe80::1]:8080'), 'share 2')).toBeUndefined();
    expect(shares.get(share.id)).toStrictEqual(share);
    shares.remove(share.id);
    shares.remove(share.id);
    expect(open().shares.all()).toStrictEqual([sampleShare(2)]);
  });

  test('that are damaged never give back what was revoked', () => {
    open().shares.put(sampleShare(1));
    open().shares.put(sampleShare(1, { access: { kind: 'chosen', peers: [] } }));
    writeFileSync(inFolder('shares.json'), '?');
    const { shares, notices } = open();
    expect(shares.all()).toMatchObject([{ access: { kind: 'chosen', peers: [] } }]);
    expect(notices).toStrictEqual([
      'Shares could not be read and were set aside as shares.broken.json. Your devices are safe. The shares saved before are used.',
    ]);
  });
});

describe('settings', () => {
  test('are empty at first, and kept', () => {
    expect(open().settings.get()).toStrictEqual({ rendezvous: [], stun: [] });
    const settings = {
      deviceName: 'Küche',
      signalingPort: 4000,
      rendezvous: ['wss://a.example/'],
      stun: ['stun.example:3478'],
    };
    open().settings.save(settings);
    expect(open().settings.get()).toStrictEqual(settings);
  });

  test('may be edited by a person, and be readable for others', () => {
    writeFileSync(inFolder('settings.json'), '{ "deviceName": "den" }');
    chmodSync(inFolder('settings.json'), 0o644);
    expect(open().settings.get()).toStrictEqual({ deviceName: 'den', rendezvous: [], stun: [] });
  });

  test.each(['{ "deviceName": }', '{ "signalingPort": 70000 }', '{ "stun": "a" }'])(
    'with a mistake, %s, are set aside',
    (text) => {
      open().peers.put(samplePeer(1));
      writeFileSync(inFolder('settings.json'), text);
      const { notices, peers } = open();
      expect(notices).toStrictEqual([
        'Settings could not be read and were set aside as settings.broken.json. Your devices are safe.',
      ]);
      expect(peers.all()).toHaveLength(1);
      expect(textOf('settings.broken.json')).toBe(text);
    },
  );
});

describe('the identity', () => {
  test('is made once and kept', () => {
    const first = open().identity();
    expect(open().identity().deviceId).toBe(first.deviceId);
    expect(open('read').identity().deviceId).toBe(first.deviceId);
    expect(open().secrets.describe()).toContain('only your account can read');
  });

  test('is not made for reading', () => {
    expect(codeOf(() => open('read').identity())).toBe('E_NO_DAEMON');
    expect(readdirSync(folder)).toStrictEqual([]);
  });

  test.each([
    ['empty', () => ''],
    ['cut off', (text: string) => text.slice(0, 30)],
    [
      'changed by a letter',
      (text: string) => text.replace(/(?<="secret":")./, (letter) => (letter === 'A' ? 'B' : 'A')),
    ],
    ['of another length', () => '{"version":1,"secret":"AAAA","check":"709e80c88487a241"}'],
    ['replaced by something else', () => '{"version":1}'],
  ])('that is %s is told, and not replaced', (_what, damage) => {
    open().identity();
    const damaged = damage(textOf('identity.json'));
    writeFileSync(inFolder('identity.json'), damaged);
    expect(codeOf(() => open().identity())).toBe('E_KEY_UNREADABLE');
    expect(textOf('identity.json')).toBe(damaged);
    rmSync(inFolder('identity.json'));
    expect(shortDeviceId(open().identity().deviceId)).toMatch(/^\w{5}-/);
  });

  test('that others can read is refused', () => {
    open().identity();
    chmodSync(inFolder('identity.json'), 0o640);
    expect(() => open().identity()).toThrow(`Run: chmod 600 ${inFolder('identity.json')}`);
  });

  test('that a newer Porthole wrote is left alone', () => {
    writeFileSync(inFolder('identity.json'), '{"version":2,"secret":"AA","check":""}', {
      mode: 0o600,
    });
    expect(codeOf(() => open().identity())).toBe('E_DATA_VERSION');
  });

  test('leaves nothing when it is replaced or removed', () => {
    const { secrets } = open();
    open().secrets.save('identity', new Secret(new Uint8Array(32).fill(1)));
    secrets.save('identity', new Secret(new Uint8Array(32).fill(2)));
    expect(readdirSync(folder).toSorted()).toStrictEqual(['identity.json', 'lock']);
    secrets.remove('identity');
    secrets.remove('identity');
    expect(existsSync(inFolder('identity.json'))).toBe(false);
  });
});

describe('the data folder', () => {
  test('is open for writing once, for reading often', () => {
    const writing = open();
    expect(codeOf(() => openDataFolder(folder, 'write'))).toBe('E_DATA_DIR_IN_USE');
    writing.peers.put(samplePeer(1));
    const reading = openDataFolder(folder, 'read');
    expect(reading.peers.all()).toHaveLength(1);
    expect(codeOf(() => reading.peers.put(samplePeer(2)))).toBe('E_INTERNAL');
    expect(codeOf(() => reading.peers.remove(samplePeer(1).deviceId))).toBe('E_INTERNAL');
    reading.close();
    expect(codeOf(() => openDataFolder(folder, 'write'))).toBe('E_DATA_DIR_IN_USE');
  });

  test('opened for reading is left as it is, even when it is missing', () => {
    rmSync(folder, { recursive: true });
    const { peers, shares, settings, notices } = open('read');
    expect([peers.all(), shares.all(), settings.get().stun, notices]).toStrictEqual([
      [],
      [],
      [],
      [],
    ]);
    expect(existsSync(folder)).toBe(false);
  });

  test('is given back when it cannot be opened', () => {
    writeFileSync(inFolder('peers.json'), '{"version":2}', { mode: 0o600 });
    expect(codeOf(() => open())).toBe('E_DATA_VERSION');
    expect(codeOf(() => open())).toBe('E_DATA_VERSION');
    expect(readdirSync(folder)).toStrictEqual(['peers.json']);
  });

  test('that is full changes nothing in memory either', () => {
    open().peers.put(samplePeer(1));
    open().shares.put(sampleShare(1));
    let isFull = false;
    const fileSystem = watchedFileSystem({
      before(_step, call) {
        if (isFull && call === 'writeSync') throw Object.assign(new Error(), { code: 'ENOSPC' });
      },
    });
    const full = open('write', { fileSystem });
    const { peers, shares, settings, secrets } = full;
    isFull = true;
    const seed = new Secret(new Uint8Array(32));
    for (const change of [
      () => peers.put(samplePeer(2)),
      () => peers.remove(samplePeer(1).deviceId),
      () => peers.update(samplePeer(1).deviceId, (peer) => ({ ...peer, name: 'x' })),
      () => shares.put(sampleShare(2)),
      () => shares.remove(sampleShare(1).id),
      () => settings.save({ rendezvous: ['ws://x'], stun: [] }),
      () => secrets.save('identity', seed),
    ]) {
      expect(codeOf(change)).toBe('E_DATA_DIR');
    }
    const state = (): unknown => [peers.all().map(plainPeer), shares.all(), settings.get()];
    const expected = [[plainPeer(samplePeer(1))], [sampleShare(1)], { rendezvous: [], stun: [] }];
    expect(state()).toStrictEqual(expected);
    peers.touch(samplePeer(1).deviceId, 7);
    expect(codeOf(() => full.close())).toBe('E_DATA_DIR');
    opened = [];
    expect(plainPeer(open().peers.all()[0])).toStrictEqual(plainPeer(samplePeer(1)));
  });
});
