/** What a data folder holds, as it is shown when no Porthole runs for it. Pure. */
import { shortDeviceId } from '../pairing/identity.ts';
import { nameOf } from './peer-record.ts';
import type { PeerRecord } from './peer-record.ts';
import type { ShareRecord } from './share-store.ts';
import type { ForwardView, PeerView, ShareView } from '../../shared/contract.ts';
import { formatTarget } from '../../shared/target.ts';

export function storedShare({ id, name, target, access }: ShareRecord): ShareView {
  return {
    id,
    name,
    target: formatTarget(target),
    access,
    health: 'unknown',
    state: 'stopped',
    connections: 0,
  };
}

export function storedPeer(record: PeerRecord): PeerView {
  const { deviceId, pairedAt, lastSeen, trust } = record;
  return {
    id: shortDeviceId(deviceId),
    name: nameOf(record),
    pairedAt: new Date(pairedAt).toISOString(),
    lastSeen: lastSeen === null ? null : new Date(lastSeen).toISOString(),
    state: trust === 'removed' ? 'removed' : 'offline',
    path: null,
    roundTripMs: null,
    loss: null,
    route: null,
    connections: 0,
    obstacle: null,
    since: null,
  };
}

export function storedForwards(record: PeerRecord): ForwardView[] {
  const { deviceId, forwards } = record;
  const [peer, peerName] = [shortDeviceId(deviceId), nameOf(record)];
  return forwards.entries.map(({ share, name, port, sharedPort }) => ({
    share,
    name,
    local: `127.0.0.1:${port}`,
    peer,
    peerName,
    sharedPort,
    why: port === sharedPort ? 'same-port' : 'asked-for',
    state: 'waiting',
    connections: 0,
  }));
}
