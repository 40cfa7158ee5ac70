/**
 * What runs over the link with one peer: its shares become forwards here, ours are announced there.
 *
 * Invariant: nothing is announced and nothing dialed but what the peer may use at that moment;
 * forwards lead to the peer exactly while there is a session, held or not.
 */
import type { SharedService } from '../link/link.ts';
import type { PeerLink } from '../link/peer-link.ts';
import type { Dialer } from '../tunnel/dialer.ts';
import type { ForwardSet, ForwardTarget } from './forward-set.ts';
import type { ShareBook } from './share-book.ts';

export interface SessionOptions {
  readonly deviceId: string;
  readonly book: ShareBook;
  /** The forwards to this peer, if this process has any. */
  readonly forwards: ForwardSet | undefined;
  readonly link: () => PeerLink;
}

/** See the module header. */
export class Session {
  /** Opens connections to what the peer may use now. */
  readonly dialer: Dialer;
  readonly #options: SessionOptions;
  readonly #target: ForwardTarget;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { deviceId, book, link } = options;
    this.dialer = book.dialerFor(deviceId);
    this.#target = {
      get reach() {
        return link().reach;
      },
      get hasRoom() {
        return link().hasRoom;
      },
      openSocket: (shareId, local) => link().openSocket(shareId, local),
    };
  }

  /** Announces to the peer what it may use now. */
  refreshShares(): void {
    const { book, deviceId, link } = this.#options;
    link().session?.announce(book.announcedTo(deviceId));
  }

  /** Acts on a change of the book: what the peer may not use any more ends, and it hears the new list. */
  onShareChanged(shareId: string): void {
    const { book, deviceId, link } = this.#options;
    if (!book.isAllowed(shareId, deviceId)) {
      link().session?.closeShare(Buffer.from(shareId, 'hex'), 'E_NOT_ALLOWED');
    }
    this.refreshShares();
  }

  /** A carrier has joined. */
  onUp(): void {
    this.refreshShares();
    this.#options.forwards?.setLink(this.#target);
  }

  onShares(shares: readonly SharedService[]): void {
    this.#options.forwards?.update(shares);
  }

  onRoom(): void {
    this.#options.forwards?.onRoom();
  }

  /** The session is over. */
  onOver(): void {
    this.#options.forwards?.setLink(undefined);
  }
}
