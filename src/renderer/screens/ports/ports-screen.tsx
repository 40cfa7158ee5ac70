/** The Ports page: what this computer shares, what others share with it, and what it could share. */
import { Plus, RefreshCw } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import type { ReactNode } from 'react';
import type { ListeningPort, StatusView } from '../../../shared/contract.ts';
import { COMMON } from '../../../shared/messages/common.ts';
import { PORTS } from '../../../shared/messages/ports.ts';
import { useNavigation } from '../../app/use-navigation.ts';
import { Button } from '../../design/button.tsx';
import { EmptyState } from '../../design/empty-state.tsx';
import { IconButton } from '../../design/icon-button.tsx';
import { RowList } from '../../design/row-list.tsx';
import { Screen } from '../../design/screen.tsx';
import { Section } from '../../design/section.tsx';
import { useGradually } from '../../state/use-gradually.ts';
import { useListening } from '../../state/use-listening.ts';
import { useAct, useStatus } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { FilterBox, matches, NothingMatches } from '../filter-box.tsx';
import { DetectedRow } from './detected-row.tsx';
import { ForwardRow } from './forward-row.tsx';
import { shareState } from './share-state.ts';
import { ShareRow } from './share-row.tsx';
import { whoCanUse } from './who-can-use.ts';

export function PortsScreen(): ReactNode {
  const { say } = useWords(PORTS);
  const common = useWords(COMMON);
  const navigation = useNavigation();
  const status = useStatus();
  const { ports, rescan } = useListening();
  const [filter, setFilter] = useState('');
  const clear = (): void => setFilter('');
  // Typing goes first; the lists follow when there is time.
  const used = useDeferredValue(filter);
  const actions = (
    <>
      <FilterBox label={say('filterPorts')} value={filter} onChange={setFilter} />
      <Button
        look="primary"
        icon={<Plus aria-hidden="true" />}
        onClick={() => navigation.show({ kind: 'share', port: null })}
      >
        {say('shareAPort')}
      </Button>
    </>
  );
  return (
    <Screen title={common.say('ports')} actions={actions}>
      {status !== null && (
        <>
          <Shares status={status} ports={ports} filter={used} onClear={clear} />
          <Forwards status={status} ports={ports} filter={used} onClear={clear} />
          <Detected ports={ports} filter={used} onClear={clear} onRescan={rescan} />
        </>
      )}
    </Screen>
  );
}

interface PartProps {
  readonly status: StatusView;
  readonly ports: readonly ListeningPort[] | null;
  readonly filter: string;
  readonly onClear: () => void;
}

function Shares({ status, ports, filter, onClear }: PartProps): ReactNode {
  const { say } = useWords(PORTS);
  const navigation = useNavigation();
  const { shares, peers, sharing } = status;
  const shown = shares.filter(({ name, target }) => matches(filter, name, target));
  const rows = useGradually(shown.length);
  const share = (): void => navigation.show({ kind: 'share', port: null });
  return (
    <Section title={say('sharedHere')} count={shares.length} actions={<PauseAll status={status} />}>
      {shares.length === 0 ? (
        <EmptyState
          picture="sea"
          title={say('emptyTitle')}
          body={say('emptyBody')}
          action={<Button onClick={share}>{say('shareAPort')}</Button>}
        />
      ) : (
        <Filtered count={shown.length} filter={filter} onClear={onClear}>
          <RowList label={say('sharedHere')}>
            {shown.slice(0, rows).map((each) => (
              <ShareRow
                key={each.id}
                share={each}
                state={shareState(each, sharing)}
                process={ports?.find((found) => found.share === each.id)?.process?.name ?? null}
                who={whoCanUse(each.access, peers, say)}
              />
            ))}
          </RowList>
        </Filtered>
      )}
    </Section>
  );
}

/** One button for both, so that the focus stays on it. */
function PauseAll({ status: { shares, sharing } }: Pick<PartProps, 'status'>): ReactNode {
  const { say } = useWords(PORTS);
  const act = useAct();
  const next = sharing === 'paused' ? 'resume' : 'pause';
  if (next === 'pause' && !shares.some(({ state }) => state === 'live')) return null;
  return (
    <Button look="quiet" size="small" onClick={() => void act(next, { share: null })}>
      {say(next === 'pause' ? 'pauseAll' : 'resumeAll')}
    </Button>
  );
}

function Forwards({ status, ports, filter, onClear }: PartProps): ReactNode {
  const { say } = useWords(PORTS);
  const { forwards, peers } = status;
  const shown = forwards.filter((each) =>
    matches(filter, each.name, each.peerName, each.local, String(each.sharedPort)),
  );
  const rows = useGradually(shown.length);
  return (
    <Section title={say('onOthers')} count={forwards.length}>
      {forwards.length === 0 ? (
        <EmptyState title={say('emptyRemoteTitle')} body={say('emptyRemoteBody')} />
      ) : (
        <Filtered count={shown.length} filter={filter} onClear={onClear}>
          <RowList label={say('onOthers')}>
            {shown.slice(0, rows).map((each) => (
              <ForwardRow
                key={`${each.peer} ${each.share}`}
                forward={each}
                peer={peers.find(({ id }) => id === each.peer)?.state}
                holder={ports?.find(({ port }) => port === each.sharedPort)?.process ?? null}
              />
            ))}
          </RowList>
        </Filtered>
      )}
    </Section>
  );
}

interface DetectedProps {
  readonly ports: readonly ListeningPort[] | null;
  readonly filter: string;
  readonly onClear: () => void;
  readonly onRescan: () => void;
}

function Detected({ ports, filter, onClear, onRescan }: DetectedProps): ReactNode {
  const { say } = useWords(PORTS);
  const unshared = ports?.filter(({ share }) => share === null) ?? [];
  const shown = unshared.filter((each) =>
    matches(filter, String(each.port), each.label, each.process?.name ?? ''),
  );
  const rows = useGradually(shown.length);
  const rescan = (
    <IconButton label={say('rescan')} tip={`${say('rescan')} (F5)`} onClick={onRescan}>
      <RefreshCw aria-hidden="true" />
    </IconButton>
  );
  return (
    <Section title={say('detected')} count={unshared.length} actions={rescan}>
      {unshared.length === 0 ? (
        <EmptyState title={ports === null ? say('looking') : say('noneDetected')} />
      ) : (
        <Filtered count={shown.length} filter={filter} onClear={onClear}>
          <RowList label={say('detected')}>
            {shown.slice(0, rows).map((found) => (
              <DetectedRow key={`${found.address} ${found.port}`} found={found} />
            ))}
          </RowList>
        </Filtered>
      )}
    </Section>
  );
}

/** What the filter leaves, or that it leaves nothing. */
function Filtered({
  count,
  filter,
  onClear,
  children,
}: {
  readonly count: number;
  readonly filter: string;
  readonly onClear: () => void;
  readonly children: ReactNode;
}): ReactNode {
  if (count > 0) return children;
  return <NothingMatches filter={filter} onClear={onClear} />;
}
