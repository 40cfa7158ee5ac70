/**
 * What happened lately, for `porthole logs`: a ring in memory, and `<data folder>/logs/porthole.log`,
 * one JSON object a line, put aside when it is full.
 *
 * Invariant: whatever is added is redacted and made printable before it is kept, written or told. A
 * disk that fails or stalls costs lines in the file and nothing else.
 */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { createStream } from 'rotating-file-stream';
import type { RotatingFileStream } from 'rotating-file-stream';
import type { LogEntry } from '../shared/contract.ts';
import {
  LOG_ENTRIES_MAX,
  LOG_FILE_BYTES,
  LOG_FILES_KEPT,
  LOG_TEXT_CHARS_MAX,
  LOG_WAITING_BYTES_MAX,
} from '../shared/limits.ts';
import { printable } from '../shared/printable.ts';
import { redact } from './redact.ts';

const FOLDER = 'logs';
const NAME = 'porthole.log';
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

type FileState = 'open' | 'failed' | 'closed';

export class LogBook {
  readonly #stream: RotatingFileStream;
  readonly #logger: Logger;
  #file: FileState = 'open';
  readonly #ring: LogEntry[] = [];
  readonly #listeners = new Set<(entry: LogEntry) => void>();

  private constructor(folder: string) {
    this.#stream = createStream(fileName, {
      path: folder,
      size: `${LOG_FILE_BYTES}B`,
      rotate: LOG_FILES_KEPT,
      mode: PRIVATE_FILE,
    });
    this.#stream.on('error', () => this.#onFileLost());
    // A file that could not be put aside is tried again at the next line.
    this.#stream.on('warning', () => undefined);
    this.#logger = loggerTo(this.#stream);
  }

  /** Makes the folder `logs` in `dataDir`; throws the system's error when it cannot. */
  static open(dataDir: string): LogBook {
    const folder = join(dataDir, FOLDER);
    mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
    chmodSync(folder, PRIVATE_FOLDER);
    return new LogBook(folder);
  }

  /** `fields` go into the file only. */
  add(level: LogEntry['level'], text: string, fields: LogFields = {}): void {
    const entry: LogEntry = { at: new Date().toISOString(), level, text: clean(text) };
    this.#ring.push(entry);
    if (this.#ring.length > LOG_ENTRIES_MAX) this.#ring.shift();
    this.#write(entry, fields);
    for (const listener of this.#listeners) listener(entry);
  }

  /** The last LOG_ENTRIES_MAX entries, oldest first. */
  recent(): readonly LogEntry[] {
    return [...this.#ring];
  }

  /** Tells `listener` of every entry from now on, until the function returned is called. */
  subscribe(listener: (entry: LogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the file has all lines, or never will. */
  async close(): Promise<void> {
    if (this.#file !== 'open') return;
    this.#file = 'closed';
    await new Promise<void>((resolve) => {
      this.#stream.once('close', resolve);
      this.#stream.once('error', () => resolve());
      this.#stream.end();
    });
  }

  #write({ at, level, text }: LogEntry, fields: LogFields): void {
    if (this.#file !== 'open' || this.#stream.writableLength > LOG_WAITING_BYTES_MAX) return;
    this.#logger[level]({ at, fields: cleanFields(fields) }, text);
  }

  #onFileLost(): void {
    if (this.#file !== 'open') return;
    this.#file = 'failed';
    this.#stream.destroy();
    this.add('error', 'The log file cannot be written any more. Is the disk full?');
  }
}

/** `porthole.log`, and `porthole.1.log` for the one put aside last. */
function fileName(time: number | Date | null, _index?: number): string {
  return typeof time === 'number' ? `porthole.${time}.log` : NAME;
}

function loggerTo(stream: RotatingFileStream): Logger {
  return pino(
    {
      base: null,
      timestamp: false,
      messageKey: 'text',
      formatters: { level: (level) => ({ level }) },
    },
    stream,
  );
}

/**
 * Redacted with its line ends and without them, for a secret can be in several pieces; and before it
 * is cut, for half a secret does not look like one.
 */
function clean(text: string): string {
  return printable(redact(printable(redact(text))).slice(0, LOG_TEXT_CHARS_MAX));
}

function cleanFields(fields: LogFields): LogFields {
  const entries = Object.entries(fields);
  return Object.fromEntries(
    entries.map(([name, value]) => [clean(name), typeof value === 'string' ? clean(value) : value]),
  );
}
