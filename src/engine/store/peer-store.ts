/**
 * The paired computers and their pair keys, in `peers.json`.
 *
 * Invariant: every change is on the disk before it is made in memory, but the time a peer was last
 * seen; of a peer that was removed nothing is left in any file.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import type { Clock } from '../../shared/clock.ts';
import { LAST_SEEN_SAVE_MS } from '../../shared/limits.ts';
import type { Loaded } from './durable-file.ts';
import { DurableFile } from './durable-file.ts';
import { encodePeer, PeerRecordSchema } from './peer-record.ts';
import type { PeerRecord } from './peer-record.ts';
import type { StoreOptions } from './settings-store.ts';

const FileSchema = v.object({ peers: v.array(PeerRecordSchema) });
type Content = v.InferOutput<typeof FileSchema>;

export interface PeerStoreOptions extends StoreOptions {
  readonly clock: Clock;
}

/** Every change throws `E_DATA_DIR` when it cannot be saved, and then nothing has changed. */
export class PeerStore {
  readonly loaded: Loaded<Content>;
  readonly #file: DurableFile<Content>;
  readonly #clock: Clock;
  #peers: ReadonlyMap<string, PeerRecord>;
  #touched = false;
  #touchesSavedAt = -Infinity;

  /** Throws what `DurableFile.load` throws. */
  constructor({ folder, access, fileSystem, clock }: PeerStoreOptions) {
    this.#clock = clock;
    this.#file = new DurableFile<Content>({
      path: join(folder, 'peers.json'),
      schema: FileSchema,
      encode: ({ peers }) => ({ peers: peers.map(encodePeer) }),
      empty: { peers: [] },
      privacy: 'secret',
      access,
      fileSystem,
      words: {
        subject: 'Paired devices',
        recovered: 'The ones saved before are used; what changed since then is lost.',
        lost: 'Pair them again, or restore a backup with porthole import.',
      },
    });
    this.loaded = this.#file.load();
    this.#peers = mapOf(this.loaded.value.peers);
  }

  /** In the order they were paired. */
  all(): readonly PeerRecord[] {
    return [...this.#peers.values()];
  }

  get(deviceId: string): PeerRecord | undefined {
    return this.#peers.get(deviceId);
  }

  /** Adds a peer, or replaces the one with its device id. */
  put(peer: PeerRecord): void {
    this.#save(new Map(this.#peers).set(peer.deviceId, peer));
  }

  /** Returns the changed record; `undefined` when there is no such peer (any more). */
  update(deviceId: string, change: (peer: PeerRecord) => PeerRecord): PeerRecord | undefined {
    const before = this.#peers.get(deviceId);
    if (before === undefined) return undefined;
    const after = { ...change(before), deviceId };
    this.put(after);
    return after;
  }

  /** Forgets a peer and its key; an unknown one is fine. */
  remove(deviceId: string): void {
    const rest = new Map(this.#peers);
    if (rest.delete(deviceId)) this.#replace(rest);
  }

  /** Puts others in place of all peers and leaves nothing of those before. */
  replaceAll(peers: readonly PeerRecord[]): void {
    this.#replace(mapOf(peers));
  }

  /** Notes that a peer was there at `at` (ms since 1970); an unknown one is fine. Never throws. */
  touch(deviceId: string, at: number): void {
    const peer = this.#peers.get(deviceId);
    if (peer === undefined) return;
    this.#peers = new Map(this.#peers).set(deviceId, { ...peer, lastSeen: at });
    this.#touched = true;
    if (this.#clock.now() - this.#touchesSavedAt < LAST_SEEN_SAVE_MS) return;
    this.#touchesSavedAt = this.#clock.now();
    try {
      this.flush();
    } catch {
      // The time is not worth a failure; the next change tells that the disk is full.
    }
  }

  /** Saves what `touch` has not yet. */
  flush(): void {
    if (this.#touched) this.#save(this.#peers);
  }

  #save(peers: ReadonlyMap<string, PeerRecord>): void {
    this.#file.save({ peers: [...peers.values()] });
    this.#peers = peers;
    this.#touched = false;
  }

  #replace(peers: ReadonlyMap<string, PeerRecord>): void {
    this.#file.saveOver({ peers: [...peers.values()] });
    this.#peers = peers;
    this.#touched = false;
  }
}

function mapOf(peers: readonly PeerRecord[]): ReadonlyMap<string, PeerRecord> {
  return new Map(peers.map((peer) => [peer.deviceId, peer]));
}
