/**
 * Whether this app starts when its user logs in: an entry of the system on Windows and macOS, a file
 * on Linux (autostart-file.ts).
 *
 * Invariant: only an installed app puts itself there, and switched off nothing of it is left.
 */
import type { ShellView } from '../../shared/shell-calls.ts';
import type { Desktop } from '../desktop/desktop.ts';
import { AutostartFile } from './autostart-file.ts';
import type { AutostartPlaces } from './autostart-file.ts';

/** What a start by login has among its arguments, when it is to have no window. */
export const HIDDEN_ARGUMENT = '--hidden';

export interface LoginItem {
  state(): ShellView['login'];
  isOn(): boolean;
  /** `start`: with a window or without. */
  set(wish: 'on' | 'off', start: 'shown' | 'hidden'): void;
}

export function loginItemOf(
  desktop: Pick<Desktop, 'platform' | 'login' | 'app'>,
  places: AutostartPlaces | undefined,
): LoginItem {
  if (desktop.app.build === 'development') return NO_LOGIN_ITEM;
  if (desktop.platform !== 'linux') return new SystemLoginItem(desktop);
  return places === undefined ? NO_LOGIN_ITEM : new AutostartFile(places);
}

const NO_LOGIN_ITEM: LoginItem = {
  state: () => 'unavailable',
  isOn: () => false,
  set: () => undefined,
};

/** Both argument lists there can be: Windows finds an entry only by the one it was made with. */
const ARGUMENTS = { shown: [], hidden: [HIDDEN_ARGUMENT] } as const;

class SystemLoginItem implements LoginItem {
  readonly #desktop: Pick<Desktop, 'platform' | 'login'>;

  constructor(desktop: Pick<Desktop, 'platform' | 'login'>) {
    this.#desktop = desktop;
  }

  state(): ShellView['login'] {
    if (this.#desktop.platform !== 'macos') return 'available';
    const { status } = this.#desktop.login.get(ARGUMENTS.hidden);
    return status === 'requires-approval' ? 'needs-approval' : 'available';
  }

  isOn(): boolean {
    return Object.values(ARGUMENTS).some((args) => {
      const { openAtLogin, status } = this.#desktop.login.get(args);
      return openAtLogin || status === 'requires-approval';
    });
  }

  set(wish: 'on' | 'off', start: keyof typeof ARGUMENTS): void {
    this.#desktop.login.set(wish === 'on', ARGUMENTS[start]);
  }
}
