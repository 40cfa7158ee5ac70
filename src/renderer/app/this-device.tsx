/** This device's name and how it is doing, at the bottom of the frame. */
import type { ReactNode } from 'react';
import type { StatusView } from '../../shared/contract.ts';
import { COMMON } from '../../shared/messages/common.ts';
import type { Connection } from '../bridge/bridge.ts';
import type { Mood } from '../design/chip.tsx';
import { Name } from '../design/name.tsx';
import { PortholeRing } from '../design/porthole-ring.tsx';
import type { RingShape } from '../design/porthole-ring.tsx';
import { useConnection, useStatus } from '../state/use-page.ts';
import { useWords } from '../state/words.ts';
import styles from './frame.module.css';

type Health = 'lost' | 'connecting' | 'offline' | 'paused' | 'connected' | 'idle';

const LOOKS: Readonly<Record<Health, { readonly mood: Mood; readonly shape: RingShape }>> = {
  lost: { mood: 'bad', shape: 'alert' },
  connecting: { mood: 'rest', shape: 'gap' },
  offline: { mood: 'wait', shape: 'alert' },
  paused: { mood: 'rest', shape: 'slash' },
  connected: { mood: 'good', shape: 'filled' },
  idle: { mood: 'rest', shape: 'thin' },
};

export function ThisDevice(): ReactNode {
  const { say } = useWords(COMMON);
  const status = useStatus();
  const health = healthOf(useConnection(), status);
  const count = status?.peers.filter(({ state }) => state === 'up').length ?? 0;
  const texts: Readonly<Record<Health, string>> = {
    lost: say('stateLost'),
    connecting: say('stateConnecting'),
    offline: say('stateOffline'),
    paused: say('statePaused'),
    connected: say('stateConnected', { count }),
    idle: say('stateIdle'),
  };
  const { mood, shape } = LOOKS[health];
  return (
    <section className={styles.device} aria-label={say('thisDevice')}>
      <Name className={styles.deviceName}>{status?.deviceName ?? ''}</Name>
      <p className={styles.deviceState} data-mood={mood}>
        <PortholeRing shape={shape} />
        {texts[health]}
      </p>
    </section>
  );
}

function healthOf(connection: Connection, status: StatusView | null): Health {
  if (connection.kind === 'lost' || connection.kind === 'refused') return 'lost';
  if (status === null) return 'connecting';
  if (status.network === 'offline') return 'offline';
  if (status.sharing === 'paused') return 'paused';
  if (status.peers.some(({ state }) => state === 'up')) return 'connected';
  return status.peers.some(({ state }) => state === 'connecting') ? 'connecting' : 'idle';
}
