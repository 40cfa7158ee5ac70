/** The preferences of the desktop app on conf, which electron-store is. */
import Conf from 'conf';
import type { PreferenceStore } from '../../src/control/preferences.ts';
import { openStorePreferences } from '../../src/main/store-preferences.ts';

export function openConfPreferences(dataDir: string): PreferenceStore {
  return openStorePreferences(
    dataDir,
    ({ name, ...options }) => new Conf({ ...options, configName: name }),
  );
}
