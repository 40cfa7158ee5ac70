/**
 * What this device shares: the stored shares, those that are offered now, and who may use them.
 *
 * Invariant: the store is written before a peer can notice a change; a share that is not live is in
 * no peer's list.
 */
import type { Access, MetricsSample, ShareView } from '../../shared/contract.ts';
import { portholeError, toPortholeError } from '../../shared/errors.ts';
import type { PortholeError } from '../../shared/errors.ts';
import { DEVICE_NAME_BYTES_MAX } from '../../shared/limits.ts';
import { formatTarget, parseTarget } from '../../shared/target.ts';
import type { Target } from '../../shared/target.ts';
import { cutName } from '../pairing/device-name.ts';
import { findNamed } from '../peers/find-named.ts';
import { createShareId } from '../store/share-store.ts';
import type { ShareRecord, ShareStore } from '../store/share-store.ts';
import { grant, offeredAgain, revoke, withoutDevice } from './access.ts';
import type { ShareBook } from './share-book.ts';

/** `kept`: offered again when the daemon starts; `command`: as long as a command runs. */
type ShareLifetime = ShareRecord['lifetime'];

export interface ShareDeskOptions {
  readonly store: ShareStore;
  readonly book: ShareBook;
}

export interface NewShare {
  /** As a person writes it. */
  readonly target: string;
  readonly name: string | null;
  readonly access: Access;
  readonly lan: ShareRecord['lan'];
  readonly lifetime: ShareLifetime;
}

/** See the module header. */
export class ShareDesk {
  readonly #options: ShareDeskOptions;
  /** What this process offers, paused or not. */
  readonly #live = new Set<string>();

  constructor(options: ShareDeskOptions) {
    this.#options = options;
  }

  /**
   * Offers a target; one that was shared under the same name before keeps its id, and those who were
   * shut out of it stay out. Rejects with
   * E_TARGET_INVALID, E_TARGET_FORBIDDEN, E_LAN_TARGET or E_DATA_DIR.
   */
  async add({ target: text, name, access, lan, lifetime }: NewShare): Promise<ShareRecord> {
    const target = parseTarget(text);
    await this.#options.book.checkShareable({ target, lan });
    const label = this.#requireName(name ?? String(target.port), target);
    const before = this.#options.store.findFor(target, label);
    const isKept = lifetime === 'kept' || before?.lifetime === 'kept';
    const record: ShareRecord = {
      id: this.#options.store.idFor(target, label) ?? createShareId(),
      name: label,
      target,
      access: offeredAgain(access, before?.access),
      lan,
      lifetime: isKept ? 'kept' : 'command',
    };
    this.#options.store.put(record);
    this.#offer(record);
    return record;
  }

  /** Offers what the daemon keeps; returns why a share cannot be offered any more. */
  restore(): PortholeError[] {
    return this.#offerEach(this.#options.store.all().filter(({ lifetime }) => lifetime === 'kept'));
  }

  /** `paused`: nothing is offered until `resumeAll`. */
  get sharing(): 'on' | 'paused' {
    return this.#options.store.sharing;
  }

  /** Offers a share to nobody until it is resumed; its connections end at once. Kept over restarts. Throws E_SHARE_UNKNOWN for one that is not offered. */
  pause(record: ShareRecord): ShareRecord {
    if (!this.#live.has(record.id)) throw portholeError('E_SHARE_UNKNOWN', { share: record.name });
    const paused = { ...record, paused: true };
    this.#options.store.put(paused);
    this.#options.book.remove(record.id);
    return paused;
  }

  resume(record: ShareRecord): ShareRecord {
    if (!this.#live.has(record.id)) throw portholeError('E_SHARE_UNKNOWN', { share: record.name });
    const { paused: _paused, ...rest } = record;
    // First: what may not be shared any more stays paused.
    this.#offer(rest);
    this.#options.store.put(rest);
    return rest;
  }

  pauseAll(): void {
    this.#options.store.setSharing('paused');
    for (const id of this.#live) this.#options.book.remove(id);
  }

  /** Returns why a share cannot be offered any more. */
  resumeAll(): PortholeError[] {
    this.#options.store.setSharing('on');
    return this.#offerEach(this.#options.store.all().filter(({ id }) => this.#live.has(id)));
  }

  /** Stops offering a share, and forgets it. */
  remove(record: ShareRecord): void {
    this.#options.store.remove(record.id);
    this.#options.book.remove(record.id);
    this.#live.delete(record.id);
  }

  grant(record: ShareRecord, deviceId: string): ShareRecord {
    return this.#setAccess(record, grant(record.access, deviceId));
  }

  /** Nothing is granted when the share has gone meanwhile. */
  grantIfShared(shareId: string | undefined, deviceId: string): void {
    const record = shareId === undefined ? undefined : this.#options.store.get(shareId);
    if (record !== undefined) this.grant(record, deviceId);
  }

  revoke(record: ShareRecord, deviceId: string): ShareRecord {
    return this.#setAccess(record, revoke(record.access, deviceId));
  }

  /** Takes a device that was forgotten out of every list. */
  forgetDevice(deviceId: string): void {
    for (const record of this.#options.store.all()) {
      const access = withoutDevice(record.access, deviceId);
      if (access !== record.access) this.#setAccess(record, access);
    }
  }

  /** The share a person means: by id, name or port. Throws E_SHARE_UNKNOWN or E_AMBIGUOUS. */
  find(text: string): ShareRecord {
    const records = this.#options.store.all();
    const byName = findNamed(text, records, (record) => record);
    if (byName !== undefined) return byName;
    const byPort = findNamed(text, records, ({ id, target }) => ({
      id,
      name: String(target.port),
    }));
    if (byPort === undefined) throw portholeError('E_SHARE_UNKNOWN', { share: text });
    return byPort;
  }

  views(): ShareView[] {
    return this.#options.store.all().map((record) => this.view(record));
  }

  /** What has gone through each share that is offered. */
  traffic(): MetricsSample['shares'] {
    return [...this.#live].map((id) => ({ id, ...this.#options.book.trafficOf(id) }));
  }

  view(record: ShareRecord): ShareView {
    const { id, name, target, access } = record;
    const { book } = this.#options;
    const state = this.#stateOf(record);
    const health = state === 'live' ? book.healthOf(id) : 'unknown';
    const { connections } = book.trafficOf(id);
    return { id, name, target: formatTarget(target), access, health, state, connections };
  }

  /** A name that can be shown, and means one share. Throws E_USAGE or E_SHARE_NAME. */
  #requireName(wanted: string, target: Target): string {
    const name = cutName(wanted, DEVICE_NAME_BYTES_MAX);
    if (name === '')
      throw portholeError('E_USAGE', { problem: 'A share needs a name that shows.' });
    const at = formatTarget(target);
    const rival = this.#options.store
      .all()
      .find((record) => record.name === name && formatTarget(record.target) !== at);
    if (rival === undefined) return name;
    if (this.#live.has(rival.id) || rival.lifetime === 'kept') {
      throw portholeError('E_SHARE_NAME', { name, target: formatTarget(rival.target) });
    }
    // Only remembered for its id, which the name now gives to something else.
    this.#options.store.remove(rival.id);
    return name;
  }

  #offerEach(records: readonly ShareRecord[]): PortholeError[] {
    return records.flatMap((record) => {
      try {
        this.#offer(record);
        return [];
      } catch (thrown) {
        this.#live.delete(record.id);
        return [toPortholeError(thrown)];
      }
    });
  }

  #stateOf(record: ShareRecord): ShareView['state'] {
    if (!this.#live.has(record.id)) return 'stopped';
    return this.#isPaused(record) ? 'paused' : 'live';
  }

  #isPaused({ paused }: ShareRecord): boolean {
    return paused === true || this.sharing === 'paused';
  }

  /** To be offered from now on, unless it is paused. Throws what `ShareBook.add` throws. */
  #offer(record: ShareRecord): void {
    if (!this.#isPaused(record)) this.#options.book.add(record);
    this.#live.add(record.id);
  }

  #setAccess(record: ShareRecord, access: Access): ShareRecord {
    const changed = { ...record, access };
    this.#options.store.put(changed);
    this.#options.book.setAccess(record.id, access);
    return changed;
  }
}
