/** The dialog that lies over the page, if one does. */
import type { ReactNode } from 'react';
import { AddDeviceDialog } from '../screens/add-device/add-device-dialog.tsx';
import { RemoveDialog } from '../screens/devices/remove-dialog.tsx';
import { RenameDialog } from '../screens/devices/rename-dialog.tsx';
import { AccessDialog } from '../screens/ports/access-dialog.tsx';
import { LocalPortDialog } from '../screens/ports/local-port-dialog.tsx';
import { ShareDialog } from '../screens/ports/share-dialog.tsx';
import { useStore } from '../state/store.ts';
import { ShortcutsDialog } from './shortcuts-dialog.tsx';
import { useNavigation } from './use-navigation.ts';

export function Overlays(): ReactNode {
  const navigation = useNavigation();
  const overlay = useStore(navigation.overlay);
  const onClose = (): void => navigation.closeOverlay();
  switch (overlay.kind) {
    case 'none':
      return null;
    case 'add-device':
      return <AddDeviceDialog code={overlay.code} grant={overlay.grant} onClose={onClose} />;
    case 'share':
      return <ShareDialog port={overlay.port} onClose={onClose} />;
    case 'access':
      return <AccessDialog share={overlay.share} onClose={onClose} />;
    case 'local-port':
      return <LocalPortDialog share={overlay.share} peer={overlay.peer} onClose={onClose} />;
    case 'rename':
      return <RenameDialog peer={overlay.peer} onClose={onClose} />;
    case 'remove':
      return <RemoveDialog peer={overlay.peer} onClose={onClose} />;
    case 'shortcuts':
      return <ShortcutsDialog onClose={onClose} />;
  }
}
