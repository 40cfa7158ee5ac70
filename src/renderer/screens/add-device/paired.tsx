/** The two know each other: what can the new device use? */
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { PeerView, ShareView } from '../../../shared/contract.ts';
import { COMMON } from '../../../shared/messages/common.ts';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { Button } from '../../design/button.tsx';
import { Name } from '../../design/name.tsx';
import { PortholeScene } from '../../design/porthole-scene.tsx';
import { Checkbox } from '../../design/toggle.tsx';
import { useAct, useStatus } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import styles from './add-device.module.css';
import { mayUse, offered } from './grants.ts';
import { StageHeading } from './stage-heading.tsx';

export interface PairedProps {
  readonly peer: PeerView;
  readonly name: string;
  readonly onDone: () => void;
}

export function Paired({ peer, name, onDone }: PairedProps): ReactNode {
  const { say, show } = useWords(PAIRING);
  const { say: sayCommon } = useWords(COMMON);
  const shares = offered(useStatus()?.shares ?? []);
  return (
    <div className={styles.column}>
      <div className={styles.stage}>
        <PortholeScene className={styles.scene} />
        <StageHeading>
          {show('pairedTitle', { name: <Name className={styles.inlineName}>{name}</Name> })}
        </StageHeading>
        <p className={styles.muted}>{say('pairedText')}</p>
      </div>
      <fieldset className={styles.grants}>
        <legend>
          {show('canUse', { name: <Name className={styles.inlineName}>{name}</Name> })}
        </legend>
        {shares.length === 0 && <p className={styles.muted}>{say('canUseNothing')}</p>}
        {shares.map((share) => (
          <Grant key={share.id} share={share} peer={peer} />
        ))}
      </fieldset>
      <div className={styles.end}>
        <Button look="primary" onClick={onDone}>
          {sayCommon('done')}
        </Button>
      </div>
    </div>
  );
}

/** Takes effect at once. What was just chosen is shown until the engine tells the same. */
function Grant({ share, peer }: { readonly share: ShareView; readonly peer: PeerView }): ReactNode {
  const act = useAct();
  const [wanted, setWanted] = useState<boolean | null>(null);
  const change = async (isGranted: boolean): Promise<void> => {
    setWanted(isGranted);
    const params = { peer: peer.id, share: share.id };
    await act(isGranted ? 'grant' : 'revoke', params);
    setWanted(null);
  };
  return (
    <Checkbox
      label={<Name>{share.name}</Name>}
      hint={<span className={styles.target}>{share.target}</span>}
      checked={wanted ?? mayUse(share.access, peer.id)}
      onChange={(isGranted) => void change(isGranted)}
    />
  );
}
