/** The Devices page: all of them, or one closely. */
import { Plus } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { PeerView } from '../../../shared/contract.ts';
import { COMMON } from '../../../shared/messages/common.ts';
import { DEVICES } from '../../../shared/messages/devices.ts';
import { useNavigation, usePlace } from '../../app/use-navigation.ts';
import { Button } from '../../design/button.tsx';
import { EmptyState } from '../../design/empty-state.tsx';
import { RowList } from '../../design/row-list.tsx';
import { Screen } from '../../design/screen.tsx';
import { Section } from '../../design/section.tsx';
import { useStatus } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { FilterBox, matches, NothingMatches } from '../filter-box.tsx';
import { DeviceRow } from './device-row.tsx';
import { DeviceScreen } from './device-screen.tsx';

export function DevicesScreen(): ReactNode {
  const status = useStatus();
  const { peer: id } = usePlace();
  const peer = status?.peers.find((each) => each.id === id);
  if (peer !== undefined) return <DeviceScreen key={peer.id} peer={peer} />;
  return <DeviceList peers={status?.peers ?? null} />;
}

function DeviceList({ peers }: { readonly peers: readonly PeerView[] | null }): ReactNode {
  const { say } = useWords(DEVICES);
  const common = useWords(COMMON);
  const navigation = useNavigation();
  const [filter, setFilter] = useState('');
  const add = (): void => navigation.show({ kind: 'add-device', code: null, grant: null });
  const actions = (
    <>
      <FilterBox label={say('filterDevices')} value={filter} onChange={setFilter} />
      <Button look="primary" icon={<Plus aria-hidden="true" />} onClick={add}>
        {say('addDevice')}
      </Button>
    </>
  );
  return (
    <Screen title={common.say('devices')} actions={actions}>
      {peers !== null && peers.length === 0 && (
        <EmptyState
          picture="sea"
          title={say('emptyTitle')}
          body={say('emptyBody')}
          action={<Button onClick={add}>{say('addDevice')}</Button>}
        />
      )}
      {peers !== null && peers.length > 0 && (
        <Rows peers={peers} filter={filter} onClear={() => setFilter('')} />
      )}
    </Screen>
  );
}

function Rows({
  peers,
  filter,
  onClear,
}: {
  readonly peers: readonly PeerView[];
  readonly filter: string;
  readonly onClear: () => void;
}): ReactNode {
  const { say } = useWords(DEVICES);
  const shown = peers.filter(({ name, id }) => matches(filter, name, id));
  return (
    <Section title={say('pairedDevices')} count={peers.length}>
      {shown.length === 0 ? (
        <NothingMatches filter={filter} onClear={onClear} />
      ) : (
        <RowList label={say('pairedDevices')}>
          {shown.map((peer) => (
            <DeviceRow key={peer.id} peer={peer} />
          ))}
        </RowList>
      )}
    </Section>
  );
}
