/**
 * Tells what happens to the forwards to one peer, and stores them.
 *
 * Invariant: a forward is told when its port is open, and again when what was waiting has become
 * live; not each time a link goes, for the link itself is told then.
 */
import type { EngineEvent, ForwardView } from '../../shared/contract.ts';
import { toPortholeError } from '../../shared/errors.ts';
import type { PortholeError } from '../../shared/errors.ts';
import type { ForwardEntry } from '../service/forward-plan.ts';
import type { ForwardSetEvents, OpenForward } from '../service/forward-set.ts';
import type { PeerStore } from '../store/peer-store.ts';
import { ForwardHealth } from './forward-health.ts';
import type { PeerConnection } from './peer-connection.ts';

export interface ForwardReporterOptions {
  /** `undefined` once the peer is forgotten: nothing is told or stored then. */
  readonly connection: () => PeerConnection | undefined;
  readonly store: PeerStore;
  readonly emit: (event: EngineEvent) => void;
}

/** See the module header. */
export class ForwardReporter implements ForwardSetEvents {
  readonly #options: ForwardReporterOptions;
  readonly #health: ForwardHealth;
  readonly #told = new Map<string, ForwardView['state']>();

  constructor(options: ForwardReporterOptions) {
    this.#options = options;
    this.#health = new ForwardHealth(options.emit);
  }

  onOpened({ share }: OpenForward): void {
    this.#told.delete(share);
    this.onStates();
  }

  onClosed({ share, local }: OpenForward): void {
    this.#told.delete(share);
    const { connection, emit } = this.#options;
    const peer = connection()?.id;
    if (peer !== undefined) emit({ kind: 'forward-closed', share, local, peer });
  }

  onFailed({ code, message }: PortholeError): void {
    this.#options.emit({ kind: 'notice', level: 'error', code, text: message });
  }

  onStates(): void {
    const { connection, emit } = this.#options;
    const peer = connection();
    if (peer === undefined) return;
    this.#health.look(peer.forwards?.states() ?? [], peer.name);
    const views = peer.forwardViews();
    for (const share of this.#told.keys()) {
      if (!views.some((view) => view.share === share)) this.#told.delete(share);
    }
    for (const forward of views) {
      const before = this.#told.get(forward.share);
      this.#told.set(forward.share, forward.state);
      const isNews = before === undefined || (before === 'waiting' && forward.state === 'live');
      if (isNews) emit({ kind: 'forward', forward });
    }
  }

  /** A disk that is full must end neither a forward nor the link; the person hears of it. */
  onEntries(entries: readonly ForwardEntry[], declined: readonly string[]): void {
    const { connection, store } = this.#options;
    const deviceId = connection()?.deviceId;
    if (deviceId === undefined) return;
    try {
      store.update(deviceId, (record) => ({
        ...record,
        forwards: { ...record.forwards, entries: [...entries], declined: [...declined] },
      }));
    } catch (thrown) {
      this.onFailed(toPortholeError(thrown));
    }
  }
}
