/** The preferences of the desktop app: electron-store on the file that the daemon uses, too. */
import ElectronStore from 'electron-store';
import type { PreferenceStore } from '../../control/preferences.ts';
import { openStorePreferences } from '../store-preferences.ts';

export function openElectronPreferences(dataDir: string): PreferenceStore {
  return openStorePreferences(dataDir, (options) => new ElectronStore(options));
}
