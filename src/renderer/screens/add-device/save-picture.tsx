/** Saves a code as a picture, with the name of this computer under it. */
import { ImageDown } from 'lucide-react';
import type { ReactNode } from 'react';
import { COMMON } from '../../../shared/messages/common.ts';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { Button } from '../../design/button.tsx';
import { usePage, useStatus } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { download } from '../download.ts';
import { qrPicture } from './qr-picture.ts';

export interface SavePictureProps {
  readonly text: string;
  /** Without its ending. */
  readonly fileName: string;
}

export function SavePicture({ text, fileName }: SavePictureProps): ReactNode {
  const { say } = useWords(PAIRING);
  const { say: sayCommon } = useWords(COMMON);
  const { toasts } = usePage();
  const name = useStatus()?.deviceName ?? say('thisComputer');
  const save = async (): Promise<void> => {
    try {
      const picture = await qrPicture(text, say('pictureCaption', { name }));
      download(`${fileName}.png`, picture);
    } catch {
      toasts.add({ kind: 'failed', text: sayCommon('failed'), code: null });
    }
  };
  return (
    <Button icon={<ImageDown aria-hidden="true" />} onClick={() => void save()}>
      {say('savePicture')}
    </Button>
  );
}
