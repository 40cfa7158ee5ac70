/** Where the other computer may be, by what is set up on this one. */
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import type { StatusView } from '../../../shared/contract.ts';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { useStatus } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import styles from './add-device.module.css';

/** `internet`: a rendezvous server is there, so that two networks can meet. */
type Reach = 'nowhere' | 'network' | 'internet';

function reachOf({ network, rendezvous }: StatusView): Reach {
  if (network === 'offline') return 'nowhere';
  return rendezvous.some(({ state }) => state === 'open') ? 'internet' : 'network';
}

export function WorksOn(): ReactNode {
  const { say } = useWords(PAIRING);
  const status = useStatus();
  if (status === null) return null;
  const reach = reachOf(status);
  if (reach === 'nowhere') return <p className={styles.careful}>{say('worksNowhere')}</p>;
  return (
    <>
      <p className={styles.works}>
        <span>{say('worksOn')}</span>
        <span className={styles.place}>
          <Check aria-hidden="true" />
          {say('worksHere')}
        </span>
        {reach === 'internet' && (
          <span className={styles.place}>
            <Check aria-hidden="true" />
            {say('worksInternet')}
          </span>
        )}
      </p>
      {reach === 'network' && <p className={styles.muted}>{say('worksOnlyHere')}</p>}
    </>
  );
}
