/** Answers the calls of the contract with an engine: the one place where the two meet. */
import type { Engine } from '../engine/engine.ts';
import type { ShareView, StatusView } from '../shared/contract.ts';
import { systemClock } from '../engine/system-clock.ts';
import { toError } from '../shared/errors.ts';
import type { EngineHandlers } from '../shared/calls/api.ts';
import type { EventHub } from './feeds.ts';
import { activityFeed, metricsFeed, watchFeed } from './feeds.ts';
import { diagnosticsOf } from './diagnostics.ts';
import type { LogBook } from './log-book.ts';
import type { SettingsDesk } from './settings-desk.ts';

export interface HandlersOptions {
  readonly engine: Engine;
  readonly events: EventHub;
  readonly log: LogBook;
  readonly settings: SettingsDesk;
  /** Of devices and shares that were heard of since this process started. */
  readonly names: () => ReadonlySet<string>;
  /** Of Porthole. */
  readonly version: string;
  /** Where the page of this Porthole is, with its token; null while there is none. */
  readonly uiUrl: () => string | null;
}

/** See the module header. */
export function handlersOf(options: HandlersOptions): EngineHandlers {
  return { ...engineHandlers(options), ...feedHandlers(options), ...settingsHandlers(options) };
}

/** What a person does goes into the log, whichever shell they do it in. */
function engineHandlers({ engine, log }: HandlersOptions) {
  const told = <T>(result: T, sentence: (result: T) => string): T => {
    log.add('info', sentence(result));
    return result;
  };
  return {
    share: async (params) =>
      told(await engine.share(params), ({ name, target }) => `"${name}" (${target}) is shared.`),
    unshare: async (params) =>
      told(
        engine.unshare(params),
        ({ name, target }) => `"${name}" (${target}) is not shared any more.`,
      ),
    grant: async (params) =>
      told(engine.grant(params), ({ peer, share }) => `${peer.name} may use "${share.name}".`),
    revoke: async (params) =>
      told(
        engine.revoke(params),
        ({ peer, share }) => `${peer.name} may not use "${share.name}" any more.`,
      ),
    forget: async (params) => told(engine.forget(params), ({ name }) => `"${name}" was removed.`),
    connect: (params) => engine.connect(params),
    disconnect: async (params) => engine.disconnect(params),
    invite: (params, talk) => engine.invite(params, talk),
    join: (params, talk) => engine.join(params, talk),
    pause: async (params) => {
      told(engine.pause(params), (share) => `${nameOf(share)} is paused.`);
      return {};
    },
    resume: async (params) => {
      told(engine.resume(params), (share) => `${nameOf(share)} goes on.`);
      return {};
    },
    reconnect: async (params) => engine.reconnect(params),
    rename: async (params) => engine.rename(params),
    listening: async () => ({ ports: await engine.listening() }),
  } satisfies Partial<EngineHandlers>;
}

function nameOf(share: ShareView | undefined): string {
  return share === undefined ? 'Sharing' : `"${share.name}"`;
}

function feedHandlers(options: HandlersOptions) {
  const { engine, events, log } = options;
  const told = { recent: () => log.recent(), subscribe: log.subscribe.bind(log) };
  return {
    status: async () => statusOf(options),
    follow: async (_params, talk) => {
      const stop = events.subscribe((event) => talk.emit(event));
      return await untilAborted(talk.signal, stop);
    },
    logs: async ({ until }, talk) => {
      for (const entry of log.recent()) talk.emit(entry);
      if (until === 'now') return {};
      const stop = log.subscribe((entry) => talk.emit(entry));
      return await untilAborted(talk.signal, stop);
    },
    watch: (_params, talk) =>
      watchFeed(talk, { look: () => statusOf(options), changes: events, clock: systemClock }),
    metrics: (_params, talk) => metricsFeed(talk, () => engine.metrics(), systemClock),
    activity: (_params, talk) => activityFeed(talk, told, systemClock),
  } satisfies Partial<EngineHandlers>;
}

function settingsHandlers(options: HandlersOptions) {
  const { settings, log, names } = options;
  return {
    settings: async () => settings.view(),
    changeSettings: async (change) => settings.change(change),
    backup: async ({ passphrase }) => {
      const backup = await settings.backup(passphrase);
      log.add('warn', 'A backup of the identity of this computer was made.');
      return backup;
    },
    diagnostics: async () => ({
      text: diagnosticsOf({
        status: statusOf(options),
        settings: settings.view(),
        entries: log.recent(),
        names: names(),
      }),
    }),
    ui: async () => ({ url: options.uiUrl() }),
  } satisfies Partial<EngineHandlers>;
}

function statusOf({ engine, version }: HandlersOptions): StatusView {
  return {
    pid: process.pid,
    version,
    device: engine.device,
    deviceName: engine.deviceName,
    connections: engine.connections,
    sharing: engine.sharing,
    network: engine.network,
    rendezvous: engine.rendezvous(),
    shares: engine.shares(),
    forwards: engine.forwards(),
    peers: engine.peers(),
  };
}

/** Never resolves: the caller has enough when it aborts. */
function untilAborted(signal: AbortSignal, stop: () => void): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => {
      stop();
      reject(toError(signal.reason));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
