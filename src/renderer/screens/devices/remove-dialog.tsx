/** Asks before a device loses its access. */
import { useRef } from 'react';
import type { ReactNode } from 'react';
import { COMMON } from '../../../shared/messages/common.ts';
import { DEVICES } from '../../../shared/messages/devices.ts';
import { useNavigation } from '../../app/use-navigation.ts';
import { Button } from '../../design/button.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { useAct, usePage, useStatus } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';

export interface PeerDialogProps {
  /** Short device id. */
  readonly peer: string;
  readonly onClose: () => void;
}

export function RemoveDialog({ peer: id, onClose }: PeerDialogProps): ReactNode {
  const { say, show } = useWords(DEVICES);
  const common = useWords(COMMON);
  const { toasts } = usePage();
  const navigation = useNavigation();
  const act = useAct();
  const cancel = useRef<HTMLButtonElement>(null);
  const peer = useStatus()?.peers.find((each) => each.id === id);
  if (peer === undefined) return null;
  const { name } = peer;
  const remove = async (): Promise<void> => {
    onClose();
    const outcome = await act('forget', { peer: id });
    if (!outcome.ok) return;
    toasts.add({ kind: 'done', text: show('removed', { peer: name }), code: null });
    if (navigation.place.get().peer === id) navigation.go('devices');
  };
  return (
    <Dialog
      title={show('removeTitle', { peer: name })}
      description={say('removeBody')}
      initialFocus={cancel}
      onClose={onClose}
      footer={
        <>
          <Button ref={cancel} onClick={onClose}>
            {common.say('cancel')}
          </Button>
          <Button look="danger" onClick={() => void remove()}>
            {say('remove')}
          </Button>
        </>
      }
    />
  );
}
