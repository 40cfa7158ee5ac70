/** Calls a device by another name on this computer. */
import { useState } from 'react';
import type { ReactNode } from 'react';
import { COMMON } from '../../../shared/messages/common.ts';
import { DEVICES } from '../../../shared/messages/devices.ts';
import { Button } from '../../design/button.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { Field, TextInput } from '../../design/field.tsx';
import { useAct, useStatus } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import type { PeerDialogProps } from './remove-dialog.tsx';

export function RenameDialog({ peer: id, onClose }: PeerDialogProps): ReactNode {
  const { say, show } = useWords(DEVICES);
  const common = useWords(COMMON);
  const act = useAct();
  const peer = useStatus()?.peers.find((each) => each.id === id);
  const [name, setName] = useState(peer?.name ?? '');
  if (peer === undefined) return null;
  const rename = async (): Promise<void> => {
    const outcome = await act('rename', { peer: id, name: name.trim() });
    if (outcome.ok) onClose();
  };
  return (
    <Dialog
      title={show('renameTitle', { peer: peer.name })}
      onClose={onClose}
      onSubmit={() => void rename()}
      footer={
        <>
          <Button onClick={onClose}>{common.say('cancel')}</Button>
          <Button type="submit" look="primary">
            {say('rename')}
          </Button>
        </>
      }
    >
      <Field label={say('nameHere')} hint={say('renameHint')}>
        <TextInput
          value={name}
          maxLength={64}
          onChange={(event) => setName(event.target.value)}
          onFocus={(event) => event.target.select()}
        />
      </Field>
    </Dialog>
  );
}
