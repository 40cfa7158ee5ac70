/** The fields of the events that tell of a view (README, "For scripts"). */
import type { ForwardView, PeerView, ShareView } from '../shared/contract.ts';
import type { CommandEvents } from './reporter.ts';

export function shareFields({ id, ...fields }: ShareView): CommandEvents['share'] {
  return { share: id, ...fields };
}

export function forwardFields(forward: ForwardView): CommandEvents['forward'] {
  const { share, local, peer, name, state } = forward;
  return { share, local, peer, name, state };
}

export function peerFields(peer: PeerView): CommandEvents['peer'] {
  const { id, name, lastSeen, state, pairedAt, path } = peer;
  return { peer: id, name, lastSeen, state, pairedAt, path };
}
