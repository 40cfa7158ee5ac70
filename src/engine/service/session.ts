/**
 * What runs over the link with one peer: its shares become forwards here, ours are announced there.
 *
 * Invariant: `ready` settles once; `onClosed` comes once and only after `ready` resolved; a session
 * that is over has no socket or timer left, and no forward leads to it. Nothing is announced and
 * nothing dialed before the peer is authenticated, and then only what it may use at that moment.
 */
import { portholeError } from '../../shared/errors.ts';
import type { ErrorCode, PortholeError } from '../../shared/errors.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Carrier } from '../carrier/carrier.ts';
import type { Authenticator, PeerIdentity } from '../link/authenticator.ts';
import { Link } from '../link/link.ts';
import type { SharedService } from '../link/link.ts';
import type { Reach } from '../link/reach.ts';
import type { Dialer } from '../tunnel/dialer.ts';
import type { ForwardSet, PeerLink } from './forward-set.ts';
import type { ShareBook } from './share-book.ts';

interface SessionEvents {
  /**
   * The peer is authenticated; forwards and announcement follow when this returns, unless the
   * session is `turned-away` for another one with the same peer: then it ends.
   */
  onReady(peer: PeerIdentity): 'adopted' | 'turned-away';
  /** The peer's list of shares was taken in. */
  onShares(): void;
  onReach(reach: Reach): void;
  onSocketRefused(code: ErrorCode): void;
  /** `undefined` when this side ended it. */
  onClosed(cause: PortholeError | undefined): void;
}

export interface SessionOptions {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  readonly book: ShareBook;
  /** The forwards to this peer, if this process has any. They outlive the session, and belong to whoever made them. */
  readonly forwardsFor: (peer: PeerIdentity) => ForwardSet | undefined;
  readonly events: SessionEvents;
}

interface Authenticated {
  readonly deviceId: string;
  readonly dialer: Dialer;
  readonly forwards: ForwardSet | undefined;
}

export class Session {
  /** Resolves when both sides may send; rejects when that never comes. */
  readonly ready: Promise<void>;
  /** Resolves when the link is over, however it went. */
  readonly ended: Promise<void>;
  readonly #options: SessionOptions;
  readonly #link: Link;
  readonly #peerLink: PeerLink;
  #peer: Authenticated | undefined;
  #resolveReady!: () => void;
  #rejectReady!: (error: PortholeError) => void;
  #resolveEnded!: () => void;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { carrier, clock, authenticator, events } = options;
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#link = new Link({
      carrier,
      clock,
      authenticator,
      dialer: {
        mayDial: (id) => this.#peer?.dialer.mayDial(id) ?? false,
        dial: (id, outcome) => this.#peer?.dialer.dial(id, outcome) ?? 'not-allowed',
      },
      events: {
        onReady: (peer) => this.#onReady(peer),
        onShares: (shares) => this.#onShares(shares),
        onReach: (reach) => events.onReach(reach),
        onSocketRefused: (code) => events.onSocketRefused(code),
        onRoom: () => this.#onRoom(),
        onClosed: (cause) => this.#onClosed(cause),
      },
    });
    this.#peerLink = peerLink(this.#link, carrier);
  }

  get path(): Carrier['kind'] {
    return this.#options.carrier.kind;
  }

  /** Where the peer is, as far as the carrier can tell. */
  get reach(): Carrier['reach'] {
    return this.#options.carrier.reach;
  }

  /** Round trip of the last PING, ms. */
  get roundTripMs(): number | undefined {
    return this.#link.roundTripMs;
  }

  get liveSockets(): number {
    return this.#link.liveSockets;
  }

  /** Tells the peer where this device can be called. */
  announceReach(reach: Reach): void {
    this.#link.announceReach(reach);
  }

  /** Announces to the peer what it may use now. */
  refreshShares(): void {
    if (this.#peer !== undefined)
      this.#link.announce(this.#options.book.announcedTo(this.#peer.deviceId));
  }

  /** Resets the connections the peer has open to a share, and cancels those being opened. */
  closeShare(shareId: string): void {
    this.#link.closeShare(Buffer.from(shareId, 'hex'), 'E_NOT_ALLOWED');
  }

  /** Acts on a change of the book: what the peer may not use any more ends, and it hears the new list. */
  onShareChanged(shareId: string): void {
    if (this.#peer === undefined) return;
    if (!this.#options.book.isAllowed(shareId, this.#peer.deviceId)) this.closeShare(shareId);
    this.refreshShares();
  }

  /** Ends the link, and all its sockets at once, and tells the peer why; `ended` says when it is over. */
  close(farewell?: ErrorCode): void {
    this.#link.close(farewell);
  }

  #onReady(peer: PeerIdentity): void {
    if (this.#options.events.onReady(peer) === 'turned-away') return this.close();
    const { deviceId } = peer;
    const dialer = this.#options.book.dialerFor(deviceId);
    const forwards = this.#options.forwardsFor(peer);
    this.#peer = { deviceId, dialer, forwards };
    this.refreshShares();
    forwards?.setLink(this.#peerLink);
    this.#resolveReady();
  }

  /** A newer session with the same peer may have taken the forwards over. */
  get #ownForwards(): ForwardSet | undefined {
    const forwards = this.#peer?.forwards;
    return forwards?.link === this.#peerLink ? forwards : undefined;
  }

  #onShares(shares: readonly SharedService[]): void {
    this.#ownForwards?.update(shares);
    this.#options.events.onShares();
  }

  #onRoom(): void {
    this.#ownForwards?.onRoom();
  }

  #onClosed(cause: PortholeError | undefined): void {
    this.#ownForwards?.setLink(undefined);
    if (this.#peer !== undefined) this.#options.events.onClosed(cause);
    else this.#rejectReady(cause ?? portholeError('E_UNREACHABLE', { reason: 'it was stopped' }));
    this.#resolveEnded();
  }
}

function peerLink(link: Link, { reach }: Carrier): PeerLink {
  return {
    reach,
    get hasRoom() {
      return link.hasRoom;
    },
    openSocket: (shareId, local) => link.openSocket(shareId, local),
  };
}
