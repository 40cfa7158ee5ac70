/** A paired device. */
import { ChevronRight } from 'lucide-react';
import { memo } from 'react';
import type { ReactNode } from 'react';
import type { PeerView } from '../../../shared/contract.ts';
import { COMMON } from '../../../shared/messages/common.ts';
import { DEVICES } from '../../../shared/messages/devices.ts';
import { useNavigation } from '../../app/use-navigation.ts';
import { Avatar } from '../../design/avatar.tsx';
import { Chip } from '../../design/chip.tsx';
import { IconButton } from '../../design/icon-button.tsx';
import { Menu } from '../../design/menu.tsx';
import { Name } from '../../design/name.tsx';
import { useWords } from '../../state/words.ts';
import { DeviceNotice } from './device-notice.tsx';
import styles from './device-row.module.css';
import { DeviceSentence } from './device-sentence.tsx';
import { DEVICE_LOOKS, deviceState } from './device-state.ts';
import { useDeviceMenu } from './use-device-menu.tsx';

export const DeviceRow = memo(function DeviceRow({ peer }: { readonly peer: PeerView }): ReactNode {
  const { say } = useWords(DEVICES);
  const common = useWords(COMMON);
  const navigation = useNavigation();
  const { name } = peer;
  const state = deviceState(peer);
  const { mood, shape } = DEVICE_LOOKS[state];
  const items = useDeviceMenu(peer);
  const open = (): void => navigation.go('devices', peer.id);
  return (
    <li className={styles.row}>
      <span className={styles.avatar}>
        <Avatar name={name} mood={mood} />
      </span>
      <div className={styles.main}>
        <button type="button" className={styles.name} onClick={open}>
          <Name>{name}</Name>
        </button>
        <p className={styles.sentence}>
          <DeviceSentence peer={peer} />
        </p>
        <DeviceNotice peer={peer} />
      </div>
      <span className={styles.chip}>
        <Chip mood={mood} shape={shape}>
          {say(state)}
        </Chip>
      </span>
      <div className={styles.actions}>
        <Menu label={common.say('moreFor', { name })} tip={common.say('more')} items={items} />
        <IconButton
          label={say('details', { peer: name })}
          tip={common.say('details')}
          onClick={open}
        >
          <ChevronRight aria-hidden="true" />
        </IconButton>
      </div>
    </li>
  );
});
