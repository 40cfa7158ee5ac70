/** How a device is doing, as a row and a page about it say it. */
import type { PeerView } from '../../../shared/contract.ts';
import { isRelay } from '../../app/conditions.ts';
import type { Mood } from '../../design/chip.tsx';
import type { RingShape } from '../../design/porthole-ring.tsx';

export type DeviceState =
  | 'direct'
  | 'relay'
  | 'connecting'
  | 'reconnecting'
  | 'offline'
  | 'blocked'
  | 'removedState';

export const DEVICE_LOOKS: Readonly<
  Record<DeviceState, { readonly mood: Mood; readonly shape: RingShape }>
> = {
  direct: { mood: 'good', shape: 'filled' },
  relay: { mood: 'good', shape: 'dot' },
  connecting: { mood: 'wait', shape: 'gap' },
  reconnecting: { mood: 'wait', shape: 'gap' },
  offline: { mood: 'rest', shape: 'thin' },
  blocked: { mood: 'bad', shape: 'alert' },
  removedState: { mood: 'bad', shape: 'slash' },
};

/** What a person has to do something about, though the device may be there. */
const BLOCKING: ReadonlySet<string> = new Set(['E_IDENTITY', 'E_VERSION']);

export function deviceState({ state, route, obstacle }: PeerView): DeviceState {
  if (obstacle !== null && BLOCKING.has(obstacle)) return 'blocked';
  switch (state) {
    case 'up':
      return isRelay(route) ? 'relay' : 'direct';
    case 'held':
      return 'reconnecting';
    case 'connecting':
      return 'connecting';
    case 'offline':
      return 'offline';
    case 'removed':
      return 'removedState';
  }
}
