/** The answer to a code that was carried by hand: it has to get back to where the code came from. */
import type { ReactNode } from 'react';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { useWords } from '../../state/words.ts';
import styles from './add-device.module.css';
import { CarriedCode } from './carried-code.tsx';
import { StageHeading } from './stage-heading.tsx';

export function CarryAnswer({ blob }: { readonly blob: string }): ReactNode {
  const { say } = useWords(PAIRING);
  return (
    <div className={styles.column}>
      <StageHeading>{say('carryBackTitle')}</StageHeading>
      <p className={styles.muted}>{say('carryBackIntro')}</p>
      <CarriedCode
        code={blob}
        label={say('ownAnswerLabel')}
        copyLabel={say('copyAnswer')}
        fileName="porthole-answer"
      />
      <output className={styles.waiting}>{say('waitingForOther')}</output>
    </div>
  );
}
