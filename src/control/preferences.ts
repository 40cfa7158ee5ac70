/**
 * `<data folder>/preferences.json`: what a person chose for the app itself (language, theme, notices).
 *
 * Invariant: what cannot be read is what it was at first; a damaged file costs choices of taste and
 * stops nothing. Not by conf: it re-sends every signal to the process that loads it (when-exit 2.1), so
 * that Ctrl+C would end a daemon before it has closed anything, and takes 0.15 s to load.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { DurableFile } from '../engine/store/durable-file.ts';
import { realFileSystem } from '../engine/store/file-system.ts';
import { DEFAULT_PREFERENCES, PreferencesSchema } from '../shared/shell-calls.ts';
import type { Preferences } from '../shared/shell-calls.ts';

export interface PreferenceStore {
  get(): Preferences;
  /** On the disk before it returns. Throws `E_DATA_DIR`, and then nothing has changed. */
  change(change: Partial<Preferences>): void;
  /** Calls `listener` behind every change; returns how to stop. */
  subscribe(listener: (preferences: Preferences) => void): () => void;
  /** A sentence when the file could not be read. */
  readonly notice: string | undefined;
}

const choices = PreferencesSchema.entries;
const initial = DEFAULT_PREFERENCES;

/** What is missing, or of a version with other choices, is what it was at first. */
const StoredSchema = v.object({
  language: v.fallback(choices.language, initial.language),
  theme: v.fallback(choices.theme, initial.theme),
  startAtLogin: v.fallback(choices.startAtLogin, initial.startAtLogin),
  startHidden: v.fallback(choices.startHidden, initial.startHidden),
  keepRunning: v.fallback(choices.keepRunning, initial.keepRunning),
  notifications: v.fallback(choices.notifications, initial.notifications),
  firstRun: v.fallback(choices.firstRun, initial.firstRun),
  toldHiding: v.fallback(choices.toldHiding, initial.toldHiding),
});

/** The preferences of a data folder that is there. Throws what `DurableFile.load` throws. */
export function openPreferences(dataDir: string): PreferenceStore {
  return new FilePreferences(dataDir);
}

class FilePreferences implements PreferenceStore {
  readonly notice: string | undefined;
  readonly #file: DurableFile<Preferences>;
  readonly #listeners = new Set<(preferences: Preferences) => void>();
  #preferences: Preferences;

  constructor(dataDir: string) {
    this.#file = new DurableFile<Preferences>({
      path: join(dataDir, 'preferences.json'),
      schema: StoredSchema,
      encode: (preferences) => preferences,
      empty: initial,
      privacy: 'plain',
      access: 'write',
      fileSystem: realFileSystem,
      words: {
        subject: 'Preferences',
        recovered: 'Those saved before are used.',
        lost: 'The usual ones are used.',
      },
    });
    const loaded = this.#file.load();
    this.notice = 'notice' in loaded ? loaded.notice : undefined;
    this.#preferences = loaded.value;
  }

  get(): Preferences {
    return this.#preferences;
  }

  change(change: Partial<Preferences>): void {
    const next = { ...this.#preferences, ...change };
    this.#file.save(next);
    this.#preferences = next;
    for (const listener of this.#listeners) listener(next);
  }

  subscribe(listener: (preferences: Preferences) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
