/** What a person chose for this computer: plain JSON that can be edited while Porthole is stopped. */
import { join } from 'node:path';
import * as v from 'valibot';
import { HOLD_MAX_MS, SETTINGS_SERVERS_MAX, SETTINGS_TEXT_CHARS_MAX } from '../../shared/limits.ts';
import type { Access, Loaded } from './durable-file.ts';
import { DurableFile } from './durable-file.ts';
import type { Privacy } from './private-file.ts';
import { Secret } from '../pairing/secret.ts';
import type { FileSystem } from './file-system.ts';

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(SETTINGS_TEXT_CHARS_MAX));
const servers = v.pipe(v.array(text), v.maxLength(SETTINGS_SERVERS_MAX), v.readonly());

const secrets = v.pipe(
  servers,
  v.transform((texts): readonly Secret[] => texts.map((one) => new Secret(Buffer.from(one)))),
);

const SettingsSchema = v.object({
  /** @default the name of the computer */
  deviceName: v.exactOptional(text),
  /** @default any free port */
  signalingPort: v.exactOptional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  ),
  /** How long open connections are held while nothing connects the two computers, seconds. @default 60 */
  holdSeconds: v.exactOptional(
    v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(HOLD_MAX_MS / 1000)),
  ),
  /** URLs of rendezvous servers. @default none */
  rendezvous: v.optional(servers, []),
  /** `stun:HOST:PORT` of STUN servers. @default none */
  stun: v.optional(servers, []),
  /** `turn:USER:PASSWORD@HOST:PORT` of TURN servers. @default none */
  turn: v.exactOptional(secrets),
  /** Whether paired devices find each other on the local network by mDNS. @default true */
  discovery: v.exactOptional(v.boolean()),
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

/**
 * Settings in `settings.json`. With the password of a TURN server in it the file is a secret.
 * Throws what `DurableFile.load` throws.
 */
export class FileSettingsStore implements SettingsStore {
  readonly loaded: Loaded<Settings>;
  readonly #file: DurableFile<Settings>;
  #settings: Settings;

  constructor(options: StoreOptions) {
    this.#file = settingsFile(options, 'plain');
    this.loaded = this.#file.load();
    this.#settings = this.loaded.value;
    // It takes a look to know that nobody else may have one.
    if ((this.#settings.turn ?? []).length > 0) settingsFile(options, 'secret').load();
  }

  get(): Settings {
    return this.#settings;
  }

  save(settings: Settings): void {
    this.#file.save(settings);
    this.#settings = settings;
  }
}

function settingsFile(
  { folder, access, fileSystem }: StoreOptions,
  privacy: Privacy,
): DurableFile<Settings> {
  return new DurableFile<Settings>({
    path: join(folder, 'settings.json'),
    schema: SettingsSchema,
    encode: encodeSettings,
    empty: { rendezvous: [], stun: [] },
    privacy,
    access,
    fileSystem,
    words: {
      subject: 'Settings',
      recovered: 'Your devices are safe. The settings saved before are used.',
      lost: 'Your devices are safe.',
    },
  });
}

function encodeSettings({ turn, ...settings }: Settings): object {
  return turn === undefined ? settings : { ...settings, turn: turn.map(textOf) };
}

function textOf(secret: Secret): string {
  return Buffer.from(secret.reveal()).toString('utf8');
}
