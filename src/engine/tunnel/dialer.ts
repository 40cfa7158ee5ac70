/** How the tunnel asks the service layer for a connection to the target of a share. */
import type { ErrorCode } from '../../shared/errors.ts';
import type { LocalConnection } from './local-connection.ts';

/** Exactly one of the two is called, once, unless the attempt was cancelled before. */
export interface DialOutcome {
  onConnected(local: LocalConnection): void;
  onFailed(code: ErrorCode): void;
}

export interface DialAttempt {
  cancel(): void;
}

export interface Dialer {
  /** Whether the peer may use that share now; asked where the answer of `dial` has to wait. */
  mayDial(shareId: Uint8Array): boolean;
  /**
   * Starts a connection to the target of the share, or returns `not-allowed` when there is no such
   * share or the peer may not use it; the two look alike.
   */
  dial(shareId: Uint8Array, outcome: DialOutcome): DialAttempt | 'not-allowed';
}
