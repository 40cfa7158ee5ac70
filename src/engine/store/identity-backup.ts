/**
 * A backup of who this computer is and whom it is paired with, as one line of text behind a
 * passphrase: `porthole-backup:1:` and, in base64url, `salt 16 | nonce 12 | AES-256-GCM ciphertext |
 * tag 16 | first 8 bytes of the SHA-256 of all before`. The key is scrypt's (RFC 7914) of the
 * passphrase. It holds the pair keys, so that the peers of a lost computer know the restored one.
 *
 * Invariant: damage is told from a wrong passphrase by the checksum, which anyone can make; that
 * the backup was made with the passphrase is what the tag proves.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { portholeError } from '../../shared/errors.ts';
import { BACKUP_CHARS_MAX, BACKUP_SCRYPT_N, SETTINGS_TEXT_CHARS_MAX } from '../../shared/limits.ts';
import { SEED_BYTES } from '../pairing/identity.ts';
import type { Secret } from '../pairing/secret.ts';
import { base64url, secretSchema } from './base64url.ts';
import { parseJson } from './json.ts';
import { encodePeer, PeerRecordSchema } from './peer-record.ts';
import type { PeerRecord } from './peer-record.ts';

/** What a backup holds. */
export interface Backup {
  readonly seed: Secret;
  readonly deviceName: string;
  readonly peers: readonly PeerRecord[];
}

const NAME = 'porthole-backup';
const HEAD = `${NAME}:1:`;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CHECK_BYTES = 8;
const LEAST_BYTES = SALT_BYTES + NONCE_BYTES + TAG_BYTES + CHECK_BYTES;
const KEY_BYTES = 32;
const SCRYPT_R = 8;
/** Node refuses what takes more; scrypt needs 128 × N × r and a little. */
const SCRYPT_MEMORY_MAX = 2 * 128 * BACKUP_SCRYPT_N * SCRYPT_R;

const BackupSchema = v.object({
  seed: secretSchema(SEED_BYTES),
  deviceName: v.pipe(v.string(), v.maxLength(SETTINGS_TEXT_CHARS_MAX)),
  peers: v.array(PeerRecordSchema),
});

const deriveKey = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

/** Makes the text of a backup. Throws `E_USAGE` for an empty passphrase. */
export async function exportIdentity(backup: Backup, passphrase: string): Promise<string> {
  if (passphrase === '') {
    throw portholeError('E_USAGE', { problem: 'A backup needs a passphrase.' });
  }
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const key = await keyOf(passphrase, salt);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated(salt));
  const sealed = [cipher.update(encodeBackup(backup)), cipher.final(), cipher.getAuthTag()];
  key.fill(0);
  const body = Buffer.concat([salt, nonce, ...sealed]);
  return `${HEAD}${Buffer.concat([body, checkOf(body)]).toString('base64url')}`;
}

/**
 * Reads the text of a backup, however it was wrapped into lines. Throws `E_BACKUP_INVALID` for what
 * is damaged or none, `E_PASSPHRASE`, and `E_DATA_VERSION` for one of a newer Porthole.
 */
export async function importIdentity(text: string, passphrase: string): Promise<Backup> {
  const body = bodyOf(text);
  const salt = body.subarray(0, SALT_BYTES);
  const nonce = body.subarray(SALT_BYTES, SALT_BYTES + NONCE_BYTES);
  const sealed = body.subarray(SALT_BYTES + NONCE_BYTES, -TAG_BYTES);
  const key = await keyOf(passphrase, salt);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(associated(salt));
  key.fill(0);
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  const plain = [decipher.update(sealed)];
  try {
    plain.push(decipher.final());
  } catch {
    throw portholeError('E_PASSPHRASE');
  }
  return decodeBackup(Buffer.concat(plain));
}

/** The same passphrase typed on another keyboard must give the same key (RFC 8265 §4.2.2). */
async function keyOf(passphrase: string, salt: Uint8Array): Promise<Buffer> {
  const work = { N: BACKUP_SCRYPT_N, r: SCRYPT_R, p: 1, maxmem: SCRYPT_MEMORY_MAX };
  return deriveKey(passphrase.normalize('NFC'), salt, KEY_BYTES, work);
}

function associated(salt: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(HEAD), salt]);
}

/** All but the checksum, which is right. */
function bodyOf(text: string): Buffer {
  const line = text.length > 2 * BACKUP_CHARS_MAX ? '' : text.replaceAll(/\s/g, '');
  const [, version, coded] = new RegExp(`^${NAME}:(\\d+):([\\w-]+)$`).exec(line) ?? [];
  if (coded === undefined) throw portholeError('E_BACKUP_INVALID');
  if (Number(version) > 1) throw portholeError('E_DATA_VERSION', { path: 'The backup' });
  const bytes = Buffer.from(coded, 'base64url');
  const body = bytes.subarray(0, -CHECK_BYTES);
  const isWhole = bytes.length >= LEAST_BYTES && line === HEAD + bytes.toString('base64url');
  if (!isWhole || !checkOf(body).equals(bytes.subarray(-CHECK_BYTES))) {
    throw portholeError('E_BACKUP_INVALID');
  }
  return body;
}

function checkOf(body: Uint8Array): Buffer {
  return createHash('sha256').update(HEAD).update(body).digest().subarray(0, CHECK_BYTES);
}

function encodeBackup({ seed, deviceName, peers }: Backup): Uint8Array {
  const content = { seed: base64url(seed.reveal()), deviceName, peers: peers.map(encodePeer) };
  return Buffer.from(JSON.stringify(content));
}

function decodeBackup(plain: Uint8Array): Backup {
  const parsed = v.safeParse(BackupSchema, parseJson(plain));
  if (!parsed.success) throw portholeError('E_BACKUP_INVALID');
  return parsed.output;
}
