/** What a computer shares and forwards, over a link with one carrier (sole-link.ts). */
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import type { Authenticator } from '../../src/engine/link/authenticator.ts';
import type { PeerLink } from '../../src/engine/link/peer-link.ts';
import type { ForwardSet } from '../../src/engine/service/forward-set.ts';
import { Session } from '../../src/engine/service/session.ts';
import type { ShareBook } from '../../src/engine/service/share-book.ts';
import type { Clock } from '../../src/shared/clock.ts';
import type { ErrorCode, PortholeError } from '../../src/shared/errors.ts';
import { SoleLink } from './sole-link.ts';

export interface SoleSessionOptions {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  readonly book: ShareBook;
  readonly forwards?: ForwardSet;
  readonly onShares?: () => void;
  readonly onSocketRefused?: (code: ErrorCode) => void;
  /** `undefined` when this side ended it. Not called for one that was never ready. */
  readonly onClosed?: (cause: PortholeError | undefined) => void;
}

/** The newest session of forwards that several computers share. */
const owners = new WeakMap<ForwardSet, SoleSession>();

export class SoleSession {
  /** Resolves when both sides may send; rejects when that never comes. */
  readonly ready: Promise<void>;
  /** Resolves when the link is over, however it went. */
  readonly ended: Promise<void>;
  readonly #link: SoleLink;
  readonly #options: SoleSessionOptions;
  #session: Session | undefined;
  #up: 'not-yet' | 'yes' = 'not-yet';

  constructor(options: SoleSessionOptions) {
    this.#options = options;
    const { carrier, clock, authenticator, book, forwards } = options;
    this.#link = new SoleLink({
      carrier,
      clock,
      authenticator,
      dialer: {
        mayDial: (id) => this.#session?.dialer.mayDial(id) ?? false,
        dial: (id, outcome) => this.#session?.dialer.dial(id, outcome) ?? 'not-allowed',
      },
      events: {
        onPeer: ({ deviceId }) => {
          const link = (): PeerLink => this.#link.peerLink as PeerLink;
          this.#session = new Session({ deviceId, book, forwards, link });
        },
        onUp: () => this.#onUp(),
        onShares: (shares) => {
          if (this.#owns) this.#session?.onShares(shares);
          options.onShares?.();
        },
        onReach: () => undefined,
        onSocketRefused: (code) => options.onSocketRefused?.(code),
        onRoom: () => {
          if (this.#owns) this.#session?.onRoom();
        },
        onEnded: (cause) => this.#onEnded(cause),
      },
    });
    this.ready = this.#link.lane.joined;
    this.ended = this.#link.lane.ended;
  }

  onShareChanged(shareId: string): void {
    this.#session?.onShareChanged(shareId);
  }

  close(farewell?: ErrorCode): void {
    this.#link.close(farewell);
  }

  get #owns(): boolean {
    const { forwards } = this.#options;
    return forwards !== undefined && owners.get(forwards) === this;
  }

  #onUp(): void {
    const { forwards } = this.#options;
    this.#up = 'yes';
    if (forwards !== undefined) owners.set(forwards, this);
    this.#session?.onUp();
  }

  #onEnded(cause: PortholeError | undefined): void {
    if (this.#owns) this.#session?.onOver();
    if (this.#up === 'yes') this.#options.onClosed?.(cause);
  }
}
