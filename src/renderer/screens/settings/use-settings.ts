/** The settings of this computer, and how they are changed. */
import { createContext, useCallback, useContext, useEffect, useState } from 'react';
import type { SettingsChange, SettingsView } from '../../../shared/contract.ts';
import type { PortholeError } from '../../../shared/errors.ts';
import { useAsk } from '../../state/use-page.ts';
import type { Outcome } from '../../state/use-page.ts';

type LoadedSettings =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly error: PortholeError }
  | { readonly kind: 'loaded'; readonly settings: SettingsView };

/** Changes what is in `change` and nothing else; never rejects. */
type ChangeSettings = (change: SettingsChange) => Promise<Outcome<'changeSettings'>>;

export interface SettingsAccess {
  readonly loaded: LoadedSettings;
  readonly change: ChangeSettings;
  readonly reload: () => void;
}

export function useLoadedSettings(): SettingsAccess {
  const ask = useAsk();
  const [loaded, setLoaded] = useState<LoadedSettings>({ kind: 'loading' });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let isWanted = true;
    const load = async (): Promise<void> => {
      const outcome = await ask('settings', {});
      if (!isWanted) return;
      if (outcome.ok) setLoaded({ kind: 'loaded', settings: outcome.value });
      else setLoaded({ kind: 'failed', error: outcome.error });
    };
    void load();
    return () => {
      isWanted = false;
    };
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- every try loads anew
  }, [ask, tries]);
  const change = useCallback<ChangeSettings>(
    async (wanted) => {
      const outcome = await ask('changeSettings', wanted);
      if (outcome.ok) setLoaded({ kind: 'loaded', settings: outcome.value });
      return outcome;
    },
    [ask],
  );
  return { loaded, change, reload: () => setTries((count) => count + 1) };
}

interface Settings {
  readonly settings: SettingsView;
  readonly change: ChangeSettings;
}

export const SettingsContext = createContext<Settings | null>(null);

/** For what is inside of the page once the settings are known. */
export function useSettings(): Settings {
  const settings = useContext(SettingsContext);
  if (settings === null) throw new TypeError('no settings around this component');
  return settings;
}
