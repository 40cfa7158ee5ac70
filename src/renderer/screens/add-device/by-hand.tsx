/** Pairing without any network between the two: a code goes over, and an answer comes back. */
import { useState } from 'react';
import type { ReactNode } from 'react';
import { COMMON } from '../../../shared/messages/common.ts';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { Button } from '../../design/button.tsx';
import { useLanguage, useWords } from '../../state/words.ts';
import styles from './add-device.module.css';
import { CarriedCode } from './carried-code.tsx';
import { CodeBox } from './code-box.tsx';
import { CodeLife } from './code-life.tsx';
import { codeTextOf } from './code-text.ts';
import { sayWarning } from './said-warnings.ts';
import type { PairingStage } from './pairing-stage.ts';
import { StageHeading } from './stage-heading.tsx';
import type { ActivePairing } from './use-pairing.ts';

export interface ByHandProps {
  readonly pairing: ActivePairing;
  readonly stage: Extract<PairingStage, { kind: 'shown' }>;
  readonly onOnline: () => void;
}

export function ByHand({ pairing, stage, onOnline }: ByHandProps): ReactNode {
  const { say } = useWords(PAIRING);
  return (
    <div className={styles.column}>
      <StageHeading>{say('byHandTitle')}</StageHeading>
      <p className={styles.muted}>{say('byHandIntro')}</p>
      <h4>{say('stepCarry')}</h4>
      <CarriedCode
        code={stage.link}
        label={say('codeLabel')}
        copyLabel={say('copyCode')}
        fileName="porthole-code"
      />
      <CodeLife expiresAt={stage.expiresAt} />
      <h4>{say('stepAnswer')}</h4>
      <Answer pairing={pairing} isSent={stage.answer === 'answered'} />
      <div className={styles.row}>
        <Button look="quiet" size="small" onClick={onOnline}>
          {say('online')}
        </Button>
      </div>
    </div>
  );
}

interface AnswerProps {
  readonly pairing: ActivePairing;
  readonly isSent: boolean;
}

function Answer({ pairing, isSent }: AnswerProps): ReactNode {
  const { say } = useWords(PAIRING);
  const { say: sayCommon } = useWords(COMMON);
  const language = useLanguage();
  const [text, setText] = useState('');
  const send = (answer: string): void => {
    if (!isSent && codeTextOf(answer).kind === 'answer') pairing.session.answer(answer.trim());
  };
  return (
    <>
      <CodeBox
        expected="answer"
        label={say('answerLabel')}
        hint={say('answerHint')}
        text={text}
        problem={pairing.warning === null ? undefined : sayWarning(pairing.warning, language)}
        onText={setText}
        onRead={(answer) => {
          setText(answer);
          send(answer);
        }}
      />
      <div className={styles.end}>
        {isSent && <output className={styles.waiting}>{say('waitingForOther')}</output>}
        <Button look="primary" onClick={() => send(text)}>
          {sayCommon('continue')}
        </Button>
      </div>
    </>
  );
}
