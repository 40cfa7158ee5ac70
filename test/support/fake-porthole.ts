/**
 * A Porthole without an engine, for the page: it answers every call of the contract, keeps what it is
 * told, and can be put into every state by the test that owns it.
 *
 * Invariant: what it answers fits the contract (CallServer and localApi check it); `calls` has every
 * call that is no feed, in order.
 */
import { EventEmitter } from 'node:events';
import { activityFeed, metricsFeed, watchFeed } from '../../src/control/feeds.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import { localApi } from '../../src/shared/calls/local-api.ts';
import type { CallHandlers, CallTalk, PortholeApi } from '../../src/shared/calls/api.ts';
import type {
  CallName,
  CallParams,
  EngineEvent,
  ListeningPort,
  LogEntry,
  MetricsSample,
  PeerView,
  SettingsView,
  ShareView,
  StatusView,
} from '../../src/shared/contract.ts';
import { portholeError } from '../../src/shared/errors.ts';
import type { PortholeError } from '../../src/shared/errors.ts';
import type { ShellView, Wish } from '../../src/shared/shell-calls.ts';
import { FakePairing } from './fake-pairing.ts';
import { fakeMetrics } from './fake-metrics.ts';
import { EMPTY_STATUS, USUAL_SETTINGS, WEB_SHELL, wholeId } from './fake-views.ts';

export interface FakeCall {
  readonly name: CallName;
  readonly params: unknown;
}

type Signal = 'status' | 'shell' | 'log';

/** The feed looks at the state itself, whatever has happened. */
const NOTHING: EngineEvent = { kind: 'notice', level: 'info', code: '', text: '' };

export class FakePorthole {
  status: StatusView = EMPTY_STATUS;
  shell: ShellView = WEB_SHELL;
  settings: SettingsView = USUAL_SETTINGS;
  listening: readonly ListeningPort[] = [];
  diagnostics = 'Porthole 2.0.0\nlinux x64\n1 share, 1 device\n';
  /** Where `openForward` says to go; null when the shell opens it. */
  openUrl: string | null = null;
  readonly calls: FakeCall[] = [];
  readonly pairing = new FakePairing();
  readonly handlers: CallHandlers<CallName>;
  readonly api: PortholeApi<CallName>;
  readonly #changed = new EventEmitter().setMaxListeners(0);
  readonly #failures = new Map<CallName, PortholeError>();
  readonly #log: LogEntry[] = [];
  readonly #wishes: Wish[] = [];
  #nextId = 1;

  constructor() {
    this.handlers = this.#recorded({ ...this.#feeds(), ...this.#engineCalls(), ...this.#rest() });
    this.api = localApi(this.handlers);
  }

  /** Changes what there is; every page is told. */
  setStatus(change: Partial<StatusView>): void {
    this.status = { ...this.status, ...change };
    this.#changed.emit('status');
  }

  setPeer(id: string, change: Partial<PeerView>): void {
    this.setStatus({ peers: withChange(this.status.peers, id, change) });
  }

  setShare(id: string, change: Partial<ShareView>): void {
    this.setStatus({ shares: withChange(this.status.shares, id, change) });
  }

  setShell(change: Partial<ShellView>): void {
    this.shell = { ...this.shell, ...change };
    this.#changed.emit('shell');
  }

  wish(wish: Wish): void {
    this.#wishes.push(wish);
    this.#changed.emit('shell');
  }

  log(...entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      this.#log.push(entry);
      this.#changed.emit('log', entry);
    }
  }

  /** The next call of this name fails, once. */
  failNext(name: CallName, error: PortholeError): void {
    this.#failures.set(name, error);
  }

  callsOf(name: CallName): unknown[] {
    return this.calls.filter((call) => call.name === name).map(({ params }) => params);
  }

  #on(signal: Signal, listener: (value: never) => void): () => void {
    this.#changed.on(signal, listener as (value: unknown) => void);
    return () => this.#changed.off(signal, listener as (value: unknown) => void);
  }

  #recorded(handlers: CallHandlers<CallName>): CallHandlers<CallName> {
    const names = Object.keys(handlers) as CallName[];
    const entries = names.map((name) => {
      const handler = handlers[name] as (params: never, talk: never) => Promise<never>;
      const recorded = async (params: never, talk: never): Promise<never> => {
        if (!FEEDS.has(name)) this.calls.push({ name, params });
        const failure = this.#failures.get(name);
        this.#failures.delete(name);
        if (failure !== undefined) throw failure;
        return await handler(params, talk);
      };
      return [name, recorded];
    });
    return Object.fromEntries(entries) as CallHandlers<CallName>;
  }

  #feeds(): Pick<CallHandlers<CallName>, 'watch' | 'metrics' | 'activity' | 'shell' | 'wishes'> {
    return {
      watch: (_params, talk) =>
        watchFeed(talk, {
          look: () => this.status,
          changes: { subscribe: (listener) => this.#on('status', () => listener(NOTHING)) },
          clock: systemClock,
        }),
      metrics: (_params, talk) => metricsFeed(talk, () => this.sample(), systemClock),
      activity: (_params, talk) =>
        activityFeed(
          talk,
          { recent: () => this.#log, subscribe: (listener) => this.#on('log', listener) },
          systemClock,
        ),
      shell: async (_params, talk) => {
        for (;;) {
          const told = this.shell;
          talk.emit(told);
          await talk.nextInput();
          while (this.shell === told) await this.#shellChange(talk.signal);
        }
      },
      wishes: async (_params, talk) => {
        for (;;) {
          const wish = this.#wishes.shift();
          if (wish === undefined) {
            await this.#shellChange(talk.signal);
            continue;
          }
          talk.emit(wish);
          await talk.nextInput();
        }
      },
    };
  }

  /** Counters that grow; a test may put its own in place. */
  sample: () => MetricsSample = () => fakeMetrics(this.status, performance.now());

  #shellChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = this.#on('shell', () => {
        stop();
        resolve();
      });
      signal.addEventListener('abort', () => {
        stop();
        reject(new Error('gone'));
      });
    });
  }

  #engineCalls(): Pick<CallHandlers<CallName>, EngineName> {
    return {
      status: async () => this.status,
      share: async (params) => this.#share(params),
      unshare: async ({ share }) => {
        const found = this.#shareOf(share);
        this.setStatus({ shares: this.status.shares.filter(({ id }) => id !== found.id) });
        return found;
      },
      grant: async ({ peer, share }) => this.#access(peer, share, 'grant'),
      revoke: async ({ peer, share }) => this.#access(peer, share, 'revoke'),
      forget: async ({ peer }) => {
        const found = this.#peerOf(peer);
        this.setStatus({ peers: this.status.peers.filter(({ id }) => id !== found.id) });
        return found;
      },
      connect: async ({ peer, share, localPort }) => {
        const found = this.status.forwards.find(
          (each) => each.peer === peer && each.share === share,
        );
        if (found === undefined) throw portholeError('E_SHARE_UNKNOWN', { share });
        const local = localPort === null ? found.local : `127.0.0.1:${localPort}`;
        const moved = { ...found, local, why: 'asked-for' as const };
        this.setStatus({
          forwards: this.status.forwards.map((each) => (each === found ? moved : each)),
        });
        return moved;
      },
      disconnect: async ({ forward }) => {
        const found = this.status.forwards.find(({ local }) => local === forward);
        if (found === undefined) throw portholeError('E_FORWARD_UNKNOWN', { forward });
        this.setStatus({ forwards: this.status.forwards.filter((each) => each !== found) });
        return found;
      },
      pause: async ({ share }) => this.#pause(share, 'paused'),
      resume: async ({ share }) => this.#pause(share, 'on'),
      reconnect: async ({ peer }) => this.#peerOf(peer),
      rename: async ({ peer, name }) => {
        this.setPeer(peer, { name });
        return this.#peerOf(peer);
      },
    };
  }

  #rest(): Omit<CallHandlers<CallName>, EngineName | FeedName> {
    return {
      invite: (params, talk) => this.pairing.invite(params, talk),
      join: (params, talk) => this.pairing.join(params, talk),
      follow: (_params, talk: CallTalk<'follow'>) => untilGone(talk.signal),
      logs: (_params, talk) => untilGone(talk.signal),
      listening: async () => ({ ports: [...this.listening] }),
      settings: async () => this.settings,
      changeSettings: async (change) => (this.settings = { ...this.settings, ...change }),
      backup: async () => ({ backup: 'PORTHOLE BACKUP' }),
      diagnostics: async () => ({ text: this.diagnostics }),
      ui: async () => ({ url: null }),
      changePreferences: async (change) => {
        const defined = Object.fromEntries(
          Object.entries(change).filter(([, value]) => value !== undefined),
        );
        this.setShell({ preferences: { ...this.shell.preferences, ...defined } });
        return {};
      },
      openForward: async () => ({ url: this.openUrl }),
      camera: async () => ({ access: 'ask-in-page' }),
      openSystemSettings: async () => ({}),
      relaunch: async () => ({}),
    };
  }

  #share({ target, name, peers }: CallParams<'share'>): ShareView {
    const number = this.#nextId++;
    const share: ShareView = {
      id: number.toString(16).padStart(32, '0'),
      name: name ?? target,
      target: target.includes(':') ? target : `127.0.0.1:${target}`,
      access:
        peers.length === 0
          ? { kind: 'everyone', except: [] }
          : { kind: 'chosen', peers: peers.map(wholeId) },
      health: 'up',
      state: 'live',
      connections: 0,
    };
    this.setStatus({ shares: [...this.status.shares, share] });
    this.listening = this.listening.map((each) =>
      share.target.endsWith(`:${each.port}`) ? { ...each, share: share.id } : each,
    );
    return share;
  }

  #access(
    peer: string,
    share: string,
    change: 'grant' | 'revoke',
  ): { peer: PeerView; share: ShareView } {
    const { id, access } = this.#shareOf(share);
    const device = wholeId(peer);
    const without = (ids: readonly string[]): string[] => ids.filter((each) => each !== device);
    const isGrant = change === 'grant';
    const next =
      access.kind === 'everyone'
        ? { ...access, except: isGrant ? without(access.except) : [...access.except, device] }
        : { ...access, peers: isGrant ? [...access.peers, device] : without(access.peers) };
    this.setShare(id, { access: next });
    return { peer: this.#peerOf(peer), share: this.#shareOf(id) };
  }

  #pause(share: string | null, sharing: 'on' | 'paused'): Record<string, never> {
    if (share === null) this.setStatus({ sharing });
    else this.setShare(share, { state: sharing === 'on' ? 'live' : 'paused' });
    return {};
  }

  #shareOf(share: string): ShareView {
    const found = this.status.shares.find(({ id, name }) => id === share || name === share);
    if (found === undefined) throw portholeError('E_SHARE_UNKNOWN', { share });
    return found;
  }

  #peerOf(peer: string): PeerView {
    const found = this.status.peers.find(({ id }) => id === peer);
    if (found === undefined) throw portholeError('E_PEER_UNKNOWN', { peer });
    return found;
  }
}

type FeedName = 'watch' | 'metrics' | 'activity' | 'shell' | 'wishes';
type EngineName =
  | 'status'
  | 'share'
  | 'unshare'
  | 'grant'
  | 'revoke'
  | 'forget'
  | 'connect'
  | 'disconnect'
  | 'pause'
  | 'resume'
  | 'reconnect'
  | 'rename';

const FEEDS: ReadonlySet<CallName> = new Set(['watch', 'metrics', 'activity', 'shell', 'wishes']);

function untilGone(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('gone')), { once: true });
  });
}

function withChange<T extends { readonly id: string }>(
  items: readonly T[],
  id: string,
  change: Partial<T>,
): T[] {
  return items.map((item) => (item.id === id ? { ...item, ...change } : item));
}
