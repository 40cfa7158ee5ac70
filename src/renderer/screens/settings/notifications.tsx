/** Settings, Notifications. */
import type { ReactNode } from 'react';
import { SETTINGS } from '../../../shared/messages/settings.ts';
import { DEFAULT_PREFERENCES } from '../../../shared/shell-calls.ts';
import type { Preferences } from '../../../shared/shell-calls.ts';
import { Switch } from '../../design/toggle.tsx';
import { useAct, useShell } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { Card } from './card.tsx';
import styles from './settings.module.css';

const NOTICES = [
  ['pairing', 'notifyPairing'],
  ['lost', 'notifyLost'],
  ['share', 'notifyShare'],
] as const satisfies readonly (readonly [keyof Preferences['notifications'], string])[];

export function Notifications(): ReactNode {
  const { say } = useWords(SETTINGS);
  const act = useAct();
  const shell = useShell();
  const { notifications } = shell?.preferences ?? DEFAULT_PREFERENCES;
  return (
    <Card title={say('notifications')}>
      {shell?.kind === 'web' && <p className={styles.hint}>{say('notifyWeb')}</p>}
      {shell?.kind === 'desktop' && (
        <>
          {NOTICES.map(([notice, label]) => (
            <Switch
              key={notice}
              label={say(label)}
              checked={notifications[notice]}
              onChange={(isOn) =>
                void act('changePreferences', {
                  notifications: { ...notifications, [notice]: isOn },
                })
              }
            />
          ))}
          <p className={styles.hint}>{say('notifyAlways')}</p>
        </>
      )}
    </Card>
  );
}
