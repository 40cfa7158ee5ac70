/**
 * What the handshake needs to know of identities: pairing and the stored peers supply it. The calls
 * come in the order they stand here, each once, but `hello` (any time) and `abort` (any time, last).
 *
 * Invariant: nothing here does I/O but `keep()`, and `check()` is the only way to a `PeerIdentity`.
 */
import type { Auth, Hello, Ready } from '../protocol/generated/session_pb.ts';

export interface PeerIdentity {
  readonly publicKey: Uint8Array;
  readonly deviceId: string;
  readonly name: string;
}

/** Who sends READY first; in a pairing the other's READY reveals something only behind it. */
export type ReadyTurn = 'at-once' | 'after-peer';

/**
 * What follows the two READYs: nothing (two paired computers), a CONFIRM at once (two that trust
 * the invite), or a CONFIRM when a person has compared the digits.
 */
export type Settlement =
  | { readonly kind: 'settled' }
  | { readonly kind: 'agreed' }
  | {
      readonly kind: 'compare';
      /** Whether the digits match; rejects when nobody can say so, and that ends the link. */
      readonly verdict: Promise<boolean>;
    };

export interface Authenticator {
  /** This side's device id; the order of the two decides whose sockets have odd ids. */
  readonly deviceId: string;
  readonly readyTurn: ReadyTurn;
  /** This side's HELLO, the same each time it is asked for. */
  hello(): Hello;
  /** This side's AUTH over both HELLOs and both certificates. Throws `E_IDENTITY`. */
  prove(peerHello: Hello): Auth;
  /**
   * Checks the peer's AUTH. Throws `E_IDENTITY` when it does not prove what it claims, or whatever
   * else keeps this side from going on with this peer.
   */
  check(auth: Auth): PeerIdentity;
  /** This side's READY, for a peer that is authenticated. */
  ready(): Ready;
  /** Takes the peer's READY. Throws `E_IDENTITY` when it reveals what it had not committed itself to. */
  settle(ready: Ready): Settlement;
  /** Both sides said yes: remembers the peer. What it rejects with ends the link. */
  keep(): Promise<void>;
  /** The link is over: a question that is still open is void, and no key of it is needed any more. */
  abort(): void;
}
