/** A port of another device, as it is reached on this computer. */
import { Cable, ExternalLink, Unplug } from 'lucide-react';
import { memo } from 'react';
import type { ReactNode } from 'react';
import type { ForwardView, PeerView } from '../../../shared/contract.ts';
import { CONDITION_VISIBLE_MS } from '../../../shared/page-limits.ts';
import { COMMON } from '../../../shared/messages/common.ts';
import { PORTS } from '../../../shared/messages/ports.ts';
import { useNavigation } from '../../app/use-navigation.ts';
import { Button } from '../../design/button.tsx';
import { Chip } from '../../design/chip.tsx';
import { CopyButton } from '../../design/copy-button.tsx';
import { cx } from '../../design/cx.ts';
import { IconButton } from '../../design/icon-button.tsx';
import { Menu } from '../../design/menu.tsx';
import { Name } from '../../design/name.tsx';
import { Sparkline } from '../../design/sparkline.tsx';
import { useLasting } from '../../state/use-lasting.ts';
import { useAct } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import styles from './port-row.module.css';
import { forwardState, portOf, STATE_LOOKS } from './share-state.ts';
import type { PortState } from './share-state.ts';

export interface ForwardRowProps {
  readonly forward: ForwardView;
  readonly peer: PeerView['state'] | undefined;
  /** Who has the port that it would have had, where that is known. */
  readonly holder: { readonly name: string; readonly pid: number } | null;
}

export const ForwardRow = memo(function ForwardRow(props: ForwardRowProps): ReactNode {
  const { forward, peer } = props;
  const { say, show } = useWords(PORTS);
  const state = forwardState(forward, peer);
  const { mood, shape } = STATE_LOOKS[state];
  const { name, peerName } = forward;
  return (
    <li className={cx(styles.row, state !== 'live' && styles.resting)}>
      <span className={styles.port}>{portOf(forward.local)}</span>
      <div className={styles.main}>
        <Name className={styles.name}>{name}</Name>
        <p className={styles.meta}>
          <span title={peerName.slice(0, 200)}>
            {show('from', { peer: peerName, port: forward.sharedPort })}
          </span>
        </p>
      </div>
      <div className={styles.spark}>
        <Sparkline rateKey={`forward:${forward.share}:${forward.peer}`} />
      </div>
      <span className={styles.chip}>
        <Chip mood={mood} shape={shape}>
          {say(state)}
        </Chip>
      </span>
      <ForwardActions forward={forward} />
      <ForwardNote {...props} state={state} />
    </li>
  );
});

function ForwardActions({ forward }: { readonly forward: ForwardView }): ReactNode {
  const { say } = useWords(PORTS);
  const common = useWords(COMMON);
  const act = useAct();
  const navigation = useNavigation();
  const { name, local, share, peer } = forward;
  const open = async (): Promise<void> => {
    const outcome = await act('openForward', { local });
    if (outcome.ok && outcome.value.url !== null) {
      window.open(outcome.value.url, '_blank', 'noopener,noreferrer');
    }
  };
  const items = [
    {
      key: 'port',
      label: say('changePort'),
      icon: <Cable />,
      onSelect: () => navigation.show({ kind: 'local-port', share, peer }),
    },
    {
      key: 'disconnect',
      label: say('disconnect'),
      icon: <Unplug />,
      look: 'danger' as const,
      onSelect: () => void act('disconnect', { forward: local }),
    },
  ];
  return (
    <div className={styles.actions} role="group" aria-label={say('actionsOf', { name })}>
      <IconButton label={say('openNamed', { name })} tip={say('open')} onClick={() => void open()}>
        <ExternalLink aria-hidden="true" />
      </IconButton>
      <CopyButton
        text={local}
        label={say('copyAddressOf', { name })}
        tip={`${say('copyAddress')}: ${local}`}
      />
      <Menu label={common.say('moreFor', { name })} tip={common.say('more')} items={items} />
    </div>
  );
}

/** What a person should know about it: another port, or why it does not work. */
function ForwardNote({
  forward,
  peer,
  holder,
  state,
}: ForwardRowProps & { readonly state: PortState }): ReactNode {
  const { show } = useWords(PORTS);
  const { peerName, sharedPort } = forward;
  const hasLasted = useLasting(state !== 'live', CONDITION_VISIBLE_MS);
  if (state === 'live') return <MovedNote forward={forward} holder={holder} />;
  const shown = { peer: peerName, port: sharedPort };
  return (
    <p className={styles.note}>
      {hasLasted && forward.state === 'down' && show('peerTargetDown', { peer: peerName })}
      {hasLasted && state === 'error' && show('notAllowed', shown)}
      {hasLasted && peer === 'offline' && show('peerOffline', { peer: peerName })}
    </p>
  );
}

function MovedNote({ forward, holder }: Pick<ForwardRowProps, 'forward' | 'holder'>): ReactNode {
  const { say, show } = useWords(PORTS);
  const navigation = useNavigation();
  const { why, share, peer, sharedPort } = forward;
  if (why !== 'taken' && why !== 'privileged') return <p className={styles.note} />;
  const other = portOf(forward.local);
  const busy =
    holder === null
      ? show('busy', { port: sharedPort, other })
      : show('busyBy', { port: sharedPort, other, process: holder.name, pid: holder.pid });
  return (
    <div className={styles.note}>
      <p>{why === 'taken' ? busy : show('privileged', { other })}</p>{' '}
      <Button
        look="quiet"
        size="small"
        onClick={() => navigation.show({ kind: 'local-port', share, peer })}
      >
        {say('change')}
      </Button>
    </div>
  );
}
