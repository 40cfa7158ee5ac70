/** Step 5: where Porthole is from now on. */
import type { ReactNode } from 'react';
import { FIRST_RUN } from '../../../shared/messages/first-run.ts';
import type { ShellView } from '../../../shared/shell-calls.ts';
import { Button } from '../../design/button.tsx';
import { PortholeScene } from '../../design/porthole-scene.tsx';
import { Switch } from '../../design/toggle.tsx';
import { useAct, useShell } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { StepTitle } from './step-title.tsx';
import styles from './first-run.module.css';
import { TrayPicture } from './tray-picture.tsx';

export function KeepsStep({ onDone }: { readonly onDone: () => void }): ReactNode {
  const { say } = useWords(FIRST_RUN);
  const shell = useShell();
  return (
    <div className={styles.step}>
      <div className={styles.lead}>
        {shell?.tray === 'shown' ? (
          <TrayPicture platform={shell.platform} label={say('pictureLabel')} />
        ) : (
          <PortholeScene className={styles.scene} />
        )}
        <StepTitle>{say('keeps')}</StepTitle>
        <p className={styles.muted}>{say(sentenceOf(shell))}</p>
      </div>
      {shell?.kind === 'desktop' && shell.login !== 'unavailable' && <StartAtLogin shell={shell} />}
      <Button look="primary" size="wide" onClick={onDone}>
        {say('finish')}
      </Button>
    </div>
  );
}

const SENTENCES = { linux: 'keepsLinux', macos: 'keepsMac', windows: 'keepsWindows' } as const;

function sentenceOf(
  shell: ShellView | null,
): (typeof SENTENCES)[keyof typeof SENTENCES] | 'noTray' | 'keepsWeb' {
  if (shell === null || shell.kind === 'web') return 'keepsWeb';
  return shell.tray === 'shown' ? SENTENCES[shell.platform] : 'noTray';
}

function StartAtLogin({ shell }: { readonly shell: ShellView }): ReactNode {
  const { say } = useWords(FIRST_RUN);
  const act = useAct();
  return (
    <Switch
      label={say('startAtLogin')}
      checked={shell.preferences.startAtLogin}
      onChange={(startAtLogin) => void act('changePreferences', { startAtLogin })}
    />
  );
}
