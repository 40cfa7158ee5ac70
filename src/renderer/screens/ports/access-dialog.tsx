/** Who may use a share; every tick takes effect at once. */
import type { ReactNode } from 'react';
import { COMMON } from '../../../shared/messages/common.ts';
import { PORTS } from '../../../shared/messages/ports.ts';
import { Button } from '../../design/button.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { Name } from '../../design/name.tsx';
import { Checkbox } from '../../design/toggle.tsx';
import { useAct, useStatus } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { mayUse } from '../add-device/grants.ts';

export interface AccessDialogProps {
  /** Id of the share. */
  readonly share: string;
  readonly onClose: () => void;
}

export function AccessDialog({ share: id, onClose }: AccessDialogProps): ReactNode {
  const { say, show } = useWords(PORTS);
  const common = useWords(COMMON);
  const act = useAct();
  const status = useStatus();
  const share = status?.shares.find((each) => each.id === id);
  if (share === undefined) return null;
  const peers = status?.peers ?? [];
  return (
    <Dialog
      title={show('accessTitle', { name: share.name })}
      description={say('accessBody')}
      onClose={onClose}
      footer={
        <Button look="primary" onClick={onClose}>
          {common.say('done')}
        </Button>
      }
    >
      {peers.length === 0 && <p>{say('noDevices')}</p>}
      <div role="group" aria-label={say('who')}>
        {peers.map((peer) => (
          <Checkbox
            key={peer.id}
            label={<Name>{peer.name}</Name>}
            checked={mayUse(share.access, peer.id)}
            onChange={(isAllowed) =>
              void act(isAllowed ? 'grant' : 'revoke', { peer: peer.id, share: id })
            }
          />
        ))}
      </div>
    </Dialog>
  );
}
