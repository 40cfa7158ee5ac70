/**
 * What a person chose for the app itself, in `<data folder>/preferences.json`, kept by electron-store.
 * The daemon reads and writes the same file (control/preferences.ts), whichever has the folder.
 *
 * Invariant: what is read fits the schema, whatever the file says: unknown keys are left out, missing
 * ones have their default, and a file that makes no sense is set aside, not overwritten unseen.
 */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import type { PreferenceStore } from '../control/preferences.ts';
import { errnoOf } from '../engine/store/file-system.ts';
import { requireDataFolder } from '../engine/store/data-folder.ts';
import { portholeError } from '../shared/errors.ts';
import { DEFAULT_PREFERENCES, PreferencesSchema } from '../shared/shell-calls.ts';
import type { Preferences } from '../shared/shell-calls.ts';

/** What is used of conf, and of electron-store, which is one. */
export interface ConfFile {
  store: Record<string, unknown>;
  readonly path: string;
}

export interface ConfFileOptions {
  readonly cwd: string;
  /** Of the file, without `.json`. */
  readonly name: string;
  readonly configFileMode: number;
  readonly accessPropertiesByDotNotation: false;
}

const NAME = 'preferences';
const OWNER_ONLY = 0o600;

/** As the file may be: of an older version, or of a newer one. */
const StoredSchema = v.partial(
  v.object({
    ...PreferencesSchema.entries,
    notifications: v.partial(v.object(PreferencesSchema.entries.notifications.entries)),
  }),
);

/**
 * The preferences of a data folder, which is made if it is missing. Throws what `requireDataFolder`
 * throws, and `E_DATA_DIR` for a file that cannot be opened.
 */
export function openStorePreferences(
  dataDir: string,
  open: (options: ConfFileOptions) => ConfFile,
): PreferenceStore {
  const cwd = requireDataFolder(dataDir);
  const options: ConfFileOptions = {
    cwd,
    name: NAME,
    configFileMode: OWNER_ONLY,
    accessPropertiesByDotNotation: false,
  };
  const path = join(cwd, `${NAME}.json`);
  try {
    return new ConfPreferences(open(options), undefined);
  } catch (thrown) {
    if (!isDamage(thrown)) throw unwritable(cwd, thrown);
    setAside(path, cwd);
    const notice = `Preferences could not be read and were set aside as ${NAME}.broken.json.`;
    return new ConfPreferences(open(options), notice);
  }
}

class ConfPreferences implements PreferenceStore {
  readonly notice: string | undefined;
  readonly #file: ConfFile;
  readonly #listeners = new Set<(preferences: Preferences) => void>();
  #preferences: Preferences;

  constructor(file: ConfFile, notice: string | undefined) {
    this.#file = file;
    this.notice = notice;
    this.#preferences = whole(v.parse(StoredSchema, { ...file.store }));
  }

  get(): Preferences {
    return this.#preferences;
  }

  change(change: Partial<Preferences>): void {
    const next = v.parse(PreferencesSchema, { ...this.#preferences, ...change });
    try {
      this.#file.store = next;
    } catch (thrown) {
      throw unwritable(this.#file.path, thrown);
    }
    this.#preferences = next;
    for (const listener of this.#listeners) listener(next);
  }

  subscribe(listener: (preferences: Preferences) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function whole({ notifications, ...stored }: v.InferOutput<typeof StoredSchema>): Preferences {
  return {
    ...DEFAULT_PREFERENCES,
    ...withoutUndefined(stored),
    notifications: {
      ...DEFAULT_PREFERENCES.notifications,
      ...withoutUndefined(notifications ?? {}),
    },
  };
}

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

function withoutUndefined<T extends object>(values: T): Defined<T> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}

/** Not JSON, no object, or values that cannot be; anything else is the disk's fault. */
function isDamage(thrown: unknown): boolean {
  return thrown instanceof SyntaxError || thrown instanceof v.ValiError;
}

function setAside(path: string, folder: string): void {
  try {
    renameSync(path, path.replace(/\.json$/, '.broken.json'));
  } catch (thrown) {
    throw unwritable(folder, thrown);
  }
}

function unwritable(path: string, cause: unknown): Error {
  return portholeError('E_DATA_DIR', { path, reason: errnoOf(cause) }, { cause });
}
