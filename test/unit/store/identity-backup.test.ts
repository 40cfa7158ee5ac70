/** Backups: what comes back, and what does not. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createIdentity } from '../../../src/engine/pairing/identity.ts';
import { Secret } from '../../../src/engine/pairing/secret.ts';
import { exportIdentity, importIdentity } from '../../../src/engine/store/identity-backup.ts';
import type { Backup } from '../../../src/engine/store/identity-backup.ts';
import { openDataFolder, restoreBackup } from '../../../src/engine/store/open-data-folder.ts';
import { PortholeError } from '../../../src/shared/errors.ts';
import { makeFolder, plainPeer, removeFolders, samplePeer } from '../../support/store-samples.ts';

const PASSPHRASE = 'Zwölf Boxkämpfer';
const backup: Backup = {
  seed: new Secret(new Uint8Array(32).fill(9)),
  deviceName: 'Ann’s laptop',
  peers: [samplePeer(1), samplePeer(2)],
};

let text: string;
beforeAll(async () => {
  text = await exportIdentity(backup, PASSPHRASE);
});
afterAll(removeFolders);

async function codeOf(damaged: string, passphrase = PASSPHRASE): Promise<string> {
  const found: unknown = await importIdentity(damaged, passphrase).catch(
    (thrown: unknown) => thrown,
  );
  return found instanceof PortholeError ? found.code : 'no error';
}

function plain({ seed, deviceName, peers }: Backup): unknown {
  return { seed: [...seed.reveal()], deviceName, peers: peers.map(plainPeer) };
}

describe('a backup', () => {
  test('is one line, new every time, and comes back', async () => {
    expect(text).toMatch(/^porthole-backup:1:[\w-]+$/);
    expect(await exportIdentity(backup, PASSPHRASE)).not.toBe(text);
    expect(plain(await importIdentity(text, PASSPHRASE))).toStrictEqual(plain(backup));
  });

  test('may have been wrapped by a mail program, and the passphrase typed elsewhere', async () => {
    const wrapped = ` ${text.replaceAll(/.{60}/g, '$&\r\n')}\n`;
    const found = await importIdentity(wrapped, PASSPHRASE.normalize('NFD'));
    expect(plain(found)).toStrictEqual(plain(backup));
  });

  test('of 1,000 peers comes back', async () => {
    const peers = Array.from({ length: 1000 }, (_, number) => samplePeer(number));
    const large = await exportIdentity({ ...backup, peers }, 'x');
    expect((await importIdentity(large, 'x')).peers).toHaveLength(1000);
  });

  test('does not open with another passphrase', async () => {
    expect(await codeOf(text, 'zwölf Boxkämpfer')).toBe('E_PASSPHRASE');
    expect(await codeOf(text, '')).toBe('E_PASSPHRASE');
  });

  test('needs a passphrase', async () => {
    await expect(exportIdentity(backup, '')).rejects.toThrow('A backup needs a passphrase.');
  });

  test('shows no key', () => {
    const bytes = Buffer.from(text.split(':')[2] ?? '', 'base64url');
    for (const secret of [backup.seed, samplePeer(1).pairKey]) {
      expect(bytes.includes(Buffer.from(secret.reveal()))).toBe(false);
      expect(bytes.includes(Buffer.from(secret.reveal()).toString('base64url'))).toBe(false);
    }
  });
});

describe('a damaged backup is told from a wrong passphrase', () => {
  test.each([
    '',
    'x',
    'porthole-backup:1:',
    'porthole-backup:1:AAAA',
    'porthole://pair#AAAA',
    'porthole-backup:x:AA',
  ])('%j', async (damaged) => expect(await codeOf(damaged)).toBe('E_BACKUP_INVALID'));

  test('cut off anywhere', async () => {
    for (let length = 0; length < text.length; length++) {
      expect(await codeOf(text.slice(0, length))).toBe('E_BACKUP_INVALID');
    }
  });

  test('any one character changed', async () => {
    for (let index = 'porthole-backup:1:'.length; index < text.length; index++) {
      const other = text[index] === 'A' ? 'B' : 'A';
      const damaged = text.slice(0, index) + other + text.slice(index + 1);
      expect(await codeOf(damaged)).toBe('E_BACKUP_INVALID');
    }
  });

  test('a version to come', async () => {
    expect(await codeOf(text.replace(':1:', ':2:'))).toBe('E_DATA_VERSION');
  });

  test('more than anybody has', async () => {
    expect(await codeOf(`porthole-backup:1:${'A'.repeat(50_000_000)}`)).toBe('E_BACKUP_INVALID');
  });
});

describe('restoring', () => {
  test('makes another computer the one that was lost', () => {
    const folder = openDataFolder(makeFolder(), 'write');
    folder.settings.save({ rendezvous: ['wss://a'], stun: [] });
    restoreBackup(folder, backup, 'refuse');
    const { deviceId } = createIdentity(backup.seed.reveal());
    expect(folder.identity().deviceId).toBe(deviceId);
    expect(folder.peers.all().map(plainPeer)).toStrictEqual(backup.peers.map(plainPeer));
    expect(folder.settings.get()).toStrictEqual({
      deviceName: 'Ann’s laptop',
      rendezvous: ['wss://a'],
      stun: [],
    });
    folder.close();
  });

  test('mends an identity that cannot be read', () => {
    const path = makeFolder();
    writeFileSync(join(path, 'identity.json'), 'gone', { mode: 0o600 });
    const folder = openDataFolder(path, 'write');
    restoreBackup(folder, backup, 'refuse');
    expect(folder.secrets.load('identity')?.reveal()).toStrictEqual(backup.seed.reveal());
    folder.close();
  });

  test('does not take the place of an identity unless it is asked to', () => {
    const folder = openDataFolder(makeFolder(), 'write');
    const { deviceId } = folder.identity();
    folder.peers.put(samplePeer(7));
    expect(() => restoreBackup(folder, backup, 'refuse')).toThrow('has an identity already');
    expect(folder.identity().deviceId).toBe(deviceId);
    expect(folder.peers.all()).toHaveLength(1);
    restoreBackup(folder, backup, 'replace');
    expect(folder.identity().deviceId).not.toBe(deviceId);
    expect(folder.peers.get(samplePeer(7).deviceId)).toBeUndefined();
    folder.close();
  });
});
