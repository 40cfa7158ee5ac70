/** What state a port is in, as a row says it. */
import type { ForwardView, PeerView, ShareView, StatusView } from '../../../shared/contract.ts';
import type { Mood } from '../../design/chip.tsx';
import type { RingShape } from '../../design/porthole-ring.tsx';

export type PortState = 'live' | 'waiting' | 'pausedState' | 'error' | 'stopped';

export const STATE_LOOKS: Readonly<
  Record<PortState, { readonly mood: Mood; readonly shape: RingShape }>
> = {
  live: { mood: 'good', shape: 'filled' },
  waiting: { mood: 'wait', shape: 'gap' },
  pausedState: { mood: 'rest', shape: 'slash' },
  error: { mood: 'bad', shape: 'alert' },
  stopped: { mood: 'rest', shape: 'thin' },
};

/** `sharing` is about all of them: while it is paused, none is used. */
export function shareState(share: ShareView, sharing: StatusView['sharing']): PortState {
  if (share.state === 'stopped') return 'stopped';
  if (share.state === 'paused' || sharing === 'paused') return 'pausedState';
  return share.health === 'down' ? 'waiting' : 'live';
}

/** A device that is away may come back; one that is there and does not offer it has taken it back. */
export function forwardState(forward: ForwardView, peer: PeerView['state'] | undefined): PortState {
  if (peer === 'held' || peer === 'connecting' || peer === 'offline') return 'waiting';
  if (forward.state === 'live') return 'live';
  if (forward.state === 'down') return 'waiting';
  return peer === 'up' || peer === 'removed' ? 'error' : 'waiting';
}

/** The port in an address, or the whole address where it has none. */
export function portOf(address: string): string {
  return /:(\d+)$/.exec(address)?.[1] ?? address;
}
