/**
 * The tray and the notifications, joined to the app: both follow one feed of the state, and know of
 * the pairings that wait.
 *
 * Invariant: the tray has a place while the desktop shows one, and everything else works without;
 * nothing of either is left after `close()`.
 */
import type { Clock } from '../shared/clock.ts';
import type { PortholeError } from '../shared/errors.ts';
import { sayFailure } from '../shared/messages/errors.ts';
import type { AppParts, Companion, MakeCompanion } from './app-parts.ts';
import { NoticeController } from './notices/notice-controller.ts';
import { quietTalk } from './quiet-talk.ts';
import { ShellDialogs } from './shell-dialogs.ts';
import { StatusFeed } from './status-feed.ts';
import { iconPathIn } from './tray/icon-path.ts';
import { TrayController } from './tray/tray-controller.ts';
import type { TrayFacts } from './tray/tray-controller.ts';
import type { TrayDelegate } from './tray/tray-actions.ts';
import type { TrayPresence } from './tray/tray-presence.ts';
import { TrayPresenceWatch } from './tray/tray-presence.ts';

export interface TrayCompanionOptions {
  readonly clock: Clock;
  /** Of the pictures: assets/rendered/tray. */
  readonly pictures: string;
  /** Linux: whether the desktop shows tray icons now. */
  readonly detect: (signal: AbortSignal) => Promise<TrayPresence>;
}

/** See the module header. */
export function trayCompanion(options: TrayCompanionOptions): MakeCompanion {
  return async (parts) => {
    const companion = new TrayCompanion(options, parts);
    await companion.start();
    return companion;
  };
}

class TrayCompanion implements Companion {
  readonly #parts: AppParts;
  readonly #feed: StatusFeed;
  readonly #tray: TrayController;
  readonly #notices: NoticeController;
  readonly #presence: TrayPresenceWatch;
  readonly #stops: readonly (() => void)[];

  constructor({ clock, pictures, detect }: TrayCompanionOptions, parts: AppParts) {
    const { desktop, api, pairing, preferences } = parts;
    this.#parts = parts;
    this.#feed = new StatusFeed({ api, clock });
    this.#tray = new TrayController({
      api,
      clock,
      feed: this.#feed,
      pairing,
      iconPath: iconPathIn(pictures, desktop.platform),
      facts: this.#facts(),
      delegate: this.#delegate(),
    });
    this.#notices = new NoticeController({
      clock,
      feed: this.#feed,
      pairing,
      notifier: desktop.notifier,
      delegate: {
        openWindow: () => parts.show(),
        show: (wish) => parts.show(wish),
        attention: () => (parts.isWindowVisible() ? 'watching' : 'away'),
      },
      language: parts.language(),
      wanted: preferences.get().notifications,
    });
    this.#presence = new TrayPresenceWatch({
      clock,
      detect,
      onChange: (presence) => this.#onPresence(presence),
    });
    this.#stops = [
      preferences.subscribe(() => this.#onPreferences()),
      desktop.onTrayLook(() => this.#tray.setFacts(this.#facts())),
      parts.onWoke(() => this.#notices.onWoke()),
    ];
  }

  async start(): Promise<void> {
    void this.#feed.run();
    if (this.#parts.desktop.platform === 'linux') await this.#presence.start();
    else this.#attach();
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#presence.close();
    this.#tray.close();
    this.#notices.close();
    this.#feed.close();
  }

  #onPresence(presence: TrayPresence): void {
    if (presence.kind === 'shown') return this.#attach();
    this.#tray.detach();
    this.#parts.setTray('missing');
  }

  #attach(): void {
    const { desktop } = this.#parts;
    this.#parts.setTray('shown');
    this.#tray.attach((image, listener) => desktop.openTray(image, listener));
  }

  #onPreferences(): void {
    this.#tray.setFacts(this.#facts());
    this.#notices.setLanguage(this.#parts.language());
    this.#notices.setWanted(this.#parts.preferences.get().notifications);
  }

  #facts(): TrayFacts {
    const { desktop } = this.#parts;
    const language = this.#parts.language();
    return { language, platform: desktop.platform, updates: 'none', ...desktop.trayLook() };
  }

  #delegate(): TrayDelegate {
    const parts = this.#parts;
    const { desktop, api } = parts;
    return {
      openWindow: () => parts.show(),
      show: (wish) => parts.show(wish),
      openForward: async (local) => {
        await api.call('openForward', { local }, quietTalk());
      },
      copy: (text) => desktop.clipboard.writeText(text),
      compareNumbers: (question) => this.#dialogs().compareNumbers(question),
      checkForUpdates: () => undefined,
      quit: () => parts.quit(),
      onFailed: (_action, error) => this.#tellFailure(error),
      onPlaceFailed: ({ message }) => {
        parts.setTray('missing');
        parts.logError(`The icon in the tray cannot be shown: ${message}`);
      },
    };
  }

  #dialogs(): ShellDialogs {
    const parts = this.#parts;
    return new ShellDialogs({ dialogs: parts.desktop.dialogs, say: () => parts.say() });
  }

  /** Nobody has a window open to see it. */
  #tellFailure(error: PortholeError): void {
    const parts = this.#parts;
    parts.logError(error.message);
    parts.desktop.notifier.show({
      id: 'tray-failure',
      title: 'Porthole',
      body: sayFailure(error, parts.language()),
      onClick: () => parts.show({ kind: 'page', page: 'activity' }),
    });
  }
}
