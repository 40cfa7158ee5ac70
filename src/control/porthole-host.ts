/**
 * A process that keeps a data folder: its engine, its log, and the control socket through which
 * other commands reach it.
 *
 * Invariant: it holds the folder's lock from start to `close()`; when it cannot start, nothing of it
 * is left.
 */
import { hostname } from 'node:os';
import { Engine } from '../engine/engine.ts';
import type { Purpose } from '../engine/engine.ts';
import { openDataFolder } from '../engine/store/open-data-folder.ts';
import type { DataFolder } from '../engine/store/open-data-folder.ts';
import { turnServersGiven, turnServersOf } from '../engine/store/turn-servers.ts';
import type { TurnArguments } from '../engine/store/turn-servers.ts';
import type { EngineEvent } from '../shared/contract.ts';
import { toError } from '../shared/errors.ts';
import type { PortholeApi } from './api.ts';
import { entryOf } from './event-entry.ts';
import { ControlServer } from './control-server.ts';
import { handlersOf } from './handlers.ts';
import type { EventHub } from './handlers.ts';
import { localApi } from './local-api.ts';
import { LogBook } from './log-book.ts';

export interface PortholeHostOptions {
  readonly dataDir: string;
  readonly purpose: Purpose;
  /** Rendezvous servers besides those of the settings. */
  readonly rendezvous: readonly string[];
  /** STUN servers besides those of the settings. */
  readonly stun: readonly string[];
  /** TURN servers besides those of the settings. */
  readonly turn: TurnArguments;
  readonly version: string;
  readonly onEvent: (event: EngineEvent) => void;
}

class Hub implements EventHub {
  readonly #listeners = new Set<(event: EngineEvent) => void>();

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

type Closer = () => void | Promise<void>;

/** See the module header. */
export class PortholeHost {
  readonly api: PortholeApi;
  readonly #closers: readonly Closer[];

  private constructor(api: PortholeApi, closers: readonly Closer[]) {
    this.api = api;
    this.#closers = closers;
  }

  /**
   * Starts what the process is for. Rejects with E_DATA_DIR…, E_KEY_UNREADABLE, E_USAGE for a
   * malformed server, or what the system says.
   */
  static async start(options: PortholeHostOptions): Promise<PortholeHost> {
    const closers: Closer[] = [];
    try {
      const api = await openHost(options, closers);
      return new PortholeHost(api, closers);
    } catch (thrown) {
      // Why it cannot start matters more than what then fails to close.
      await closeAll(closers).catch(() => {});
      throw thrown;
    }
  }

  /** Ends everything; resolves when nothing of it is left. */
  async close(): Promise<void> {
    await closeAll(this.#closers);
  }
}

/** Adds to `closers` whatever it opens. */
async function openHost(options: PortholeHostOptions, closers: Closer[]): Promise<PortholeApi> {
  const data = openDataFolder(options.dataDir, 'write');
  closers.push(() => data.close());
  const log = LogBook.open(data.path);
  closers.push(() => log.close());
  const hub = new Hub();
  hub.subscribe((event) => {
    const { level, text, fields } = entryOf(event);
    log.add(level, text, fields);
  });
  hub.subscribe(options.onEvent);
  const engine = createEngine(data, options, hub);
  closers.push(() => engine.close());
  for (const text of data.notices) hub.emit({ kind: 'notice', level: 'warn', code: '', text });
  const { version, purpose } = options;
  const handlers = handlersOf({ engine, events: hub, log, version });
  const server = await ControlServer.listen({
    dataDir: data.path,
    handlers,
    role: purpose === 'keep' ? 'daemon' : 'command',
    onFault: ({ message }) => log.add('error', message),
  });
  closers.push(() => server.close());
  await engine.start();
  return localApi(handlers);
}

function createEngine(data: DataFolder, options: PortholeHostOptions, hub: Hub): Engine {
  const settings = data.settings.get();
  return new Engine({
    data,
    purpose: options.purpose,
    deviceName: settings.deviceName ?? hostname(),
    rendezvous: unique([...options.rendezvous, ...settings.rendezvous]),
    stun: unique([...options.stun, ...settings.stun]),
    turn: [...turnServersGiven(options.turn), ...turnServersOf(settings.turn ?? [])],
    emit: (event) => hub.emit(event),
  });
}

/** The last opened first, all of them; throws what the first that failed threw. */
async function closeAll(closers: readonly Closer[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers.toReversed()) {
    try {
      await close();
    } catch (thrown) {
      failures.push(thrown);
    }
  }
  if (failures.length > 0) throw toError(failures[0]);
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
