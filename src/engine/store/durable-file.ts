/**
 * One JSON file with a schema and a version, which survives a crash, a full disk and damage.
 *
 * Invariant: what was saved last, or else the version before it, can be read at every instant; a
 * damaged file is set aside, never overwritten unseen; what is written can be read again. No text
 * of the file gets into an error, since it can hold keys.
 */
import { basename } from 'node:path';
import * as v from 'valibot';
import { portholeError } from '../../shared/errors.ts';
import type { FileSystem } from './file-system.ts';
import { removeIfThere } from './file-system.ts';
import { parseJson } from './json.ts';
import type { FileReading, Previous, Privacy } from './private-file.ts';
import { readPrivateFile, replacePrivateFile, unwritable } from './private-file.ts';

/** Whether this process may change the folder. */
export type Access = 'read' | 'write';

export interface DurableFileOptions<T> {
  /** Ends in `.json`. */
  readonly path: string;
  /** Of the file without its version. */
  readonly schema: v.GenericSchema<unknown, T>;
  /** The value as the schema reads it. */
  readonly encode: (value: T) => object;
  /** The value while there is no file. */
  readonly empty: T;
  readonly privacy: Privacy;
  readonly access: Access;
  readonly words: DamageWords;
  readonly fileSystem: FileSystem;
}

/** What a person reads when the file is damaged. */
interface DamageWords {
  /** Plural, begins a sentence. */
  readonly subject: string;
  /** Sentences to add when the version before could be read… */
  readonly recovered: string;
  /** …and when it could not. */
  readonly lost: string;
}

export type Loaded<T> =
  | { readonly kind: 'loaded' | 'empty'; readonly value: T }
  /** `recovered`: the version before; `lost`: `empty`, for no version could be read. */
  | { readonly kind: 'recovered' | 'lost'; readonly value: T; readonly notice: string };

type Version<T> =
  | { readonly kind: 'missing' }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'good'; readonly value: T };

const VERSION = 1;

export class DurableFile<T> {
  readonly #options: DurableFileOptions<T>;

  constructor(options: DurableFileOptions<T>) {
    this.#options = options;
  }

  /**
   * Reads the file, or the version before it, and with write access mends what it finds damaged.
   * Throws `E_DATA_VERSION`, `E_DATA_FILE`, `E_DATA_DIR_OPEN`; `E_DATA_DIR` when mending fails.
   */
  load(): Loaded<T> {
    const { path, empty } = this.#options;
    const current = this.#read(path);
    if (current.kind === 'good') return { kind: 'loaded', value: current.value };
    const last = this.#read(`${path}.last`);
    if (current.kind === 'missing' && last.kind === 'missing') {
      return { kind: 'empty', value: empty };
    }
    if (current.kind === 'damaged') this.#setAside(path);
    if (last.kind !== 'good') return { kind: 'lost', value: empty, notice: this.#notice('lost') };
    if (this.#options.access === 'write') this.#write(last.value, 'drop');
    return { kind: 'recovered', value: last.value, notice: this.#notice('recovered') };
  }

  /** Replaces the value and keeps the one before as `NAME.last`. Throws `E_DATA_DIR`. */
  save(value: T): void {
    this.#write(value, 'keep');
  }

  /**
   * Replaces the value and leaves nothing of the one before, so that damage cannot bring back what
   * was revoked. Throws `E_DATA_DIR`.
   */
  saveOver(value: T): void {
    this.#removeLast();
    this.#write(value, 'drop');
    try {
      this.#write(value, 'keep');
    } catch {
      // It is saved; only the second copy is missing until the next time.
    }
  }

  #write(value: T, previous: Previous): void {
    const { path, encode, access, fileSystem } = this.#options;
    if (access === 'read') throw internal(path, 'was opened for reading');
    const content = { version: VERSION, ...encode(value) };
    if (!v.is(this.#options.schema, content)) throw internal(path, 'could not be read again');
    const bytes = Buffer.from(`${JSON.stringify(content, null, 2)}\n`);
    replacePrivateFile(fileSystem, path, { bytes, previous });
  }

  #read(path: string): Version<T> {
    const { fileSystem, privacy, schema } = this.#options;
    const content = jsonOf(readPrivateFile(fileSystem, path, privacy), path);
    if (content === MISSING) return { kind: 'missing' };
    refuseNewer(content, path);
    const parsed = v.safeParse(schema, content);
    return parsed.success ? { kind: 'good', value: parsed.output } : { kind: 'damaged' };
  }

  #setAside(path: string): void {
    if (this.#options.access === 'read') return;
    try {
      this.#options.fileSystem.renameSync(path, brokenPath(path));
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  #removeLast(): void {
    const { path, access, fileSystem } = this.#options;
    if (access === 'read') throw internal(path, 'was opened for reading');
    try {
      removeIfThere(fileSystem, `${path}.last`);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  #notice(outcome: 'recovered' | 'lost'): string {
    const { path, access, words } = this.#options;
    const aside = access === 'write' ? ` and were set aside as ${basename(brokenPath(path))}` : '';
    return `${words.subject} could not be read${aside}. ${words[outcome]}`;
  }
}

const MISSING = Symbol('missing');

/** The content as JSON gives it; `undefined`, which no JSON is, when it is damaged. */
function jsonOf(reading: FileReading, path: string): unknown {
  switch (reading.kind) {
    case 'missing':
      return MISSING;
    case 'too-large':
      return undefined;
    case 'unreadable':
      throw portholeError('E_DATA_FILE', { path, reason: reading.reason });
    case 'bytes':
      return parseJson(reading.bytes);
  }
}

function refuseNewer(content: unknown, path: string): void {
  const version = v.safeParse(v.object({ version: v.number() }), content);
  if (version.success && version.output.version > VERSION) {
    throw portholeError('E_DATA_VERSION', { path });
  }
}

function brokenPath(path: string): string {
  return path.replace(/\.json$/, '.broken.json');
}

function internal(path: string, what: string): Error {
  return portholeError('E_INTERNAL', { reason: `${basename(path)} ${what}` });
}
