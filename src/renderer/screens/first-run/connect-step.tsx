/** Step 2: which of the two computers shows a code. */
import { QrCode, ScanLine } from 'lucide-react';
import type { ReactNode } from 'react';
import { FIRST_RUN } from '../../../shared/messages/first-run.ts';
import { Banner } from '../../design/banner.tsx';
import { useShell } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { StepTitle } from './step-title.tsx';
import styles from './first-run.module.css';

export interface ConnectStepProps {
  readonly onChoose: (begin: 'show' | 'enter') => void;
}

export function ConnectStep({ onChoose }: ConnectStepProps): ReactNode {
  const { say } = useWords(FIRST_RUN);
  return (
    <div className={styles.step}>
      <StepTitle>{say('connect')}</StepTitle>
      <p className={styles.muted}>{say('connectText')}</p>
      <SystemPrompt />
      <div className={styles.choices}>
        <button type="button" className={styles.choice} onClick={() => onChoose('show')}>
          <QrCode aria-hidden="true" />
          <strong>{say('show')}</strong>
          <span>{say('showText')}</span>
        </button>
        <button type="button" className={styles.choice} onClick={() => onChoose('enter')}>
          <ScanLine aria-hidden="true" />
          <strong>{say('have')}</strong>
          <span>{say('haveText')}</span>
        </button>
      </div>
      <p className={styles.muted}>{say('later')}</p>
    </div>
  );
}

/** What the system is about to ask, said before it does. */
function SystemPrompt(): ReactNode {
  const { say } = useWords(FIRST_RUN);
  const shell = useShell();
  if (shell?.kind !== 'desktop' || shell.platform === 'linux') return null;
  return (
    <Banner
      mood="rest"
      title={shell.platform === 'macos' ? say('localNetwork') : say('firewall')}
    />
  );
}
