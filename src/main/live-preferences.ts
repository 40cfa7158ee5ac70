/**
 * The preferences at work: the theme, the language of dialogs, and whether the app starts at login.
 *
 * Invariant: what is stored is what the system was told; where the system refuses, nothing is stored.
 * Until the file is open the defaults count.
 */
import type { PreferenceStore } from '../control/preferences.ts';
import { errnoOf } from '../engine/store/file-system.ts';
import type { CallParams } from '../shared/contract.ts';
import { portholeError } from '../shared/errors.ts';
import { resolveLanguage, sayIn } from '../shared/messages/language.ts';
import type { Language } from '../shared/messages/language.ts';
import { SHELL_TEXTS } from '../shared/messages/shell.ts';
import { DEFAULT_PREFERENCES } from '../shared/shell-calls.ts';
import type { Preferences } from '../shared/shell-calls.ts';
import { appMenu } from './app-menu.ts';
import type { Desktop } from './desktop/desktop.ts';
import type { LoginItem } from './login/login-item.ts';
import type { ShellSay } from './shell-dialogs.ts';

/** Only what is there is changed. */
type PreferencesChange = CallParams<'changePreferences'>;

export interface LivePreferencesOptions {
  readonly desktop: Desktop;
  readonly login: LoginItem;
  readonly openSettings: () => void;
  /** They are others now. */
  readonly onChanged: () => void;
}

export class LivePreferences {
  readonly #options: LivePreferencesOptions;
  #store: PreferenceStore | undefined;

  constructor(options: LivePreferencesOptions) {
    this.#options = options;
  }

  get(): Preferences {
    return this.#store?.get() ?? DEFAULT_PREFERENCES;
  }

  language(): Language {
    return resolveLanguage(this.get().language, this.#options.desktop.app.languages());
  }

  say(): ShellSay {
    return sayIn(SHELL_TEXTS, this.language());
  }

  /** Takes these from now on; what the system says of the login item wins over the file. */
  use(store: PreferenceStore): void {
    if (this.#store === undefined) store.subscribe(() => this.#apply());
    this.#store = store;
    this.#apply();
  }

  /** Once the folder is this process's: makes file and login item say the same. */
  alignLogin(): void {
    const { login } = this.#options;
    if (login.state() === 'unavailable' || this.#store === undefined) return;
    const { startAtLogin, startHidden } = this.#store.get();
    if (startAtLogin !== login.isOn()) this.#store.change({ startAtLogin: login.isOn() });
    // The program may be in another place since.
    else if (startAtLogin) this.#setLogin({ startAtLogin, startHidden });
  }

  /** Throws `E_DATA_DIR`, `E_DATA_FILE`, `E_NOT_HERE`; then nothing has changed. */
  change(wish: PreferencesChange): void {
    const change = given(wish);
    const store = this.#store;
    if (store === undefined) throw portholeError('E_INTERNAL', { reason: 'no preferences yet' });
    const before = store.get();
    const { startAtLogin = before.startAtLogin, startHidden = before.startHidden } = change;
    const isOther = startAtLogin !== before.startAtLogin || startHidden !== before.startHidden;
    if (isOther) this.#setLogin({ startAtLogin, startHidden });
    store.change(change);
  }

  #setLogin(wish: Pick<Preferences, 'startAtLogin' | 'startHidden'>): void {
    const { login } = this.#options;
    if (login.state() === 'unavailable') {
      if (wish.startAtLogin) throw portholeError('E_NOT_HERE');
      return;
    }
    try {
      login.set(wish.startAtLogin ? 'on' : 'off', wish.startHidden ? 'hidden' : 'shown');
    } catch (cause) {
      const reason = errnoOf(cause);
      throw portholeError('E_DATA_FILE', { path: 'porthole.desktop', reason }, { cause });
    }
  }

  #apply(): void {
    const { desktop, openSettings, onChanged } = this.#options;
    desktop.setTheme(this.get().theme);
    desktop.setAppMenu(appMenu({ platform: desktop.platform, say: this.say(), openSettings }));
    onChanged();
  }
}

function given(change: PreferencesChange): Partial<Preferences> {
  const entries = Object.entries(change).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}
