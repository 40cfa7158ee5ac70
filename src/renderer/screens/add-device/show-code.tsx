/** The tab that shows a code: as a picture, as a link, or as what is carried by hand. */
import { RefreshCw, Unplug } from 'lucide-react';
import type { ReactNode } from 'react';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { Banner } from '../../design/banner.tsx';
import { Button } from '../../design/button.tsx';
import { CopyButton } from '../../design/copy-button.tsx';
import { Name } from '../../design/name.tsx';
import { QrCode } from '../../design/qr-code.tsx';
import { useStatus } from '../../state/use-page.ts';
import { useLanguage, useWords } from '../../state/words.ts';
import styles from './add-device.module.css';
import { ByHand } from './by-hand.tsx';
import { CodeLife } from './code-life.tsx';
import { CodeOver } from './code-over.tsx';
import type { Host } from './pairing-flow.tsx';
import type { PairingStage } from './pairing-stage.ts';
import { SavePicture } from './save-picture.tsx';
import { sayWarning } from './said-warnings.ts';
import { WorksOn } from './works-on.tsx';

export interface ShowCodeProps {
  readonly host: Host;
  /** Id of a share that whoever uses the code may use. */
  readonly grant: string | null;
}

export function ShowCode({ host, grant }: ShowCodeProps): ReactNode {
  const { say } = useWords(PAIRING);
  const { mode, pairing, renew } = host;
  const stage = pairing?.stage;
  if (stage?.kind === 'failed') {
    return <CodeOver {...stage} onRenew={() => renew(mode)} onByHand={() => renew('offline')} />;
  }
  if (pairing === null || stage?.kind !== 'shown') {
    return <output className={styles.making}>{say('makingCode')}</output>;
  }
  if (stage.mode === 'offline') {
    return <ByHand pairing={pairing} stage={stage} onOnline={() => renew('online')} />;
  }
  return (
    <div className={styles.column}>
      <Grant share={grant} />
      <Invite stage={stage} />
      <Warning text={pairing.warning} />
      <div className={styles.row}>
        <Button
          look="quiet"
          size="small"
          icon={<RefreshCw aria-hidden="true" />}
          onClick={() => renew('online')}
        >
          {say('newCode')}
        </Button>
        <Button
          look="quiet"
          size="small"
          icon={<Unplug aria-hidden="true" />}
          onClick={() => renew('offline')}
        >
          {say('byHand')}
        </Button>
      </div>
    </div>
  );
}

type Shown = Extract<PairingStage, { kind: 'shown' }>;

function Invite({ stage }: { readonly stage: Shown }): ReactNode {
  const { say } = useWords(PAIRING);
  return (
    <div className={styles.split}>
      <div className={styles.qr}>
        <QrCode text={stage.link} label={say('qrLabel')} />
      </div>
      <div className={styles.column}>
        <p>{say('showIntro')}</p>
        <div className={styles.row}>
          <CopyButton text={stage.link} label={say('copyLink')} look="primary" />
          <SavePicture text={stage.link} fileName="porthole-code" />
        </div>
        <CodeLife expiresAt={stage.expiresAt} />
        <WorksOn />
        <p className={styles.muted}>{say('keepSecret')}</p>
      </div>
    </div>
  );
}

function Grant({ share }: { readonly share: string | null }): ReactNode {
  const { show } = useWords(PAIRING);
  const name = useStatus()?.shares.find(({ id }) => id === share)?.name;
  if (name === undefined) return null;
  return (
    <p>{show('showIntroShare', { share: <Name className={styles.inlineName}>{name}</Name> })}</p>
  );
}

/** What somebody else did with the code that is shown. */
function Warning({ text }: { readonly text: string | null }): ReactNode {
  const language = useLanguage();
  return (
    <div role="alert" className={styles.full}>
      {text !== null && <Banner mood="wait" title={sayWarning(text, language)} />}
    </div>
  );
}
