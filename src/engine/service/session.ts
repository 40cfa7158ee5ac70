/**
 * What runs over the link with one peer: its shares become forwards here, ours are announced there.
 *
 * Invariant: `ready` settles once; `onClosed` comes once and only after `ready` resolved; a session
 * that is over has no forward, socket or timer left.
 */
import { portholeError } from '../../shared/errors.ts';
import type { ErrorCode, PortholeError } from '../../shared/errors.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Carrier } from '../carrier/carrier.ts';
import type { Authenticator, PeerIdentity } from '../link/authenticator.ts';
import { Link } from '../link/link.ts';
import { ForwardSet } from './forward-set.ts';
import type { OpenForward } from './forward-set.ts';
import type { ShareBook } from './share-book.ts';

interface SessionEvents {
  onReady(peer: PeerIdentity): void;
  onForward(forward: OpenForward): void;
  onForwardFailed(error: PortholeError): void;
  onSocketRefused(code: ErrorCode): void;
  /** `undefined` when this side ended it. */
  onClosed(cause: PortholeError | undefined): void;
}

export interface SessionOptions {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  readonly book: ShareBook;
  readonly localPort: number | undefined;
  readonly events: SessionEvents;
}

export class Session {
  /** Resolves when both sides may send; rejects when that never comes. */
  readonly ready: Promise<void>;
  /** Resolves when the link is over, however it went. */
  readonly ended: Promise<void>;
  readonly #options: SessionOptions;
  readonly #link: Link;
  readonly #forwards: ForwardSet;
  #isReady: 'not-yet' | 'ready' = 'not-yet';
  #resolveReady!: () => void;
  #rejectReady!: (error: PortholeError) => void;
  #resolveEnded!: () => void;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { carrier, clock, authenticator, book, localPort, events } = options;
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#forwards = new ForwardSet({
      clock,
      link: {
        // A forward opens after the link is ready, so it is there by then.
        hasRoom: () => this.#link.hasRoom,
        openSocket: (shareId, local) => this.#link.openSocket(shareId, local),
      },
      localPort,
      reach: carrier.reach,
      onOpened: (forward) => events.onForward(forward),
      onFailed: (error) => events.onForwardFailed(error),
    });
    this.#link = new Link({
      carrier,
      clock,
      authenticator,
      dialer: book,
      events: {
        onReady: (peer) => this.#onReady(peer),
        onShares: (shares) => this.#forwards.update(shares),
        onSocketRefused: (code) => events.onSocketRefused(code),
        onRoom: () => this.#forwards.onRoom(),
        onClosed: (cause) => this.#onClosed(cause),
      },
    });
  }

  /** Ends the link; `ended` says when it is over. */
  close(): void {
    this.#link.close();
  }

  #onReady(peer: PeerIdentity): void {
    this.#isReady = 'ready';
    this.#link.announce(this.#options.book.announced());
    this.#options.events.onReady(peer);
    this.#resolveReady();
  }

  #onClosed(cause: PortholeError | undefined): void {
    this.#forwards.close();
    if (this.#isReady === 'ready') this.#options.events.onClosed(cause);
    else this.#rejectReady(cause ?? portholeError('E_UNREACHABLE', { reason: 'it was stopped' }));
    this.#resolveEnded();
  }
}
