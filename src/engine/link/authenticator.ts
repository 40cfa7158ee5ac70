/**
 * What the handshake needs to know of identities: pairing supplies it (and later the stored peers).
 *
 * Invariant: nothing here does I/O, and `check()` is the only way to a `PeerIdentity`.
 */
import type { Auth, Hello } from '../protocol/generated/session_pb.ts';

export interface PeerIdentity {
  readonly publicKey: Uint8Array;
  readonly deviceId: string;
  readonly name: string;
}

export interface Authenticator {
  /** This side's device id; the order of the two decides whose sockets have odd ids. */
  readonly deviceId: string;
  /** This side's HELLO, the same each time it is asked for. */
  hello(): Hello;
  /** This side's AUTH over both HELLOs and both certificates. */
  prove(peerHello: Hello): Auth;
  /**
   * Checks the peer's AUTH. Throws `E_IDENTITY` when it does not prove what it claims, and
   * `E_TRUST_INVITE` when the two sides do not agree how to trust.
   */
  check(peerHello: Hello, auth: Auth): PeerIdentity;
}
