/**
 * All that Porthole keeps in a data folder, opened together.
 *
 * Invariant: one process has it open for writing; opened for reading nothing in it is changed, not
 * even mended.
 */
import type { Clock } from '../../shared/clock.ts';
import { portholeError, toPortholeError } from '../../shared/errors.ts';
import type { Identity } from '../pairing/identity.ts';
import { systemClock } from '../system-clock.ts';
import { inspectDataFolder, requireDataFolder } from './data-folder.ts';
import type { Access, Loaded } from './durable-file.ts';
import type { FileSystem } from './file-system.ts';
import { realFileSystem } from './file-system.ts';
import type { FolderLock } from './folder-lock.ts';
import { lockFolder } from './folder-lock.ts';
import type { Backup } from './identity-backup.ts';
import { loadIdentity, loadOrCreateIdentity } from './identity-store.ts';
import { PeerStore } from './peer-store.ts';
import type { SecretStore } from './secret-store.ts';
import { FileSecretStore } from './secret-store.ts';
import { FileSettingsStore } from './settings-store.ts';
import type { SettingsStore } from './settings-store.ts';
import { ShareStore } from './share-store.ts';

export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  readonly secrets: SecretStore;
  readonly peers: PeerStore;
  readonly shares: ShareStore;
  readonly settings: SettingsStore;
  /** Sentences for the person: what was damaged, and what came of it. */
  readonly notices: readonly string[];
  /**
   * Who this computer is; with write access made and kept when there is none, else `E_NO_DAEMON`.
   * Throws `E_KEY_UNREADABLE`, `E_DATA_DIR_OPEN`, `E_DATA_DIR`.
   */
  identity(): Identity;
  /** Saves what is left and gives the folder back. Throws `E_DATA_DIR`, having given it back. */
  close(): void;
}

export interface OpenOptions {
  /** In place of files, such as the keyring of the system. */
  readonly secrets?: SecretStore;
  /** @default the real one */
  readonly clock?: Clock;
  /** @default the real one */
  readonly fileSystem?: FileSystem;
}

/**
 * Opens a data folder; for writing it is made if it is missing and locked. Throws what
 * `requireDataFolder`, `lockFolder` and `DurableFile.load` throw.
 */
export function openDataFolder(
  path: string,
  access: Access,
  options: OpenOptions = {},
): DataFolder {
  if (access === 'read') return openStores(inspectDataFolder(path), access, options);
  const folder = requireDataFolder(path);
  const lock = lockFolder(folder);
  try {
    const opened = openStores(folder, access, options);
    return { ...opened, close: () => closeWriting(opened, lock) };
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

function closeWriting({ peers }: DataFolder, lock: FolderLock): void {
  try {
    peers.flush();
  } finally {
    lock.release();
  }
}

function openStores(path: string, access: Access, options: OpenOptions): DataFolder {
  const fileSystem = options.fileSystem ?? realFileSystem;
  const store = { folder: path, access, fileSystem };
  const secrets = options.secrets ?? new FileSecretStore(path, access, fileSystem);
  const peers = new PeerStore({ ...store, clock: options.clock ?? systemClock });
  const shares = new ShareStore(store);
  const settings = new FileSettingsStore(store);
  return {
    path,
    secrets,
    peers,
    shares,
    settings,
    notices: [peers, shares, settings].flatMap(({ loaded }) => noticeOf(loaded)),
    identity: () => (access === 'write' ? loadOrCreateIdentity(secrets) : requireIdentity(secrets)),
    close: () => undefined,
  };
}

function noticeOf(loaded: Loaded<unknown>): string[] {
  return 'notice' in loaded ? [loaded.notice] : [];
}

function requireIdentity(secrets: SecretStore): Identity {
  const identity = loadIdentity(secrets);
  if (identity === undefined) throw portholeError('E_NO_DAEMON');
  return identity;
}

/**
 * Puts a backup into a data folder, identity, peers and name, on the disk before it returns. Throws
 * `E_IDENTITY_EXISTS` where there is an identity that must stay; one that cannot be read need not.
 */
export function restoreBackup(
  { secrets, peers, settings }: DataFolder,
  backup: Backup,
  existing: 'refuse' | 'replace',
): void {
  if (existing === 'refuse' && hasIdentity(secrets)) throw portholeError('E_IDENTITY_EXISTS');
  // The identity last: an import that was cut short can then be repeated.
  peers.replaceAll(backup.peers);
  settings.save({ ...settings.get(), deviceName: backup.deviceName });
  secrets.save('identity', backup.seed);
}

function hasIdentity(secrets: SecretStore): boolean {
  try {
    return loadIdentity(secrets) !== undefined;
  } catch (thrown) {
    if (toPortholeError(thrown).code === 'E_KEY_UNREADABLE') return false;
    throw thrown;
  }
}
