/** What a person chose for this computer: plain JSON that can be edited while Porthole is stopped. */
import { join } from 'node:path';
import * as v from 'valibot';
import { SETTINGS_SERVERS_MAX, SETTINGS_TEXT_CHARS_MAX } from '../../shared/limits.ts';
import type { Access, Loaded } from './durable-file.ts';
import { DurableFile } from './durable-file.ts';
import type { FileSystem } from './file-system.ts';

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(SETTINGS_TEXT_CHARS_MAX));
const servers = v.pipe(v.array(text), v.maxLength(SETTINGS_SERVERS_MAX), v.readonly());

const SettingsSchema = v.object({
  /** @default the name of the computer */
  deviceName: v.exactOptional(text),
  /** @default any free port */
  signalingPort: v.exactOptional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  ),
  /** URLs of rendezvous servers. @default none */
  rendezvous: v.optional(servers, []),
  /** `stun:HOST:PORT` of STUN servers. @default none */
  stun: v.optional(servers, []),
});

export type Settings = Readonly<v.InferOutput<typeof SettingsSchema>>;

export interface SettingsStore {
  get(): Settings;
  /** On the disk before it returns. Throws `E_DATA_DIR`, and then nothing has changed. */
  save(settings: Settings): void;
}

export interface StoreOptions {
  readonly folder: string;
  readonly access: Access;
  readonly fileSystem: FileSystem;
}

/** Settings in `settings.json`. Throws what `DurableFile.load` throws. */
export class FileSettingsStore implements SettingsStore {
  readonly loaded: Loaded<Settings>;
  readonly #file: DurableFile<Settings>;
  #settings: Settings;

  constructor({ folder, access, fileSystem }: StoreOptions) {
    this.#file = new DurableFile<Settings>({
      path: join(folder, 'settings.json'),
      schema: SettingsSchema,
      encode: (settings) => settings,
      empty: { rendezvous: [], stun: [] },
      privacy: 'plain',
      access,
      fileSystem,
      words: {
        subject: 'Settings',
        recovered: 'Your devices are safe. The settings saved before are used.',
        lost: 'Your devices are safe.',
      },
    });
    this.loaded = this.#file.load();
    this.#settings = this.loaded.value;
  }

  get(): Settings {
    return this.#settings;
  }

  save(settings: Settings): void {
    this.#file.save(settings);
    this.#settings = settings;
  }
}
