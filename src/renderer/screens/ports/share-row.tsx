/** A port that this computer shares. */
import { CirclePause, CirclePlay, CircleStop, QrCode, Users } from 'lucide-react';
import { memo } from 'react';
import type { ReactNode } from 'react';
import type { ShareView } from '../../../shared/contract.ts';
import { CONDITION_VISIBLE_MS } from '../../../shared/page-limits.ts';
import { COMMON } from '../../../shared/messages/common.ts';
import { PORTS } from '../../../shared/messages/ports.ts';
import { useNavigation } from '../../app/use-navigation.ts';
import { Chip } from '../../design/chip.tsx';
import { CopyButton } from '../../design/copy-button.tsx';
import { cx } from '../../design/cx.ts';
import { IconButton } from '../../design/icon-button.tsx';
import { Menu } from '../../design/menu.tsx';
import type { MenuItem } from '../../design/menu.tsx';
import { Name } from '../../design/name.tsx';
import { Sparkline } from '../../design/sparkline.tsx';
import { useLasting } from '../../state/use-lasting.ts';
import { useAct, usePage } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import styles from './port-row.module.css';
import { portOf, STATE_LOOKS } from './share-state.ts';
import type { PortState } from './share-state.ts';

export interface ShareRowProps {
  readonly share: ShareView;
  readonly state: PortState;
  /** Name of the app that listens there, if it is known. */
  readonly process: string | null;
  readonly who: string;
}

export const ShareRow = memo(function ShareRow(props: ShareRowProps): ReactNode {
  const { share, state, process, who } = props;
  const { say, show } = useWords(PORTS);
  const isDown = useLasting(state === 'waiting', CONDITION_VISIBLE_MS);
  const { mood, shape } = STATE_LOOKS[state];
  return (
    <li className={cx(styles.row, state !== 'live' && styles.resting)}>
      <Name className={styles.port}>{portOf(share.target)}</Name>
      <div className={styles.main}>
        <Name className={styles.name}>{share.name}</Name>
        <p className={styles.meta}>
          {process !== null && <Name>{process}</Name>}
          <bdi>{who}</bdi>
        </p>
      </div>
      <div className={styles.spark}>
        <Sparkline rateKey={`share:${share.id}`} />
      </div>
      <span className={styles.chip}>
        <Chip mood={mood} shape={shape}>
          {say(state)}
        </Chip>
      </span>
      <ShareActions share={share} />
      <p className={styles.note}>{isDown && show('targetDown', { target: share.target })}</p>
    </li>
  );
});

function ShareActions({ share }: { readonly share: ShareView }): ReactNode {
  const { say } = useWords(PORTS);
  const common = useWords(COMMON);
  const navigation = useNavigation();
  const { name, id, target } = share;
  const showCode = (): void => navigation.show({ kind: 'add-device', code: null, grant: id });
  return (
    <div className={styles.actions} role="group" aria-label={say('actionsOf', { name })}>
      <CopyButton
        text={target}
        label={say('copyAddressOf', { name })}
        tip={`${say('copyAddress')}: ${target}`}
      />
      <IconButton label={say('showQrOf', { name })} tip={say('showQr')} onClick={showCode}>
        <QrCode aria-hidden="true" />
      </IconButton>
      <Menu
        label={common.say('moreFor', { name })}
        tip={common.say('more')}
        items={useShareMenu(share)}
      />
    </div>
  );
}

function useShareMenu({ id, name, state, target }: ShareView): readonly MenuItem[] {
  const { say, show } = useWords(PORTS);
  const act = useAct();
  const navigation = useNavigation();
  const { toasts } = usePage();
  const stop = async (): Promise<void> => {
    const outcome = await act('unshare', { share: id });
    if (!outcome.ok) return;
    toasts.add({ kind: 'done', text: show('sharingStopped', { name }), code: null });
  };
  const change: Readonly<Record<ShareView['state'], MenuItem>> = {
    live: {
      key: 'pause',
      label: say('pause'),
      icon: <CirclePause />,
      onSelect: () => void act('pause', { share: id }),
    },
    paused: {
      key: 'resume',
      label: say('resume'),
      icon: <CirclePlay />,
      onSelect: () => void act('resume', { share: id }),
    },
    stopped: {
      key: 'again',
      label: say('shareAgain'),
      icon: <CirclePlay />,
      onSelect: () => void act('share', { target, name, peers: [], lan: 'allow-lan' }),
    },
  };
  return [
    change[state],
    {
      key: 'who',
      label: say('whoCanUse'),
      icon: <Users />,
      onSelect: () => navigation.show({ kind: 'access', share: id }),
    },
    {
      key: 'stop',
      label: say('stopSharing'),
      icon: <CircleStop />,
      look: 'danger',
      onSelect: () => void stop(),
    },
  ];
}
