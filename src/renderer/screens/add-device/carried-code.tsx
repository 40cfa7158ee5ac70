/** A long code that goes to the other computer by hand: as a picture where it fits, and as text. */
import { Download } from 'lucide-react';
import type { ReactNode } from 'react';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { Button } from '../../design/button.tsx';
import { CopyButton } from '../../design/copy-button.tsx';
import { Field, TextArea } from '../../design/field.tsx';
import { QrCode } from '../../design/qr-code.tsx';
import { useWords } from '../../state/words.ts';
import styles from './add-device.module.css';
import { download } from '../download.ts';
import { fitsPicture } from './qr-picture.ts';
import { SavePicture } from './save-picture.tsx';

export interface CarriedCodeProps {
  readonly code: string;
  readonly label: string;
  readonly copyLabel: string;
  /** Without its ending. */
  readonly fileName: string;
}

export function CarriedCode({ code, label, copyLabel, fileName }: CarriedCodeProps): ReactNode {
  const { say } = useWords(PAIRING);
  const hasPicture = fitsPicture(code);
  const save = (): void => download(`${fileName}.txt`, new Blob([code], { type: 'text/plain' }));
  return (
    <div className={styles.split}>
      {hasPicture && (
        <div className={styles.qr}>
          <QrCode text={code} label={label} />
        </div>
      )}
      <div className={styles.column}>
        <Field label={label}>
          <TextArea
            readOnly
            value={code}
            className={styles.code}
            onFocus={(event) => event.currentTarget.select()}
          />
        </Field>
        {!hasPicture && <p className={styles.muted}>{say('qrTooLong')}</p>}
        <div className={styles.row}>
          <CopyButton text={code} label={copyLabel} look="plain" />
          <Button icon={<Download aria-hidden="true" />} onClick={save}>
            {say('saveFile')}
          </Button>
          {hasPicture && <SavePicture text={code} fileName={fileName} />}
        </div>
      </div>
    </div>
  );
}
