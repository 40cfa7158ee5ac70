/** The one thing that can be done about the state of a device, if there is one. */
import type { ReactNode } from 'react';
import type { PeerView } from '../../../shared/contract.ts';
import { DEVICES } from '../../../shared/messages/devices.ts';
import { useNavigation } from '../../app/use-navigation.ts';
import { Button } from '../../design/button.tsx';
import { useAct } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { deviceState } from './device-state.ts';

export function DeviceNotice({ peer }: { readonly peer: PeerView }): ReactNode {
  const { say } = useWords(DEVICES);
  const navigation = useNavigation();
  const act = useAct();
  const { id, obstacle } = peer;
  const state = deviceState(peer);
  const remove = (): void => navigation.show({ kind: 'remove', peer: id });
  if (state === 'removedState' || (state === 'blocked' && obstacle === 'E_IDENTITY')) {
    return <Notice label={say('removeAndPair')} onClick={remove} />;
  }
  if (state !== 'offline') return null;
  if (obstacle === 'E_UDP_BLOCKED') {
    return <Notice label={say('setUpRelay')} onClick={() => navigation.go('settings')} />;
  }
  return <Notice label={say('tryNow')} onClick={() => void act('reconnect', { peer: id })} />;
}

function Notice({
  label,
  onClick,
}: {
  readonly label: string;
  readonly onClick: () => void;
}): ReactNode {
  return (
    <Button look="quiet" size="small" onClick={onClick}>
      {label}
    </Button>
  );
}
