/**
 * Starts what keeps the data folder, asking a person where it cannot.
 *
 * Invariant: nothing of a start that failed is left, and a key is set aside only after a person said
 * so twice.
 */
import { connectControl } from '../control/control-client.ts';
import { PortholeHost } from '../control/porthole-host.ts';
import type { PortholeHostOptions } from '../control/porthole-host.ts';
import type { PreferenceStore } from '../control/preferences.ts';
import { setKeyAside, unlockSecrets } from '../engine/store/keyring-secret-store.ts';
import type { Keyring, KeyWords } from '../engine/store/keyring-secret-store.ts';
import { toPortholeError } from '../shared/errors.ts';
import type { PortholeError } from '../shared/errors.ts';
import type { ShellDialogs } from './shell-dialogs.ts';

export interface StartOptions {
  readonly dataDir: string;
  readonly version: string;
  readonly keyring: Keyring;
  readonly words: KeyWords;
  readonly onEvent: PortholeHostOptions['onEvent'];
  readonly openPreferences: (dataDir: string) => PreferenceStore;
  /** As soon as there are any: the language of the questions and the theme come from them. */
  readonly onPreferences: (preferences: PreferenceStore) => void;
  readonly overhear: NonNullable<PortholeHostOptions['overhear']>;
  readonly dialogs: ShellDialogs;
}

export interface Started {
  readonly host: PortholeHost;
  readonly preferences: PreferenceStore;
}

/** `undefined` when a person would rather quit. */
export async function startHost(options: StartOptions): Promise<Started | undefined> {
  for (;;) {
    try {
      return await tryStart(options);
    } catch (thrown) {
      if ((await askWhatNow(options, toPortholeError(thrown))) === 'quit') return undefined;
    }
  }
}

async function tryStart(options: StartOptions): Promise<Started> {
  const { dataDir, keyring, words, version, onEvent, overhear } = options;
  const preferences = options.openPreferences(dataDir);
  options.onPreferences(preferences);
  const host = await PortholeHost.start({
    dataDir,
    purpose: 'keep',
    rendezvous: [],
    stun: [],
    turn: { urls: [], passwordFile: undefined },
    version,
    onEvent,
    overhear,
    secrets: await unlockSecrets(dataDir, keyring, words),
  });
  return { host, preferences };
}

/** Of a process that answers commands for the folder. */
async function runningPid(dataDir: string): Promise<number | undefined> {
  const client = await connectControl(dataDir);
  client?.close();
  return client?.pid;
}

async function askWhatNow(
  { dialogs, dataDir }: StartOptions,
  error: PortholeError,
): Promise<'again' | 'quit'> {
  if (error.code === 'E_KEY_UNREADABLE') return await askAboutKey({ dialogs, dataDir }, error);
  if (error.code === 'E_DATA_DIR_IN_USE') {
    const pid = await runningPid(dataDir).catch(() => undefined);
    if (pid !== undefined) return await dialogs.inUse(pid);
  }
  return await dialogs.cannotStart(error.message);
}

async function askAboutKey(
  { dialogs, dataDir }: Pick<StartOptions, 'dialogs' | 'dataDir'>,
  error: PortholeError,
): Promise<'again' | 'quit'> {
  const answer = await dialogs.keyUnreadable(error.message);
  if (answer !== 'start-over') return answer;
  if ((await dialogs.startOver()) === 'yes') setKeyAside(dataDir);
  return 'again';
}
