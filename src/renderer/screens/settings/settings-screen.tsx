/** The Settings page. What is changed takes effect at once, or says when. */
import type { ReactNode } from 'react';
import { COMMON } from '../../../shared/messages/common.ts';
import { sayFailure } from '../../../shared/messages/errors.ts';
import { SETTINGS } from '../../../shared/messages/settings.ts';
import { Banner } from '../../design/banner.tsx';
import { Button } from '../../design/button.tsx';
import { Screen } from '../../design/screen.tsx';
import { useAct, useShell } from '../../state/use-page.ts';
import { useLanguage, useWords } from '../../state/words.ts';
import { About } from './about.tsx';
import { Advanced } from './advanced.tsx';
import { General } from './general.tsx';
import { Network } from './network.tsx';
import { Notifications } from './notifications.tsx';
import { Security } from './security.tsx';
import styles from './settings.module.css';
import { SettingsContext, useLoadedSettings } from './use-settings.ts';

export function SettingsScreen(): ReactNode {
  const { say } = useWords(COMMON);
  const { loaded, change, reload } = useLoadedSettings();
  return (
    <Screen title={say('settings')}>
      <div className={styles.settings}>
        {loaded.kind === 'loading' && <output className={styles.hint}>{say('loading')}</output>}
        {loaded.kind === 'failed' && <Failed error={loaded.error} onRetry={reload} />}
        {loaded.kind === 'loaded' && (
          <SettingsContext value={{ settings: loaded.settings, change }}>
            {loaded.settings.restart === 'needed' && <NeedsRestart />}
            <General />
            <Network />
            <Security />
            <Notifications />
            <Advanced />
          </SettingsContext>
        )}
        <About />
      </div>
    </Screen>
  );
}

interface FailedProps {
  readonly error: { readonly code: string; readonly message: string };
  readonly onRetry: () => void;
}

function Failed({ error, onRetry }: FailedProps): ReactNode {
  const { say } = useWords(SETTINGS);
  const { say: sayCommon } = useWords(COMMON);
  const language = useLanguage();
  return (
    <div role="alert">
      <Banner
        mood="bad"
        title={say('loadFailed')}
        body={sayFailure(error, language)}
        actions={
          <Button look="quiet" size="small" onClick={onRetry}>
            {sayCommon('tryAgain')}
          </Button>
        }
      />
    </div>
  );
}

function NeedsRestart(): ReactNode {
  const { say } = useWords(SETTINGS);
  const act = useAct();
  const isDesktop = useShell()?.kind === 'desktop';
  return (
    <output className={styles.restart}>
      <Banner
        mood="wait"
        title={say('needsRestart')}
        body={isDesktop ? undefined : say('restartByHand')}
        actions={
          isDesktop ? (
            <Button look="quiet" size="small" onClick={() => void act('relaunch', {})}>
              {say('restartNow')}
            </Button>
          ) : undefined
        }
      />
    </output>
  );
}
