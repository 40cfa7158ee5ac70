/** Add a device. When it is closed, the code it showed is good for nothing. */
import type { ReactNode } from 'react';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { Dialog } from '../../design/dialog.tsx';
import { useWords } from '../../state/words.ts';
import { PairingFlow } from './pairing-flow.tsx';

export interface AddDeviceDialogProps {
  /** Id of a share that whoever uses the code may use. @default null */
  readonly grant?: string | null;
  /** What a link brought; it is shown, never used by itself. @default null */
  readonly code?: string | null;
  readonly onClose: () => void;
}

export function AddDeviceDialog({
  grant = null,
  code = null,
  onClose,
}: AddDeviceDialogProps): ReactNode {
  const { say } = useWords(PAIRING);
  const begin = code === null ? 'show' : 'enter';
  return (
    <Dialog title={say('title')} size="wide" onClose={onClose}>
      <PairingFlow key={grant} begin={begin} grant={grant} code={code} onDone={onClose} />
    </Dialog>
  );
}
