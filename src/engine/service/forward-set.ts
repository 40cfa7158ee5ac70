/**
 * The forwards to one peer: one for each of its shares, kept in step with its list.
 *
 * Invariant: a forward listens exactly while its share is on the list and the link is up.
 */
import { portholeError, toPortholeError } from '../../shared/errors.ts';
import type { PortholeError } from '../../shared/errors.ts';
import type { Clock } from '../../shared/clock.ts';
import type { CarrierReach } from '../carrier/carrier.ts';
import type { SharedService } from '../link/link.ts';
import { cutName } from '../pairing/device-name.ts';
import { DEVICE_NAME_BYTES_MAX } from '../../shared/limits.ts';
import { Forward } from './forward.ts';
import type { ForwardLink, PortOutcome, PortWish } from './forward.ts';

/**
 * Why a forward has the port it has: the share's own, the one a person asked for, or another one
 * because the share's is taken here, needs rights this process lacks, or is that of the target.
 */
export type PortReason = 'same-port' | 'asked-for' | 'taken' | 'privileged' | 'own-target';

export interface OpenForward {
  /** Share id, hexadecimal. */
  readonly share: string;
  readonly name: string;
  /** `127.0.0.1:PORT`. */
  readonly local: string;
  /** The port the share has at its own computer. */
  readonly sharedPort: number;
  readonly why: PortReason;
}

export interface ForwardSetOptions {
  readonly clock: Clock;
  readonly link: ForwardLink;
  readonly reach: CarrierReach;
  /** The local port a person asked for; needs a peer with a single share. */
  readonly localPort?: number | undefined;
  onOpened(forward: OpenForward): void;
  onFailed(error: PortholeError): void;
}

interface Opened {
  readonly share: SharedService;
  readonly forward: Forward;
  readonly why: PortReason;
}

export class ForwardSet {
  readonly #options: ForwardSetOptions;
  readonly #forwards = new Map<string, Forward>();
  #state: 'open' | 'closed' = 'open';

  constructor(options: ForwardSetOptions) {
    this.#options = options;
  }

  /** Takes the peer's whole list. */
  update(shares: readonly SharedService[]): void {
    if (this.#state === 'closed') return;
    if (this.#options.localPort !== undefined && shares.length > 1) {
      const problem = '--local needs a single share, and the other computer shares several.';
      return this.#options.onFailed(portholeError('E_USAGE', { problem }));
    }
    const listed = new Map(shares.map((share) => [Buffer.from(share.id).toString('hex'), share]));
    this.#closeUnlisted(listed);
    for (const [id, share] of listed) if (!this.#forwards.has(id)) this.#add(id, share);
  }

  onRoom(): void {
    for (const forward of this.#forwards.values()) forward.onRoom();
  }

  close(): void {
    this.#state = 'closed';
    for (const forward of this.#forwards.values()) forward.close();
    this.#forwards.clear();
  }

  #closeUnlisted(listed: ReadonlyMap<string, SharedService>): void {
    for (const [id, forward] of this.#forwards) {
      if (listed.has(id)) continue;
      forward.close();
      this.#forwards.delete(id);
    }
  }

  #add(id: string, share: SharedService): void {
    const { clock, link } = this.#options;
    const forward = new Forward({ shareId: share.id, clock, link });
    this.#forwards.set(id, forward);
    const wish = this.#wishFor(share);
    forward.listen(wish).then(
      (outcome) => this.#opened(id, { share, forward, why: reasonOf(wish, outcome) }),
      (thrown: unknown) => this.#failed(id, thrown),
    );
  }

  /**
   * When both ends are on this computer, the port of a target on its loopback interface is the
   * target's own, running or not: a forward there would lead to itself.
   */
  #wishFor(share: SharedService): PortWish {
    const { localPort, reach } = this.#options;
    const taken = reach === 'this-computer' && share.loopback ? share.port : undefined;
    if (localPort !== undefined) return { exactly: localPort, unless: taken };
    return taken === undefined ? { preferably: share.port } : { anyBut: taken };
  }

  #opened(id: string, { share, forward, why }: Opened): void {
    // The share, or the link, may have gone while the port was being opened.
    if (this.#forwards.get(id) !== forward) return forward.close();
    this.#options.onOpened({
      share: id,
      name: cutName(share.name, DEVICE_NAME_BYTES_MAX),
      local: `127.0.0.1:${forward.port}`,
      sharedPort: share.port,
      why,
    });
  }

  #failed(id: string, thrown: unknown): void {
    this.#forwards.delete(id);
    if (this.#state === 'open') this.#options.onFailed(toPortholeError(thrown));
  }
}

function reasonOf(wish: PortWish, outcome: PortOutcome): PortReason {
  if ('anyBut' in wish) return 'own-target';
  if ('exactly' in wish) return 'asked-for';
  return outcome === 'as-wished' ? 'same-port' : outcome;
}
