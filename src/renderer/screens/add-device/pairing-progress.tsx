/** What is seen while two computers find, compare and know each other. */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { STILL_TRYING_MS } from '../../../shared/page-limits.ts';
import { PortholeRing } from '../../design/porthole-ring.tsx';
import { useWords } from '../../state/words.ts';
import styles from './add-device.module.css';
import { CarryAnswer } from './carry-answer.tsx';
import { CompareNumbers } from './compare-numbers.tsx';
import { Paired } from './paired.tsx';
import { nameOf } from './pairing-stage.ts';
import { StageHeading } from './stage-heading.tsx';
import type { ActivePairing } from './use-pairing.ts';

export interface PairingProgressProps {
  readonly pairing: ActivePairing;
  readonly onDone: () => void;
}

export function PairingProgress({ pairing, onDone }: PairingProgressProps): ReactNode {
  const { say } = useWords(PAIRING);
  const { stage, warning, session } = pairing;
  const name = nameOf(pairing, say('otherComputer'));
  switch (stage.kind) {
    case 'carry':
      return <CarryAnswer blob={stage.blob} />;
    case 'compare':
      return (
        <CompareNumbers
          {...stage}
          name={name}
          warning={warning}
          onVerdict={(match) => session.decide(match)}
        />
      );
    case 'paired':
      return <Paired peer={stage.peer} name={name} onDone={onDone} />;
    case 'starting':
    case 'shown':
    case 'connecting':
    case 'failed':
      return <Connecting name={name} />;
  }
}

function Connecting({ name }: { readonly name: string }): ReactNode {
  const { show } = useWords(PAIRING);
  const isLong = useLater(STILL_TRYING_MS);
  return (
    <div className={styles.stage}>
      <PortholeRing shape="gap" className={styles.bigRing} />
      <StageHeading>{show('connecting', { name })}</StageHeading>
      <output className={styles.muted}>{isLong && show('stillTrying', { name })}</output>
    </div>
  );
}

/** Whether this has been on the screen for so long. */
function useLater(ms: number): boolean {
  const [isLater, setLater] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLater(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return isLater;
}
