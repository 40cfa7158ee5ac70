/** Step 4: a first port, of the apps that run already. */
import { RefreshCw } from 'lucide-react';
import type { ReactNode } from 'react';
import { FIRST_RUN } from '../../../shared/messages/first-run.ts';
import type { ListeningPort } from '../../../shared/contract.ts';
import { Button } from '../../design/button.tsx';
import { Chip } from '../../design/chip.tsx';
import { Name } from '../../design/name.tsx';
import { RowList } from '../../design/row-list.tsx';
import { useListening } from '../../state/use-listening.ts';
import { useStatus } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { useShareDetected } from '../ports/use-share-detected.ts';
import { StepTitle } from './step-title.tsx';
import styles from './first-run.module.css';

export function ShareStep(): ReactNode {
  const { say } = useWords(FIRST_RUN);
  const { ports, rescan } = useListening();
  return (
    <div className={styles.step}>
      <StepTitle>{say('share')}</StepTitle>
      <p className={styles.muted}>{say('shareText')}</p>
      {ports === null && <output className={styles.muted}>{say('looking')}</output>}
      {ports?.length === 0 && <output className={styles.nothing}>{say('noApp')}</output>}
      {ports !== null && ports.length > 0 && (
        <RowList label={say('share')} className={styles.ports}>
          {ports.map((found) => (
            <FoundPort key={`${found.address} ${found.port}`} found={found} />
          ))}
        </RowList>
      )}
      <div>
        <Button icon={<RefreshCw aria-hidden="true" />} onClick={rescan}>
          {say('rescan')}
        </Button>
      </div>
    </div>
  );
}

function FoundPort({ found }: { readonly found: ListeningPort }): ReactNode {
  const { say } = useWords(FIRST_RUN);
  const share = useShareDetected(found);
  const isShared = useIsShared(found);
  const { port, process, label, address } = found;
  return (
    <li className={styles.port}>
      <span className={styles.number}>{port}</span>
      <span className={styles.what}>
        <Name>{label === '' ? (process?.name ?? address) : label}</Name>
        {process !== null && label !== '' && <Name className={styles.muted}>{process.name}</Name>}
      </span>
      {isShared ? (
        <Chip mood="good" shape="filled">
          {say('shared')}
        </Chip>
      ) : (
        <Button
          look="primary"
          size="small"
          aria-label={say('shareOneLabel', { port })}
          onClick={() => void share()}
        >
          {say('shareOne')}
        </Button>
      )}
    </li>
  );
}

/** The status tells of a share at once, the list of ports a while later. */
function useIsShared({ port, share }: ListeningPort): boolean {
  const shares = useStatus()?.shares ?? [];
  return share !== null || shares.some(({ target }) => target === `127.0.0.1:${port}`);
}
