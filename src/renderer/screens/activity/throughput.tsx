/** What flows between this computer and each connected device now. */
import { ArrowDown, ArrowUp } from 'lucide-react';
import type { ReactNode } from 'react';
import type { PeerView } from '../../../shared/contract.ts';
import { ACTIVITY } from '../../../shared/messages/activity.ts';
import { Hidden } from '../../design/hidden.tsx';
import { Name } from '../../design/name.tsx';
import { formatRate } from '../../state/format.ts';
import { useStatus } from '../../state/use-page.ts';
import { useRateText } from '../../state/use-rate-text.ts';
import { useWords } from '../../state/words.ts';
import styles from './activity.module.css';

export function Throughput(): ReactNode {
  const { say } = useWords(ACTIVITY);
  const peers = useStatus()?.peers.filter(({ state }) => state === 'up') ?? [];
  return (
    <div className={styles.throughput}>
      {peers.length === 0 && <p className={styles.muted}>{say('noDevices')}</p>}
      {peers.length > 0 && (
        // It scrolls when there are many.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <ul tabIndex={0} aria-label={say('throughput')}>
          {peers.map((peer) => (
            <PeerRates key={peer.id} peer={peer} />
          ))}
        </ul>
      )}
    </div>
  );
}

const STILL = { down: formatRate(0), up: formatRate(0) };

function PeerRates({ peer }: { readonly peer: PeerView }): ReactNode {
  const { say } = useWords(ACTIVITY);
  const { down, up } = useRateText(`peer:${peer.id}`) ?? STILL;
  return (
    <li className={styles.rates}>
      <Hidden>{say('deviceRates', { name: peer.name, down, up })}</Hidden>
      <span aria-hidden="true" className={styles.ratesName}>
        <Name>{peer.name}</Name>
      </span>
      <span aria-hidden="true" className={styles.rate}>
        <ArrowDown />
        {down}
      </span>
      <span aria-hidden="true" className={styles.rate}>
        <ArrowUp />
        {up}
      </span>
    </li>
  );
}
