/**
 * What moves frames for a link: whole messages, encrypted and reliable, in any order.
 *
 * Invariant: `onClosed` comes exactly once, and nothing comes after it. No method throws: a carrier
 * that cannot send any more has closed, and says so through `onClosed`.
 */
import type { PortholeError } from '../../shared/errors.ts';

/** `relayed`: a DataChannel whose packets take the way over a TURN server. */
type CarrierKind = 'datachannel' | 'relayed' | 'memory';

/** Whether the other end runs on this very computer: then both share its ports. */
export type CarrierReach = 'this-computer' | 'network';

/** How a carrier's packets go, for a person who wants to know. */
export interface CarrierRoute {
  /** ICE candidate types (RFC 8445 §4), or `memory`. */
  readonly local: string;
  readonly remote: string;
  /** Address and port of the other end, or of its relay. */
  readonly address: string;
}

/**
 * SHA-256 fingerprints (32 bytes each) of the certificates both ends really use, as this end knows
 * them itself: its own certificate and the one the peer presented in the handshake, never a value
 * from a message (docs/protocol.md, authentication; RFC 8827, RFC 8844).
 */
export interface ChannelBinding {
  readonly local: Uint8Array;
  readonly remote: Uint8Array;
}

export interface CarrierEvents {
  /** One whole message. The bytes belong to the receiver from now on. */
  onMessage(message: Uint8Array): void;
  /** `bufferedAmount()` fell to the low water mark after having been above it. */
  onDrained(): void;
  /** The carrier is gone: `undefined` when this end closed it, else why. */
  onClosed(cause: PortholeError | undefined): void;
}

export interface Carrier {
  readonly kind: CarrierKind;
  readonly binding: ChannelBinding;
  readonly reach: CarrierReach;
  /** `undefined` once it is closed. */
  readonly route: CarrierRoute | undefined;
  /** Payload bytes of a DATA frame that suit this carrier. */
  readonly dataPayloadBytes: number;
  /** Sets the receiver of events, once; what came before is delivered then. */
  start(events: CarrierEvents): void;
  /** Takes one whole message (at most 64 KiB). The bytes may be reused when it returns. */
  send(message: Uint8Array): void;
  /** Bytes taken by `send()` that have not been handed to the network stack below. */
  bufferedAmount(): number;
  /** Closes both ways; what was not sent is lost. Safe to call again. */
  close(): void;
}
