/** What a data folder holds, as it is shown when no Porthole runs for it. Pure. */
import { shortDeviceId } from '../pairing/identity.ts';
import type { PeerRecord } from './peer-record.ts';
import type { ShareRecord } from './share-store.ts';
import type { ForwardView, PeerView, ShareView } from '../../shared/contract.ts';
import { formatTarget } from '../../shared/target.ts';

export function storedShare({ id, name, target, access }: ShareRecord): ShareView {
  return { id, name, target: formatTarget(target), access, health: 'unknown', state: 'stopped' };
}

export function storedPeer({ deviceId, name, pairedAt, lastSeen, trust }: PeerRecord): PeerView {
  return {
    id: shortDeviceId(deviceId),
    name,
    pairedAt: new Date(pairedAt).toISOString(),
    lastSeen: lastSeen === null ? null : new Date(lastSeen).toISOString(),
    state: trust === 'removed' ? 'removed' : 'offline',
    path: null,
    roundTripMs: null,
  };
}

export function storedForwards({ deviceId, name: peerName, forwards }: PeerRecord): ForwardView[] {
  const peer = shortDeviceId(deviceId);
  return forwards.entries.map(({ share, name, port, sharedPort }) => ({
    share,
    name,
    local: `127.0.0.1:${port}`,
    peer,
    peerName,
    sharedPort,
    why: port === sharedPort ? 'same-port' : 'asked-for',
    state: 'waiting',
  }));
}
