/** A code that is good for nothing any more: why, and a new one. */
import type { ReactNode } from 'react';
import { sayFailure } from '../../../shared/messages/errors.ts';
import type { Failure } from '../../../shared/messages/errors.ts';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { Button } from '../../design/button.tsx';
import { PortholeRing } from '../../design/porthole-ring.tsx';
import { useLanguage, useWords } from '../../state/words.ts';
import styles from './add-device.module.css';
import { clockTime } from './clock-time.ts';
import { StageHeading } from './stage-heading.tsx';

export interface CodeOverProps {
  readonly failure: Failure;
  /** ISO 8601; null when no code was shown. */
  readonly expiresAt: string | null;
  readonly onRenew: () => void;
  readonly onByHand: () => void;
}

export function CodeOver({ failure, expiresAt, onRenew, onByHand }: CodeOverProps): ReactNode {
  const { say } = useWords(PAIRING);
  const language = useLanguage();
  const isExpired = failure.code === 'E_INVITE_EXPIRED' && expiresAt !== null;
  const heading = isExpired
    ? say('expiredNow', { time: clockTime(expiresAt, language) })
    : say('failedTitle');
  return (
    <div className={styles.stage}>
      <PortholeRing shape={isExpired ? 'slash' : 'alert'} className={styles.bigRing} />
      <StageHeading>{heading}</StageHeading>
      <p role="alert" className={styles.failure}>
        {isExpired ? say('expiredHint') : sayFailure(failure, language)}
      </p>
      {!isExpired && <FailureCode code={failure.code} />}
      <div className={styles.row}>
        <Button look="quiet" onClick={onByHand}>
          {say('byHand')}
        </Button>
        <Button look="primary" onClick={onRenew}>
          {say('newCode')}
        </Button>
      </div>
    </div>
  );
}

/** For whoever asks for help; it is no part of the sentence. */
export function FailureCode({ code }: { readonly code: string }): ReactNode {
  const { say } = useWords(PAIRING);
  return (
    <details className={styles.details}>
      <summary>{say('details')}</summary>
      <code>{code}</code>
    </details>
  );
}
