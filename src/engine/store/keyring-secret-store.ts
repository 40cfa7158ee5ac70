/**
 * Keeps the key of this computer sealed with the keyring of the system. Keyrings answer later and
 * stores at once, so the key is unsealed, or a new one made and sealed, before the folder is opened
 * (`unlockSecrets`); what that changes is written when the key is first loaded, under the folder's
 * lock.
 *
 * Invariant: a key is always readable from `identity.json` or `identity.bin`: the sealed one replaces
 * the plain one only after it was unsealed again and read back. Without a keyring the plain file is
 * used and said to be; a sealed key is then never replaced by a new one.
 */
import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { PortholeError, portholeError, toPortholeError } from '../../shared/errors.ts';
import { SEED_BYTES } from '../pairing/identity.ts';
import { Secret } from '../pairing/secret.ts';
import { errnoOf, realFileSystem, removeIfThere } from './file-system.ts';
import { lockFolder } from './folder-lock.ts';
import { readPrivateFile, replacePrivateFile, unwritable } from './private-file.ts';
import {
  decodeSecret,
  encodeSecret,
  FileSecretStore,
  sealedPath,
  type SecretName,
  type SecretStore,
} from './secret-store.ts';

/** What the system keeps keys in, as far as it is needed. */
export interface Keyring {
  /** `missing`: there is none, or only one that protects nothing. */
  look(): Promise<'there' | 'missing'>;
  seal(text: string): Promise<Uint8Array>;
  /** `stale`: it should be sealed anew. Rejects when the keyring does not open it. */
  unseal(bytes: Uint8Array): Promise<{ readonly text: string; readonly state: 'fresh' | 'stale' }>;
}

/** Sentences for a person, in their language. */
export interface KeyWords {
  inKeyring(): string;
  inFile(): string;
}

/** What is in the folder. */
interface Seen {
  readonly plain: Secret | undefined;
  readonly sealed: Uint8Array | undefined;
}

/** A key, and what `identity.bin` is to hold of it. */
interface Prepared {
  readonly secret: Secret;
  readonly sealed: Uint8Array;
}

const NAME = 'identity';

/**
 * The store to open a folder with. Throws `E_KEY_UNREADABLE` when the keyring does not give the key
 * out, or the key is damaged, and `E_DATA_DIR_OPEN`. Changes nothing yet.
 */
export async function unlockSecrets(
  folder: string,
  keyring: Keyring,
  words: KeyWords,
): Promise<SecretStore> {
  const seen = look(folder);
  const prepared = (await keyring.look()) === 'there' ? await prepare(folder, keyring, seen) : null;
  if (prepared !== null) return new KeyringSecretStore(folder, { seen, prepared, words });
  if (seen.plain === undefined && seen.sealed !== undefined) {
    throw locked(folder, 'the keyring of the system is locked or missing');
  }
  return new UnsealedSecretStore(folder, words);
}

/** Puts the key aside, plain or sealed, so that the next start makes a new one. Throws `E_DATA_DIR…`. */
export function setKeyAside(folder: string): void {
  const lock = lockFolder(folder);
  const mark = Date.now();
  try {
    for (const path of [new FileSecretStore(folder, 'read').placeOf(NAME), sealedAt(folder)]) {
      renameIfThere(path, path.replace(/\.(\w+)$/, `.broken-${mark}.$1`));
    }
  } finally {
    lock.release();
  }
}

class KeyringSecretStore implements SecretStore {
  readonly #folder: string;
  readonly #words: KeyWords;
  readonly #files: FileSecretStore;
  readonly #prepared: Prepared;
  /** `undefined` once what was prepared is on the disk. */
  #seen: Seen | undefined;
  /** Where the key is since something else was saved. */
  #place: 'keyring' | 'file' = 'keyring';

  constructor(
    folder: string,
    { seen, prepared, words }: { seen: Seen; prepared: Prepared; words: KeyWords },
  ) {
    this.#folder = folder;
    this.#words = words;
    this.#files = new FileSecretStore(folder, 'write');
    this.#prepared = prepared;
    this.#seen = seen;
  }

  load(name: SecretName): Secret | undefined {
    if (this.#place === 'file') return this.#files.load(name);
    if (this.#seen !== undefined) this.#settle(this.#seen);
    return this.#prepared.secret;
  }

  /** In a file, for a keyring is too slow for this; the next start seals it. */
  save(name: SecretName, secret: Secret): void {
    this.#files.save(name, secret);
    this.#place = 'file';
  }

  remove(name: SecretName): void {
    this.#files.remove(name);
    this.#place = 'file';
  }

  placeOf(name: SecretName): string {
    return this.#place === 'file' ? this.#files.placeOf(name) : sealedAt(this.#folder);
  }

  describe(): string {
    return this.#place === 'file' ? this.#words.inFile() : this.#words.inKeyring();
  }

  /** Writes what was prepared, if the folder still is as it was then. */
  #settle(before: Seen): void {
    if (!isSame(look(this.#folder), before)) throw locked(this.#folder, 'it was just changed');
    try {
      this.#writeSealed(before);
      if (before.plain !== undefined) removePlain(this.#files);
    } catch (thrown) {
      // The plain file is as good as it was; sealing is tried again at the next start.
      if (before.plain === undefined) throw thrown;
      this.#place = 'file';
    }
    this.#seen = undefined;
  }

  #writeSealed({ sealed }: Seen): void {
    const bytes = this.#prepared.sealed;
    if (sealed !== undefined && isEqual(sealed, bytes)) return;
    const path = sealedAt(this.#folder);
    replacePrivateFile(realFileSystem, path, { bytes, previous: 'drop' });
    const back = readSealed(this.#folder);
    if (back === undefined || !isEqual(back, bytes)) throw unwritable(path, undefined);
  }
}

/** The file, where there is no keyring. */
class UnsealedSecretStore extends FileSecretStore {
  readonly #words: KeyWords;

  constructor(folder: string, words: KeyWords) {
    super(folder, 'write');
    this.#words = words;
  }

  override describe(): string {
    return this.#words.inFile();
  }
}

/** `null` when the keyring cannot seal after all. */
async function prepare(folder: string, keyring: Keyring, seen: Seen): Promise<Prepared | null> {
  if (seen.plain !== undefined) return await seal(keyring, seen.plain);
  if (seen.sealed === undefined) return await seal(keyring, new Secret(randomBytes(SEED_BYTES)));
  const { secret, state } = await unseal(folder, keyring, seen.sealed);
  const kept = { secret, sealed: seen.sealed };
  return state === 'fresh' ? kept : ((await seal(keyring, secret)) ?? kept);
}

/** Sealed, and unsealed again to make sure. */
async function seal(keyring: Keyring, secret: Secret): Promise<Prepared | null> {
  try {
    const text = Buffer.from(encodeSecret(secret)).toString('utf8');
    const sealed = await keyring.seal(text);
    const back = await keyring.unseal(sealed);
    return back.text === text ? { secret, sealed } : null;
  } catch {
    return null;
  }
}

async function unseal(folder: string, keyring: Keyring, sealed: Uint8Array) {
  try {
    const { text, state } = await keyring.unseal(sealed);
    return { secret: decodeSecret(Buffer.from(text), sealedAt(folder)), state };
  } catch (thrown) {
    if (thrown instanceof PortholeError) throw thrown;
    throw locked(folder, 'the keyring of the system does not open it');
  }
}

function look(folder: string): Seen {
  return { plain: readPlain(folder), sealed: readSealed(folder) };
}

function readPlain(folder: string): Secret | undefined {
  try {
    return new FileSecretStore(folder, 'read').load(NAME);
  } catch (thrown) {
    if (toPortholeError(thrown).code === 'E_KEY_IN_KEYRING') return undefined;
    throw thrown;
  }
}

function readSealed(folder: string): Uint8Array | undefined {
  const path = sealedAt(folder);
  const reading = readPrivateFile(realFileSystem, path, 'secret');
  switch (reading.kind) {
    case 'missing':
      return undefined;
    case 'bytes':
      return reading.bytes;
    case 'too-large':
      throw locked(folder, 'it is damaged');
    case 'unreadable':
      throw locked(folder, reading.reason);
  }
}

function removePlain(files: FileSecretStore): void {
  removeIfThere(realFileSystem, files.placeOf(NAME));
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw unwritable(from, thrown);
  }
}

function isSame(a: Seen, b: Seen): boolean {
  return isEqual(a.sealed, b.sealed) && isEqual(a.plain?.reveal(), b.plain?.reveal());
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.from(a).equals(b);
}

function sealedAt(folder: string): string {
  return sealedPath(folder, NAME);
}

function locked(folder: string, reason: string): PortholeError {
  return portholeError('E_KEY_UNREADABLE', { path: sealedAt(folder), reason });
}
