/**
 * Where keys are kept that never leave this computer: in files here; the desktop app seals them with
 * the keyring of the system (`NAME.bin` in the place of `NAME.json`).
 *
 * Invariant: a key that is damaged or sealed is told, never replaced by a new one; of a key that was
 * replaced or removed nothing is left. Where both files are there, the plain one is the newer.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { PortholeError, portholeError } from '../../shared/errors.ts';
import { Secret } from '../pairing/secret.ts';
import type { Access } from './durable-file.ts';
import type { FileSystem } from './file-system.ts';
import { realFileSystem, removeIfThere } from './file-system.ts';
import { parseJson } from './json.ts';
import { readPrivateFile, replacePrivateFile, unwritable } from './private-file.ts';

/** `identity`: the seed of this computer's key. */
export type SecretName = 'identity';

export interface SecretStore {
  /** `undefined` when there is none. Throws `E_KEY_UNREADABLE`, `E_KEY_IN_KEYRING`, `E_DATA_DIR_OPEN`. */
  load(name: SecretName): Secret | undefined;
  /** On the disk before it returns. Throws `E_DATA_DIR`. */
  save(name: SecretName, secret: Secret): void;
  /** One that is missing is fine. Throws `E_DATA_DIR`. */
  remove(name: SecretName): void;
  /** Where a person finds it, for sentences. */
  placeOf(name: SecretName): string;
  /** A sentence that tells how keys are protected. */
  describe(): string;
}

const VERSION = 1;
const CHECK_CHARS = 16;

const SecretFileSchema = v.object({
  version: v.number(),
  secret: v.pipe(v.string(), v.regex(/^[\w-]+$/)),
  /** Beginning of the SHA-256: any 32 bytes are a key, so damage would go unnoticed. */
  check: v.string(),
});

/** A file for each secret, which only the user's account can read. */
export class FileSecretStore implements SecretStore {
  readonly #folder: string;
  readonly #access: Access;
  readonly #fileSystem: FileSystem;

  constructor(folder: string, access: Access, fileSystem: FileSystem = realFileSystem) {
    this.#folder = folder;
    this.#access = access;
    this.#fileSystem = fileSystem;
  }

  load(name: SecretName): Secret | undefined {
    const path = this.placeOf(name);
    const reading = readPrivateFile(this.#fileSystem, path, 'secret');
    switch (reading.kind) {
      case 'missing':
        if (this.#isSealed(name)) throw portholeError('E_KEY_IN_KEYRING');
        return undefined;
      case 'bytes':
        return decodeSecret(reading.bytes, path);
      case 'too-large':
        throw damaged(path);
      case 'unreadable':
        throw portholeError('E_KEY_UNREADABLE', { path, reason: reading.reason });
    }
  }

  save(name: SecretName, secret: Secret): void {
    this.#requireWriting();
    const bytes = encodeSecret(secret);
    replacePrivateFile(this.#fileSystem, this.placeOf(name), { bytes, previous: 'drop' });
    this.#remove(sealedPath(this.#folder, name));
  }

  remove(name: SecretName): void {
    this.#requireWriting();
    this.#remove(this.placeOf(name));
    this.#remove(sealedPath(this.#folder, name));
  }

  placeOf(name: SecretName): string {
    return join(this.#folder, `${name}.json`);
  }

  describe(): string {
    return `The key of this computer is in a file that only your account can read: ${this.placeOf('identity')}`;
  }

  #isSealed(name: SecretName): boolean {
    const reading = readPrivateFile(this.#fileSystem, sealedPath(this.#folder, name), 'plain');
    return reading.kind !== 'missing';
  }

  #remove(path: string): void {
    try {
      removeIfThere(this.#fileSystem, `${path}.new`);
      removeIfThere(this.#fileSystem, path);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  #requireWriting(): void {
    if (this.#access === 'write') return;
    throw portholeError('E_INTERNAL', { reason: 'the secrets were opened for reading' });
  }
}

/** Where a secret is while the keyring of the system seals it. */
export function sealedPath(folder: string, name: SecretName): string {
  return join(folder, `${name}.bin`);
}

/** How a secret is written down, with a check. */
export function encodeSecret(secret: Secret): Uint8Array {
  const bytes = secret.reveal();
  const text = Buffer.from(bytes).toString('base64url');
  const content = { version: VERSION, secret: text, check: checkOf(bytes) };
  return Buffer.from(`${JSON.stringify(content)}\n`);
}

/** Throws `E_KEY_UNREADABLE`, `E_DATA_VERSION`. */
export function decodeSecret(bytes: Uint8Array, path: string): Secret {
  const file = v.safeParse(SecretFileSchema, parseJson(bytes));
  if (!file.success) throw damaged(path);
  if (file.output.version > VERSION) throw portholeError('E_DATA_VERSION', { path });
  const secret = Buffer.from(file.output.secret, 'base64url');
  if (checkOf(secret) !== file.output.check) throw damaged(path);
  return new Secret(secret);
}

function checkOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, CHECK_CHARS);
}

function damaged(path: string): PortholeError {
  return portholeError('E_KEY_UNREADABLE', { path, reason: 'it is damaged' });
}
