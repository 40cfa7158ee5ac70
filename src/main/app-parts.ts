/**
 * What lives beside the window in the desktop app (the tray, the notices) gets of it.
 *
 * Invariant: a companion is made after the engine runs, and closed before it is closed.
 */
import type { PreferenceStore } from '../control/preferences.ts';
import type { PortholeApi } from '../shared/calls/api.ts';
import type { CallName } from '../shared/contract.ts';
import type { Language } from '../shared/messages/language.ts';
import type { ShellView, Wish } from '../shared/shell-calls.ts';
import type { Desktop } from './desktop/desktop.ts';
import type { PairingWatch } from './notices/pairing-watch.ts';
import type { ShellSay } from './shell-dialogs.ts';

export interface AppParts {
  readonly desktop: Desktop;
  /** All calls there are, of engine and shell. */
  readonly api: PortholeApi<CallName>;
  readonly preferences: PreferenceStore;
  /** Which pairings wait for a person, whoever began them. */
  readonly pairing: PairingWatch;
  /** Of what a person reads, now. */
  language(): Language;
  /** Texts of the shell in that language. */
  say(): ShellSay;
  /** Tells when the computer woke up; returns how to stop. */
  onWoke(listener: () => void): () => void;
  /** Whether somebody can see the window, so that a notification would say it twice. */
  isWindowVisible(): boolean;
  /** Shows the window, and there what is wanted. */
  show(wish?: Wish): void;
  /** Asks first while connections are open. */
  quit(): void;
  /** Whether there is an icon now, as far as can be told. */
  setTray(state: ShellView['tray']): void;
  logError(text: string): void;
}

export interface Companion {
  close(): void | Promise<void>;
}

export type MakeCompanion = (parts: AppParts) => Companion | Promise<Companion>;
