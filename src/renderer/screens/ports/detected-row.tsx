/** A port that an app of this computer listens on, and that one click shares. */
import { memo } from 'react';
import type { ReactNode } from 'react';
import type { ListeningPort } from '../../../shared/contract.ts';
import { PORTS } from '../../../shared/messages/ports.ts';
import { Button } from '../../design/button.tsx';
import { cx } from '../../design/cx.ts';
import { Name } from '../../design/name.tsx';
import { useWords } from '../../state/words.ts';
import styles from './port-row.module.css';
import { useShareDetected } from './use-share-detected.ts';

export const DetectedRow = memo(function DetectedRow({
  found,
}: {
  readonly found: ListeningPort;
}): ReactNode {
  const { say } = useWords(PORTS);
  const share = useShareDetected(found);
  const { port, process, label, address } = found;
  const title = label === '' ? (process?.name ?? address) : label;
  return (
    <li className={cx(styles.row, styles.detected)}>
      <span className={styles.port}>{port}</span>
      <div className={styles.main}>
        <Name className={styles.name}>{title}</Name>
        <p className={styles.meta}>
          {process !== null && title !== process.name && <Name>{process.name}</Name>}
          {title !== address && <Name>{address}</Name>}
        </p>
      </div>
      <div className={styles.actions}>
        <Button size="small" aria-label={say('shareNamed', { port })} onClick={() => void share()}>
          {say('share')}
        </Button>
      </div>
    </li>
  );
});
