/**
 * Answers the calls of a page to its shell.
 *
 * Invariant: what a page names is looked up here; no URL, path or command comes from it.
 */
import type { ShellHandlers } from '../shared/calls/api.ts';
import type { CallParams, CallResult, StatusView } from '../shared/contract.ts';
import type { Desktop } from './desktop/desktop.ts';
import { urlsOfForward } from './open-forward.ts';
import type { ShellState } from './shell-state.ts';
import { systemSettingsUrl } from './system-settings.ts';
import type { WishBox } from './wish-box.ts';

export interface ShellHandlersOptions {
  readonly desktop: Pick<Desktop, 'platform' | 'camera' | 'openExternal'>;
  readonly state: ShellState;
  readonly wishes: WishBox;
  status(): Promise<StatusView>;
  changePreferences(change: CallParams<'changePreferences'>): void;
  /** Ends this process and starts the app again. */
  relaunch(): void;
  /** Whether the system knows a host name. */
  knowsHost(name: string): Promise<boolean>;
}

export function shellHandlersOf(options: ShellHandlersOptions): ShellHandlers {
  const { desktop, state, wishes } = options;
  return {
    shell: (_params, talk) => state.feed(talk),
    wishes: (_params, talk) => wishes.feed(talk),
    changePreferences: async (change) => {
      options.changePreferences(change);
      return {};
    },
    openForward: async ({ local }) => {
      await desktop.openExternal(await forwardUrl(options, local));
      return { url: null };
    },
    camera: () => askForCamera(desktop),
    openSystemSettings: async ({ about }) => {
      await desktop.openExternal(systemSettingsUrl(desktop.platform, about));
      return {};
    },
    relaunch: async () => {
      options.relaunch();
      return {};
    },
  };
}

/** Chromium and Firefox know `*.localhost` themselves; Safari asks the system, which may not. */
async function forwardUrl(options: ShellHandlersOptions, local: string): Promise<string> {
  const { named, namedHost, plain } = urlsOfForward(local, await options.status());
  if (options.desktop.platform !== 'macos') return named;
  return (await options.knowsHost(namedHost)) ? named : plain;
}

/** macOS asks the person for the app; elsewhere the page's own request is what counts. */
async function askForCamera({
  platform,
  camera,
}: ShellHandlersOptions['desktop']): Promise<CallResult<'camera'>> {
  if (platform === 'macos') return { access: (await camera.ask()) ? 'granted' : 'denied' };
  return { access: camera.status() === 'denied' ? 'denied' : 'ask-in-page' };
}
