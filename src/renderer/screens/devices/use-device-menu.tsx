/** What can be done with a device. */
import { Copy, Pencil, RefreshCw, Trash2 } from 'lucide-react';
import type { PeerView } from '../../../shared/contract.ts';
import { DEVICES } from '../../../shared/messages/devices.ts';
import { useNavigation } from '../../app/use-navigation.ts';
import { useCopy } from '../../design/copy-button.tsx';
import type { MenuItem } from '../../design/menu.tsx';
import { useAct } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';

export function useDeviceMenu({ id }: PeerView): readonly MenuItem[] {
  const { say } = useWords(DEVICES);
  const navigation = useNavigation();
  const act = useAct();
  const { copy } = useCopy();
  return [
    {
      key: 'reconnect',
      label: say('reconnect'),
      icon: <RefreshCw />,
      onSelect: () => void act('reconnect', { peer: id }),
    },
    {
      key: 'copy',
      label: say('copyDeviceId'),
      icon: <Copy />,
      onSelect: () => void copy(id),
    },
    {
      key: 'rename',
      label: `${say('rename')}…`,
      icon: <Pencil />,
      onSelect: () => navigation.show({ kind: 'rename', peer: id }),
    },
    {
      key: 'remove',
      label: `${say('removeDevice')}…`,
      icon: <Trash2 />,
      look: 'danger',
      onSelect: () => navigation.show({ kind: 'remove', peer: id }),
    },
  ];
}
