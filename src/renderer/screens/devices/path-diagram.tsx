/** How this computer and a device reach each other: a line between two portholes, or through a relay. */
import { Waypoints } from 'lucide-react';
import type { ReactNode } from 'react';
import type { PeerView } from '../../../shared/contract.ts';
import { DEVICES } from '../../../shared/messages/devices.ts';
import { hostOf } from '../../app/conditions.ts';
import { Avatar } from '../../design/avatar.tsx';
import type { Mood } from '../../design/chip.tsx';
import { cx } from '../../design/cx.ts';
import { Name } from '../../design/name.tsx';
import { formatShare } from '../../state/format.ts';
import { useStatus } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { DEVICE_LOOKS, deviceState } from './device-state.ts';
import styles from './path-diagram.module.css';

export function PathDiagram({ peer }: { readonly peer: PeerView }): ReactNode {
  const { say } = useWords(DEVICES);
  const here = useStatus()?.deviceName ?? '';
  const state = deviceState(peer);
  const { mood } = DEVICE_LOOKS[state];
  const { route, name } = peer;
  const isRelayed = state === 'relay';
  const relay = hostOf(route?.address ?? '').replace(/:\d+$/, '');
  const isUp = route !== null && peer.state === 'up';
  const label = (): string => {
    if (!isUp) return say('pathNone', { here, peer: name });
    return isRelayed
      ? say('pathRelay', { here, peer: name, relay })
      : say('pathDirect', { here, peer: name });
  };
  return (
    <div
      role="group"
      aria-label={label()}
      className={cx(styles.diagram, isRelayed && styles.relayed)}
    >
      <Node name={here} mood="good" kind={route?.local} address={null} />
      {isRelayed && (
        <>
          <Edge above="" below="" isBroken={false} />
          <Node name={relay} mood="rest" kind={undefined} address={say('relayServer')} isRelay />
        </>
      )}
      <Edge
        above={
          isUp && peer.roundTripMs !== null
            ? say('latency', { ms: Math.round(peer.roundTripMs) })
            : ''
        }
        below={isUp && peer.loss !== null ? `${say('loss')} ${formatShare(peer.loss)}` : ''}
        isBroken={!isUp}
      />
      <Node
        name={name}
        mood={mood}
        kind={route?.remote}
        address={isRelayed ? null : (route?.address ?? null)}
      />
    </div>
  );
}

interface NodeProps {
  readonly name: string;
  readonly mood: Mood;
  /** ICE candidate type. */
  readonly kind: string | undefined;
  readonly address: string | null;
  readonly isRelay?: boolean;
}

function Node({ name, mood, kind, address, isRelay = false }: NodeProps): ReactNode {
  const kindText = useCandidateText(kind);
  return (
    <div className={styles.node}>
      {isRelay ? (
        <Avatar name={name} mood={mood} size="large" icon={<Waypoints />} />
      ) : (
        <Avatar name={name} mood={mood} size="large" />
      )}
      <Name className={styles.label}>{name}</Name>
      <span className={styles.kind}>
        {kindText}
        {kindText !== '' && address !== null && <br />}
        {address !== null && <bdi>{address}</bdi>}
      </span>
    </div>
  );
}

function Edge({
  above,
  below,
  isBroken,
}: {
  readonly above: string;
  readonly below: string;
  readonly isBroken: boolean;
}): ReactNode {
  return (
    <div className={cx(styles.edge, isBroken && styles.broken)}>
      <span>{above === '' ? '\u00a0' : above}</span>
      <span>{below}</span>
    </div>
  );
}

/** What kind of address a candidate is (RFC 8445 §4), in words. */
function useCandidateText(kind: string | undefined): string {
  const { say } = useWords(DEVICES);
  switch (kind) {
    case 'host':
      return say('candidateHost');
    case 'srflx':
      return say('candidateSrflx');
    case 'prflx':
      return say('candidatePrflx');
    case 'relay':
      return say('candidateRelay');
    case undefined:
    default:
      return '';
  }
}
