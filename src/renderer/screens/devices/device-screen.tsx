/** All about one device: how it is reached, how well, and what it may use. */
import { ArrowLeft, RefreshCw } from 'lucide-react';
import type { ReactNode } from 'react';
import type { PeerView } from '../../../shared/contract.ts';
import { DEVICES } from '../../../shared/messages/devices.ts';
import { PORTS } from '../../../shared/messages/ports.ts';
import { useNavigation } from '../../app/use-navigation.ts';
import { Button } from '../../design/button.tsx';
import { Chip } from '../../design/chip.tsx';
import { CopyButton } from '../../design/copy-button.tsx';
import { IconButton } from '../../design/icon-button.tsx';
import { Name } from '../../design/name.tsx';
import { RateChart } from '../../design/rate-chart.tsx';
import type { PickValue } from '../../design/rate-chart.tsx';
import { Screen } from '../../design/screen.tsx';
import { Section } from '../../design/section.tsx';
import { Checkbox } from '../../design/toggle.tsx';
import { formatRate, formatShare } from '../../state/format.ts';
import { useAct, useStatus } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { mayUse, offered } from '../add-device/grants.ts';
import { DeviceNotice } from './device-notice.tsx';
import styles from './device-screen.module.css';
import { DeviceSentence } from './device-sentence.tsx';
import { DEVICE_LOOKS, deviceState } from './device-state.ts';
import { PathDiagram } from './path-diagram.tsx';
import { useWhen } from './use-when.ts';

export function DeviceScreen({ peer }: { readonly peer: PeerView }): ReactNode {
  const { say } = useWords(DEVICES);
  const navigation = useNavigation();
  const back = (
    <IconButton label={say('backToDevices')} onClick={() => navigation.go('devices')}>
      <ArrowLeft aria-hidden="true" />
    </IconButton>
  );
  return (
    <Screen title={<Name>{peer.name}</Name>} before={back} actions={<Actions peer={peer} />}>
      <Section title={say('path')}>
        <State peer={peer} />
        <PathDiagram peer={peer} />
      </Section>
      <Section title={say('lastMinute')}>
        <Charts peer={peer} />
      </Section>
      <Section title={say('about')}>
        <Facts peer={peer} />
      </Section>
      <Grants peer={peer} />
    </Screen>
  );
}

function Actions({ peer: { id } }: { readonly peer: PeerView }): ReactNode {
  const { say } = useWords(DEVICES);
  const navigation = useNavigation();
  const act = useAct();
  return (
    <>
      <Button
        icon={<RefreshCw aria-hidden="true" />}
        onClick={() => void act('reconnect', { peer: id })}
      >
        {say('reconnect')}
      </Button>
      <Button onClick={() => navigation.show({ kind: 'rename', peer: id })}>{say('rename')}</Button>
      <Button onClick={() => navigation.show({ kind: 'remove', peer: id })}>
        {say('removeDevice')}
      </Button>
    </>
  );
}

function State({ peer }: { readonly peer: PeerView }): ReactNode {
  const { say } = useWords(DEVICES);
  const state = deviceState(peer);
  const { mood, shape } = DEVICE_LOOKS[state];
  return (
    <div className={styles.state}>
      <Chip mood={mood} shape={shape}>
        {say(state)}
      </Chip>
      <p className={styles.sentence} role="status">
        <DeviceSentence peer={peer} />
      </p>
      <DeviceNotice peer={peer} />
    </div>
  );
}

const ROUND_TRIP: readonly PickValue[] = [(point) => point.roundTripMs];
const LOSS: readonly PickValue[] = [(point) => point.loss];
const THROUGHPUT: readonly PickValue[] = [(point) => point.received, (point) => point.sent];

function Charts({ peer: { id } }: { readonly peer: PeerView }): ReactNode {
  const { say } = useWords(DEVICES);
  const ports = useWords(PORTS);
  const rateKey = `peer:${id}` as const;
  return (
    <div className={styles.charts}>
      <RateChart
        rateKey={rateKey}
        title={say('roundTrip')}
        lines={ROUND_TRIP}
        least={20}
        format={(ms) => say('latency', { ms: Math.round(ms) })}
      />
      <RateChart
        rateKey={rateKey}
        title={say('loss')}
        lines={LOSS}
        least={0.02}
        format={formatShare}
      />
      <RateChart
        rateKey={rateKey}
        title={say('throughput')}
        legend={[say('received'), say('sent')]}
        lines={THROUGHPUT}
        least={10_000}
        format={formatRate}
        tell={([down = 0, up = 0]) =>
          ports.say('rate', { down: formatRate(down), up: formatRate(up) })
        }
      />
    </div>
  );
}

function Facts({ peer }: { readonly peer: PeerView }): ReactNode {
  const { say } = useWords(DEVICES);
  const when = useWhen();
  const { id, pairedAt, lastSeen, state, route, connections } = peer;
  return (
    <dl className={styles.facts}>
      <dt>{say('deviceId')}</dt>
      <dd>
        <span className={styles.id}>{id}</span>
        <CopyButton text={id} label={say('copyDeviceId')} />
      </dd>
      <dt>{say('firstPaired')}</dt>
      <dd>{when(pairedAt)}</dd>
      <dt>{say('lastSeen')}</dt>
      <dd>{state === 'up' ? say('now') : when(lastSeen)}</dd>
      <dt>{say('lanes')}</dt>
      <dd>{route?.lanes ?? say('noneNow')}</dd>
      <dt>{say('openConnections')}</dt>
      <dd>{connections === 0 ? say('noneNow') : connections}</dd>
    </dl>
  );
}

function Grants({ peer: { id, name } }: { readonly peer: PeerView }): ReactNode {
  const { say, show } = useWords(DEVICES);
  const act = useAct();
  const shares = offered(useStatus()?.shares ?? []);
  return (
    <Section title={show('grants', { peer: name })}>
      <div className={styles.grants}>
        {shares.length === 0 && <p className={styles.muted}>{say('grantsEmpty')}</p>}
        {shares.map((share) => (
          <Checkbox
            key={share.id}
            label={<Name>{share.name}</Name>}
            hint={share.target}
            checked={mayUse(share.access, id)}
            onChange={(isAllowed) =>
              void act(isAllowed ? 'grant' : 'revoke', { peer: id, share: share.id })
            }
          />
        ))}
      </div>
    </Section>
  );
}
