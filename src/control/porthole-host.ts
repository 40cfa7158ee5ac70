/**
 * A process that keeps a data folder: its engine, its log, the control socket through which other
 * commands reach it, and the web UI where it was asked for.
 *
 * Invariant: it holds the folder's lock from start to `close()`; when it cannot start, nothing of it
 * is left.
 */
import { hostname } from 'node:os';
import { Engine } from '../engine/engine.ts';
import { systemClock } from '../engine/system-clock.ts';
import type { Purpose } from '../engine/engine.ts';
import { openDataFolder } from '../engine/store/open-data-folder.ts';
import type { DataFolder } from '../engine/store/open-data-folder.ts';
import type { SecretStore } from '../engine/store/secret-store.ts';
import { turnServersGiven, turnServersOf } from '../engine/store/turn-servers.ts';
import type { TurnArguments } from '../engine/store/turn-servers.ts';
import type { EngineEvent } from '../shared/contract.ts';
import { toError } from '../shared/errors.ts';
import type { PortholeError } from '../shared/errors.ts';
import type { EngineHandlers, PortholeApi } from '../shared/calls/api.ts';
import { entryOf } from './event-entry.ts';
import { ControlServer } from './control-server.ts';
import { handlersOf } from './handlers.ts';
import type { EventHub } from './feeds.ts';
import { localApi } from '../shared/calls/local-api.ts';
import { LogBook } from './log-book.ts';
import { NamesHeard } from './names-heard.ts';
import { openPreferences } from './preferences.ts';
import { SettingsDesk } from './settings-desk.ts';
import { webShellHandlers } from './web-ui/web-shell.ts';
import { WebUi } from './web-ui/web-ui.ts';

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
  /** @default no web UI */
  readonly webUi?: WebUiWish;
  readonly onEvent: (event: EngineEvent) => void;
  /** Where the key of this computer is kept. @default a file in the data folder */
  readonly secrets?: SecretStore;
  /** Sees every call, whoever makes it. @default nobody does */
  readonly overhear?: (handlers: EngineHandlers) => EngineHandlers;
}

/** What a host has once it runs. */
interface Opened {
  readonly engine: Engine;
  readonly handlers: EngineHandlers;
  readonly log: LogBook;
}

/** A page for browsers of this computer. */
interface WebUiWish {
  /** Where its files are. */
  readonly folder: string;
  /** Null for the one of last time, or any. */
  readonly port: number | null;
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

  warn(text: string): void {
    this.emit({ kind: 'notice', level: 'warn', code: '', text });
  }
}

type Closer = () => void | Promise<void>;

/** See the module header. */
export class PortholeHost {
  readonly api: PortholeApi;
  /** What answers `api`, for other ways to this process. */
  readonly handlers: EngineHandlers;
  readonly log: LogBook;
  readonly #engine: Engine;
  readonly #closers: readonly Closer[];

  private constructor({ engine, handlers, log }: Opened, closers: readonly Closer[]) {
    this.api = localApi(handlers);
    this.handlers = handlers;
    this.log = log;
    this.#engine = engine;
    this.#closers = closers;
  }

  /**
   * Starts what the process is for. Rejects with E_DATA_DIR…, E_KEY_UNREADABLE, E_USAGE for a
   * malformed server, or what the system says.
   */
  static async start(options: PortholeHostOptions): Promise<PortholeHost> {
    const closers: Closer[] = [];
    try {
      return new PortholeHost(await openHost(options, closers), closers);
    } catch (thrown) {
      // Why it cannot start matters more than what then fails to close.
      await closeAll(closers).catch(() => {});
      throw thrown;
    }
  }

  /** The system says that it woke up, or that its network is another one. */
  nudge(): void {
    this.#engine.onResume();
  }

  /** Ends everything; resolves when nothing of it is left. */
  async close(): Promise<void> {
    await closeAll(this.#closers);
  }
}

/** Adds to `closers` whatever it opens. */
async function openHost(options: PortholeHostOptions, closers: Closer[]): Promise<Opened> {
  const { dataDir, secrets } = options;
  const data = openDataFolder(dataDir, 'write', secrets === undefined ? {} : { secrets });
  closers.push(() => data.close());
  const log = LogBook.open(data.path);
  closers.push(() => log.close());
  const hub = new Hub();
  hub.subscribe((event) => {
    const { level, text, fields } = entryOf(event);
    log.add(level, text, fields);
  });
  hub.subscribe(options.onEvent);
  let ui: WebUi | undefined;
  const ownPorts = (): ReadonlySet<number> => new Set(ui === undefined ? [] : [ui.port]);
  const engine = createEngine({ data, options, hub, ownPorts });
  closers.push(() => engine.close());
  for (const text of data.notices) hub.warn(text);
  const { version, purpose } = options;
  const settings = new SettingsDesk(data, engine);
  const uiUrl = (): string | null => ui?.url ?? null;
  const heard = new NamesHeard(data);
  hub.subscribe((event) => heard.onEvent(event));
  const names = (): ReadonlySet<string> => heard.names;
  const answering = handlersOf({ engine, events: hub, log, settings, names, version, uiUrl });
  const handlers = options.overhear?.(answering) ?? answering;
  const onFault = ({ message }: PortholeError): void => log.add('error', message);
  const server = await ControlServer.listen({
    dataDir: data.path,
    handlers,
    role: purpose === 'keep' ? 'daemon' : 'command',
    onFault,
  });
  closers.push(() => server.close());
  // Before the engine starts: what it shares must not lead there.
  ui = await openWebUi(options, { data, hub, engine, handlers, onFault });
  closers.push(async () => ui?.close());
  await engine.start();
  settings.started();
  return { engine, handlers, log };
}

const NO_PAGE =
  'There is no web UI: its page is not part of this build. Everything else works. (npm run build makes it.)';

interface WebUiParts {
  readonly data: DataFolder;
  readonly hub: Hub;
  readonly engine: Engine;
  readonly handlers: EngineHandlers;
  readonly onFault: (error: PortholeError) => void;
}

/** `undefined` when none was asked for, or its page was not built. */
async function openWebUi(
  { webUi, version }: PortholeHostOptions,
  { data, hub, engine, handlers, onFault }: WebUiParts,
): Promise<WebUi | undefined> {
  if (webUi === undefined) return undefined;
  const preferences = openPreferences(data.path);
  if (preferences.notice !== undefined) hub.warn(preferences.notice);
  const shell = webShellHandlers({
    version,
    platform: process.platform,
    preferences,
    forwards: () => engine.forwards(),
    peers: () => engine.peers(),
  });
  const ui = await WebUi.open({
    dataDir: data.path,
    folder: webUi.folder,
    port: webUi.port,
    handlers: { ...handlers, ...shell },
    clock: systemClock,
    onFault,
  });
  if (ui === undefined) hub.warn(NO_PAGE);
  return ui;
}

interface EngineParts {
  readonly data: DataFolder;
  readonly options: PortholeHostOptions;
  readonly hub: Hub;
  readonly ownPorts: () => ReadonlySet<number>;
}

function createEngine({ data, options, hub, ownPorts }: EngineParts): Engine {
  const settings = data.settings.get();
  return new Engine({
    data,
    purpose: options.purpose,
    deviceName: settings.deviceName ?? hostname(),
    rendezvous: unique([...options.rendezvous, ...settings.rendezvous]),
    stun: unique([...options.stun, ...settings.stun]),
    turn: [...turnServersGiven(options.turn), ...turnServersOf(settings.turn ?? [])],
    emit: (event) => hub.emit(event),
    ownPorts,
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
