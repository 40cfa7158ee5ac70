/** How a device is doing, in a sentence (design/ux.md C4). */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { PeerView } from '../../../shared/contract.ts';
import { STILL_TRYING_MS } from '../../../shared/page-limits.ts';
import { DEVICES } from '../../../shared/messages/devices.ts';
import { hostOf } from '../../app/conditions.ts';
import { useAsk } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { deviceState } from './device-state.ts';
import { useWhen } from './use-when.ts';

export function DeviceSentence({ peer }: { readonly peer: PeerView }): ReactNode {
  const { show } = useWords(DEVICES);
  const { name } = peer;
  switch (deviceState(peer)) {
    case 'direct':
    case 'relay':
      return <Connected peer={peer} />;
    case 'connecting':
      return <Connecting peer={peer} />;
    case 'reconnecting':
      return <Reconnecting peer={peer} />;
    case 'removedState':
      return show('theyRemoved', { peer: name });
    case 'blocked':
      return peer.obstacle === 'E_IDENTITY'
        ? show('identityChanged', { peer: name })
        : show('version', { peer: name });
    case 'offline':
      return <Offline peer={peer} />;
  }
}

function Connected({ peer }: { readonly peer: PeerView }): ReactNode {
  const { say, show } = useWords(DEVICES);
  const { route, roundTripMs } = peer;
  const relay = hostName(route?.address ?? '');
  const isRelayed = deviceState(peer) === 'relay';
  if (roundTripMs === null) {
    return isRelayed ? show('connectedThroughPlain', { relay }) : show('connectedPlain');
  }
  const ms = say('latency', { ms: Math.round(roundTripMs) });
  return isRelayed ? show('connectedThrough', { relay, ms }) : show('connectedDirectly', { ms });
}

/** Without the port: a person knows the relay by its name. */
function hostName(address: string): string {
  return hostOf(address).replace(/:\d+$/, '');
}

function Connecting({ peer }: { readonly peer: PeerView }): ReactNode {
  const { show } = useWords(DEVICES);
  const isLong = useElapsed(peer.since, STILL_TRYING_MS);
  return isLong
    ? show('stillTrying', { peer: peer.name })
    : show('connectingTo', { peer: peer.name });
}

/** Whether `ms` have passed since then. */
function useElapsed(since: string | null, ms: number): boolean {
  const end = since === null ? Number.POSITIVE_INFINITY : Date.parse(since) + ms;
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const wait = end - Date.now();
    if (!Number.isFinite(wait) || wait <= 0) return undefined;
    const timer = setTimeout(() => setNow(Date.now()), wait + 1);
    return () => clearTimeout(timer);
  }, [end]);
  return now >= end;
}

function Reconnecting({ peer }: { readonly peer: PeerView }): ReactNode {
  const { show } = useWords(DEVICES);
  const seconds = useHoldSeconds();
  return show('interrupted', { peer: peer.name, seconds });
}

/** The hold time of the settings; its usual value until they are known. */
function useHoldSeconds(): number {
  const ask = useAsk();
  const [seconds, setSeconds] = useState(60);
  useEffect(() => {
    const look = async (): Promise<void> => {
      const outcome = await ask('settings', {});
      if (outcome.ok) setSeconds(outcome.value.holdSeconds);
    };
    void look();
  }, [ask]);
  return seconds;
}

function Offline({ peer }: { readonly peer: PeerView }): ReactNode {
  const { show } = useWords(DEVICES);
  const when = useWhen();
  const { name, obstacle, lastSeen } = peer;
  if (obstacle === 'E_UDP_BLOCKED') return show('udpBlocked');
  if (lastSeen === null) return show('peerNeverSeen', { peer: name });
  return show('peerOffline', { peer: name, when: when(lastSeen) });
}
