/** The key of this computer and the keyring of its system: how it gets there, and never gets lost. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keyringOf } from '../../../src/main/desktop-keyring.ts';
import { Secret } from '../../../src/engine/pairing/secret.ts';
import { setKeyAside, unlockSecrets } from '../../../src/engine/store/keyring-secret-store.ts';
import { openDataFolder } from '../../../src/engine/store/open-data-folder.ts';
import { FileSecretStore } from '../../../src/engine/store/secret-store.ts';
import type { SecretStore } from '../../../src/engine/store/secret-store.ts';
import { KeyringDouble } from '../../support/desktop-double.ts';

const WORDS = { inKeyring: () => 'in the keyring', inFile: () => 'in a file' };
const SEED = new Secret(new Uint8Array(32).fill(7));

let folder = '';
let keyring = new KeyringDouble();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-keyring-'));
  keyring = new KeyringDouble();
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function unlock(): Promise<SecretStore> {
  return unlockSecrets(folder, keyringOf(keyring), WORDS);
}

/** The device id as the app would have it. */
async function deviceOf(secrets: Promise<SecretStore>): Promise<string> {
  const data = openDataFolder(folder, 'write', { secrets: await secrets });
  try {
    return data.identity().deviceId;
  } finally {
    data.close();
  }
}

function files(): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('identity'));
}

describe('a new key', () => {
  test('is sealed, and never in a file', async () => {
    const device = await deviceOf(unlock());
    expect(files()).toEqual(['identity.bin']);
    expect(await deviceOf(unlock())).toBe(device);
    expect((await unlock()).describe()).toBe('in the keyring');
  });

  test('is not made before the folder is this process\u2019s', async () => {
    await unlock();
    expect(files()).toEqual([]);
  });

  test.each(['basic_text', 'unknown'] as const)(
    'is in a file where the keyring is %s, and said to be',
    async (backend) => {
      keyring.selected = backend;
      await deviceOf(unlock());
      expect(files()).toEqual(['identity.json']);
      expect((await unlock()).describe()).toBe('in a file');
    },
  );

  test('is in a file where the keyring takes nothing', async () => {
    keyring.state = 'locked';
    await deviceOf(unlock());
    expect(files()).toEqual(['identity.json']);
  });

  test('is in a file where the keyring gives back something else', async () => {
    keyring.decryptStringAsync = async () => ({ result: 'other', shouldReEncrypt: false });
    await deviceOf(unlock());
    expect(files()).toEqual(['identity.json']);
  });
});

describe('a key that was in a file', () => {
  beforeEach(() => new FileSecretStore(folder, 'write').save('identity', SEED));

  test('moves into the keyring, and stays the same', async () => {
    const before = openDataFolder(folder, 'read').identity().deviceId;
    expect(await deviceOf(unlock())).toBe(before);
    expect(files()).toEqual(['identity.bin']);
    expect(await deviceOf(unlock())).toBe(before);
  });

  test('wins over a sealed one beside it: it was imported later, or the move was cut short', async () => {
    writeFileSync(join(folder, 'identity.bin'), 'something else', { mode: 0o600 });
    const secrets = await unlock();
    expect(secrets.load('identity')?.reveal()).toEqual(SEED.reveal());
    expect(files()).toEqual(['identity.bin']);
    expect((await unlock()).load('identity')?.reveal()).toEqual(SEED.reveal());
  });

  test('stays where sealing cannot be written', async () => {
    const secrets = await unlock();
    // A folder in the way of the file that would be written first.
    rmSync(join(folder, 'identity.bin.new'), { force: true });
    mkdirSync(join(folder, 'identity.bin.new'));
    expect(secrets.load('identity')?.reveal()).toEqual(SEED.reveal());
    expect(existsSync(join(folder, 'identity.json'))).toBe(true);
    expect(secrets.describe()).toBe('in a file');
  });

  test('that changes meanwhile is not touched', async () => {
    const secrets = await unlock();
    const other = new Secret(new Uint8Array(32).fill(9));
    new FileSecretStore(folder, 'write').save('identity', other);
    expect(() => secrets.load('identity')).toThrow(
      expect.objectContaining({ code: 'E_KEY_UNREADABLE' }),
    );
    expect(new FileSecretStore(folder, 'read').load('identity')?.reveal()).toEqual(other.reveal());
  });

  test('and is damaged is told', async () => {
    writeFileSync(join(folder, 'identity.json'), '{', { mode: 0o600 });
    await expect(unlock()).rejects.toMatchObject({ code: 'E_KEY_UNREADABLE' });
    expect(files()).toEqual(['identity.json']);
  });
});

describe('a sealed key', () => {
  beforeEach(async () => {
    await deviceOf(unlock());
  });

  test.each(['locked', 'absent'] as const)(
    'is never replaced while the keyring is %s',
    async (state) => {
      const before = readFileSync(join(folder, 'identity.bin'));
      keyring.state = state;
      await expect(unlock()).rejects.toMatchObject({ code: 'E_KEY_UNREADABLE' });
      expect(files()).toEqual(['identity.bin']);
      expect(readFileSync(join(folder, 'identity.bin'))).toEqual(before);
    },
  );

  test('is sealed anew when the system wants that', async () => {
    const device = await deviceOf(unlock());
    keyring.isStale = true;
    expect(await deviceOf(unlock())).toBe(device);
    expect(readFileSync(join(folder, 'identity.bin'), 'utf8')).toMatch(/^v11new/);
    expect(await deviceOf(unlock())).toBe(device);
  });

  test('is told to commands, which make no other one', () => {
    const data = openDataFolder(folder, 'write');
    expect(() => data.identity()).toThrow(expect.objectContaining({ code: 'E_KEY_IN_KEYRING' }));
    data.close();
    expect(files()).toEqual(['identity.bin']);
  });

  test('gives way to one that is imported', async () => {
    const data = openDataFolder(folder, 'write');
    data.secrets.save('identity', SEED);
    data.close();
    expect(files()).toEqual(['identity.json']);
    expect((await unlock()).load('identity')?.reveal()).toEqual(SEED.reveal());
  });

  test('is set aside whole, twice over', async () => {
    const before = readFileSync(join(folder, 'identity.bin'));
    setKeyAside(folder);
    const [aside] = files();
    expect(aside).toMatch(/^identity\.broken-\d+\.bin$/);
    expect(readFileSync(join(folder, aside ?? ''))).toEqual(before);
    await deviceOf(unlock());
    expect(files()).toHaveLength(2);
  });

  test('that others could read is refused', async () => {
    chmodSync(join(folder, 'identity.bin'), 0o644);
    await expect(unlock()).rejects.toMatchObject({ code: 'E_DATA_DIR_OPEN' });
  });
});

test('the key is in no error, text or log of the store', async () => {
  new FileSecretStore(folder, 'write').save('identity', SEED);
  const secrets = await unlock();
  const text = inspect(secrets, { depth: 9, showHidden: true });
  expect(text).not.toContain(Buffer.from(SEED.reveal()).toString('base64url'));
  expect(text).not.toMatch(/7, 7, 7/);
});
