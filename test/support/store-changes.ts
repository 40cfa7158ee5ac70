/** Changes of a data folder that must not be lost halfway: how each begins, and what it comes to. */
import { Secret } from '../../src/engine/pairing/secret.ts';
import type { DataFolder } from '../../src/engine/store/open-data-folder.ts';
import { plainPeer, samplePeer, sampleShare } from './store-samples.ts';

export interface StoreChange {
  readonly prepare: (folder: DataFolder) => void;
  readonly change: (folder: DataFolder) => void;
  /** What a person would find. */
  readonly read: (folder: DataFolder) => unknown;
}

const seedOf = (byte: number): Secret => new Secret(new Uint8Array(32).fill(byte));
const peersOf = ({ peers }: DataFolder): unknown => peers.all().map(plainPeer);

export const STORE_CHANGES: Readonly<Record<string, StoreChange>> = {
  'a setting': {
    prepare: ({ settings }) => settings.save({ deviceName: 'old', rendezvous: [], stun: [] }),
    change: ({ settings }) =>
      settings.save({ deviceName: 'new', rendezvous: ['ws://x'], stun: [] }),
    read: ({ settings }) => settings.get(),
  },
  'a new peer': {
    prepare({ peers }) {
      peers.put(samplePeer(1));
      peers.put(samplePeer(2));
    },
    change: ({ peers }) => peers.put(samplePeer(3)),
    read: peersOf,
  },
  'the first peer ever': {
    prepare: () => undefined,
    change: ({ peers }) => peers.put(samplePeer(1)),
    read: peersOf,
  },
  'a peer forgotten': {
    prepare({ peers }) {
      peers.put(samplePeer(1));
      peers.put(samplePeer(2));
    },
    change: ({ peers }) => peers.remove(samplePeer(1).deviceId),
    read: peersOf,
  },
  'access taken away': {
    prepare: ({ shares }) => shares.put(sampleShare(1)),
    change: ({ shares }) => shares.put(sampleShare(1, { access: { kind: 'chosen', peers: [] } })),
    read: ({ shares }) => shares.all(),
  },
  'another identity': {
    prepare: ({ secrets }) => secrets.save('identity', seedOf(1)),
    change: ({ secrets }) => secrets.save('identity', seedOf(2)),
    read: (folder) => folder.identity().deviceId,
  },
};

export function changeCalled(name: string): StoreChange {
  const change = STORE_CHANGES[name];
  if (change === undefined) throw new Error(`no change is called ${name}`);
  return change;
}
