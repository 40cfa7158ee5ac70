/** Settings, General. */
import type { ReactNode } from 'react';
import { SETTINGS } from '../../../shared/messages/settings.ts';
import { DEFAULT_PREFERENCES } from '../../../shared/shell-calls.ts';
import type { Preferences, ShellView } from '../../../shared/shell-calls.ts';
import { Button } from '../../design/button.tsx';
import { Field } from '../../design/field.tsx';
import { Select } from '../../design/select.tsx';
import { Switch } from '../../design/toggle.tsx';
import { useAct, useShell } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { Card } from './card.tsx';
import { checkName } from './setting-checks.ts';
import styles from './settings.module.css';
import { TextSetting } from './text-setting.tsx';
import { useSettings } from './use-settings.ts';

export function General(): ReactNode {
  const { say } = useWords(SETTINGS);
  const { settings } = useSettings();
  const shell = useShell();
  const preferences = shell?.preferences ?? DEFAULT_PREFERENCES;
  return (
    <Card title={say('general')}>
      <TextSetting
        label={say('deviceName')}
        hint={say('deviceNameHint')}
        value={settings.deviceName}
        check={checkName}
        changeOf={(deviceName) => ({ deviceName })}
      />
      <div className={styles.pair}>
        <LanguageChoice preferences={preferences} />
        <ThemeChoice preferences={preferences} />
      </div>
      {shell?.kind === 'desktop' && <DesktopChoices shell={shell} />}
    </Card>
  );
}

interface PreferencesProps {
  readonly preferences: Preferences;
}

/** The names of languages are in the language itself. */
export function LanguageChoice({ preferences }: PreferencesProps): ReactNode {
  const { say } = useWords(SETTINGS);
  const act = useAct();
  return (
    <Field label={say('language')}>
      <Select
        value={preferences.language}
        onChange={(language) => void act('changePreferences', { language })}
        choices={[
          { value: 'system', label: say('languageSystem') },
          { value: 'en', label: 'English' },
          { value: 'zh-Hant', label: '繁體中文' },
          { value: 'zh-Hans', label: '简体中文' },
        ]}
      />
    </Field>
  );
}

function ThemeChoice({ preferences }: PreferencesProps): ReactNode {
  const { say } = useWords(SETTINGS);
  const act = useAct();
  return (
    <Field label={say('theme')}>
      <Select
        value={preferences.theme}
        onChange={(theme) => void act('changePreferences', { theme })}
        choices={[
          { value: 'system', label: say('themeSystem') },
          { value: 'light', label: say('themeLight') },
          { value: 'dark', label: say('themeDark') },
        ]}
      />
    </Field>
  );
}

/** A browser has none of these. */
function DesktopChoices({ shell }: { readonly shell: ShellView }): ReactNode {
  const { say } = useWords(SETTINGS);
  const act = useAct();
  const { preferences, login, tray } = shell;
  const change = (changes: Partial<Preferences>): void => void act('changePreferences', changes);
  const canStart = login !== 'unavailable';
  return (
    <>
      <Switch
        label={say('startAtLogin')}
        hint={canStart ? say('startAtLoginHint') : say('loginUnavailable')}
        checked={canStart && preferences.startAtLogin}
        disabled={!canStart}
        onChange={(startAtLogin) => change({ startAtLogin })}
      />
      {login === 'needs-approval' && <LoginApproval />}
      <Switch
        label={say('startHidden')}
        hint={say('startHiddenHint')}
        checked={preferences.startHidden}
        disabled={!canStart || !preferences.startAtLogin}
        onChange={(startHidden) => change({ startHidden })}
      />
      <Switch
        label={say('keepRunning')}
        hint={tray === 'shown' ? say('keepRunningHint') : say('keepRunningNoTray')}
        checked={preferences.keepRunning}
        onChange={(keepRunning) => change({ keepRunning })}
      />
    </>
  );
}

function LoginApproval(): ReactNode {
  const { say } = useWords(SETTINGS);
  const act = useAct();
  return (
    <div className={styles.approval}>
      <p>{say('loginNeedsApproval')}</p>
      <Button
        look="quiet"
        size="small"
        onClick={() => void act('openSystemSettings', { about: 'login' })}
      >
        {say('openSystemSettings')}
      </Button>
    </div>
  );
}
