/** The moment that decides: two people look whether both screens show the same number. */
import { Check, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { Banner } from '../../design/banner.tsx';
import { Button } from '../../design/button.tsx';
import { Digits } from '../../design/digits.tsx';
import { Name } from '../../design/name.tsx';
import { useLanguage, useWords } from '../../state/words.ts';
import styles from './add-device.module.css';
import { sayWarning } from './said-warnings.ts';
import { StageHeading } from './stage-heading.tsx';

export interface CompareNumbersProps {
  readonly digits: string;
  /** Short device id of the other side. */
  readonly peer: string;
  readonly name: string;
  readonly verdict: 'asked' | 'match' | 'differ';
  /** As the engine said it. */
  readonly warning: string | null;
  readonly onVerdict: (match: boolean) => void;
}

export function CompareNumbers(props: CompareNumbersProps): ReactNode {
  const { digits, peer, name, verdict, warning, onVerdict } = props;
  const { say, show } = useWords(PAIRING);
  const language = useLanguage();
  return (
    <div className={styles.stage}>
      <StageHeading>{say('compareTitle')}</StageHeading>
      <p>{say('compareQuestion')}</p>
      <div className={styles.digits}>
        <Digits>{digits}</Digits>
      </div>
      <div className={styles.who}>
        <p className={styles.whoName}>
          {show('compareWith', { name: <Name className={styles.inlineName}>{name}</Name> })}
        </p>
        <p className={styles.muted}>
          {show('compareDevice', { id: <span className={styles.id}>{peer}</span> })}
        </p>
      </div>
      <div role="alert" className={styles.full}>
        {warning !== null && <Banner mood="wait" title={sayWarning(warning, language)} />}
      </div>
      {verdict === 'asked' ? (
        <Verdict onVerdict={onVerdict} />
      ) : (
        <output className={styles.waiting}>
          {verdict === 'match' ? show('saidMatch', { name }) : say('saidDiffer')}
        </output>
      )}
      <p className={styles.muted}>{say('compareWhy')}</p>
    </div>
  );
}

function Verdict({ onVerdict }: { readonly onVerdict: (match: boolean) => void }): ReactNode {
  const { say } = useWords(PAIRING);
  return (
    <div className={styles.verdict}>
      <Button icon={<X aria-hidden="true" />} onClick={() => onVerdict(false)}>
        {say('differ')}
      </Button>
      <Button look="primary" icon={<Check aria-hidden="true" />} onClick={() => onVerdict(true)}>
        {say('match')}
      </Button>
    </div>
  );
}
