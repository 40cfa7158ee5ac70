/**
 * The shell of a page in a browser: what the desktop app does by itself the browser does, or nobody
 * can.
 *
 * Invariant: it opens nothing on this computer.
 */
import type { CallTalk, ShellHandlers } from '../../shared/calls/api.ts';
import type { CallParams, ForwardView, PeerView } from '../../shared/contract.ts';
import { portholeError, toError } from '../../shared/errors.ts';
import { peerHostLabelAmong } from '../../shared/peer-host.ts';
import type { Preferences, ShellView } from '../../shared/shell-calls.ts';
import { systemClock } from '../../engine/system-clock.ts';
import { Alarm, feed } from '../feeds.ts';
import type { PreferenceStore } from '../preferences.ts';

export interface WebShellOptions {
  /** Of Porthole. */
  readonly version: string;
  readonly platform: NodeJS.Platform;
  readonly preferences: PreferenceStore;
  readonly forwards: () => readonly ForwardView[];
  readonly peers: () => readonly PeerView[];
}

export function webShellHandlers(options: WebShellOptions): ShellHandlers {
  const { preferences } = options;
  return {
    shell: (_params, talk) => shellFeed(talk, options),
    changePreferences: async (params) => {
      preferences.change(given(params));
      return {};
    },
    // Nothing but the page itself can wish for something here.
    wishes: async (_params, { signal }) => {
      await aborted(signal);
      throw toError(signal.reason);
    },
    openForward: async ({ local }) => ({ url: browserUrlOf(local, options) }),
    camera: async () => ({ access: 'ask-in-page' }),
    openSystemSettings: async () => notHere(),
    relaunch: async () => notHere(),
  };
}

/** What the shell is, at once and whenever the preferences change. */
async function shellFeed(talk: CallTalk<'shell'>, options: WebShellOptions): Promise<never> {
  const alarm = new Alarm(systemClock, talk.signal);
  alarm.ring();
  const stop = options.preferences.subscribe(() => alarm.ring());
  return await feed(talk, async () => {
    await alarm.wait();
    return viewOf(options);
  }).finally(stop);
}

function viewOf({ version, platform, preferences }: WebShellOptions): ShellView {
  return {
    kind: 'web',
    platform: PLATFORMS[platform] ?? 'linux',
    version,
    // The browser tells the page.
    languages: [],
    tray: 'none',
    login: 'unavailable',
    preferences: preferences.get(),
  };
}

const PLATFORMS: Partial<Record<NodeJS.Platform, ShellView['platform']>> = {
  darwin: 'macos',
  win32: 'windows',
};

/**
 * The forward at a local address as the browser should open it: each peer has a site of its own, so
 * that its pages get no cookies of another's. Throws E_FORWARD_UNKNOWN.
 */
function browserUrlOf(local: string, { forwards, peers }: WebShellOptions): string {
  const forward = forwards().find((view) => view.local === local);
  if (forward === undefined) throw portholeError('E_FORWARD_UNKNOWN', { forward: local });
  const { peer: id, peerName: name } = forward;
  const port = local.slice(local.lastIndexOf(':') + 1);
  return `http://${peerHostLabelAmong({ id, name }, peers())}.localhost:${port}/`;
}

/** Without what was named and left undefined. */
function given(params: CallParams<'changePreferences'>): Partial<Preferences> {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
}

function notHere(): never {
  throw portholeError('E_NOT_HERE');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
