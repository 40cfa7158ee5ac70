/**
 * Authenticates a channel, of a pairing or between two paired computers: puts the rules of
 * authentication.ts to work on the HELLO and AUTH of one carrier, and those of digits.ts on its
 * READY.
 *
 * Invariant: both certificates in the transcript are what this end knows itself (the carrier's
 * binding), never what a message said. The pair key leaves this object only when both sides said
 * yes.
 */
import { randomBytes } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { portholeError } from '../../shared/errors.ts';
import { DEVICE_NAME_BYTES_MAX } from '../../shared/limits.ts';
import type { ChannelBinding } from '../carrier/carrier.ts';
import type { Authenticator, PeerIdentity, ReadyTurn, Settlement } from '../link/authenticator.ts';
import { PROTOCOL_VERSION } from '../link/handshake.ts';
import { AuthSchema, HelloSchema, ReadySchema } from '../protocol/generated/session_pb.ts';
import type { Auth, Hello as WireHello, Ready } from '../protocol/generated/session_pb.ts';
import {
  CAPABILITY_TRUST_INVITE,
  checkProof,
  makeProof,
  NONCE_BYTES,
  transcript,
} from './authentication.ts';
import type { AuthRole, Hello } from './authentication.ts';
import { cutName } from './device-name.ts';
import { deviceIdOf } from './identity.ts';
import type { Identity } from './identity.ts';
import type { PairingKeys } from './keys.ts';
import { PairingExchange } from './pairing-exchange.ts';
import type { Secret } from './secret.ts';

const ROLE_NUMBERS: Record<AuthRole, number> = { offerer: 1, answerer: 2 };
const NOTHING = new Uint8Array(0);

/** How a side wants to know that nobody is in the middle. */
export type PairingTrust = 'compare' | 'trust-invite';

/** A question for the person at this computer. */
export interface Comparison {
  /** Six digits; `formatDigits` makes them readable. */
  readonly digits: string;
  readonly peer: PeerIdentity;
  /** Aborted when the link has ended: the question is void. */
  readonly signal: AbortSignal;
}

/** A peer to remember. */
export interface PairedPeer {
  readonly peer: PeerIdentity;
  /** What both will know each other by, 32 bytes. */
  readonly pairKey: Secret;
}

interface ProvedEvents {
  /** Called when the peer has proved itself, before it may do anything; what it throws ends the link. */
  onProved(peer: PeerIdentity): void;
}

interface PairingEvents extends ProvedEvents {
  /**
   * Asks whether the digits match; only when the two sides do not both trust the invite. What it
   * rejects with ends the link.
   */
  onCompare(comparison: Comparison): Promise<boolean>;
  /** Both sides said yes: store the peer. Nothing is shared before it resolves; a rejection ends the link. */
  onPaired(paired: PairedPeer): Promise<void>;
}

/** An invite vouches for the peer, or the pair key does. */
export type ChannelMode =
  | ({ readonly kind: 'pair'; readonly trust: PairingTrust } & PairingEvents)
  | ({ readonly kind: 'peer' } & ProvedEvents);

export interface ChannelAuthenticatorOptions {
  readonly identity: Identity;
  /** Name of this device. */
  readonly name: string;
  readonly role: AuthRole;
  /** Of the invite (mode `pair`), or of the pair key and the day (mode `peer`). */
  readonly keys: PairingKeys;
  readonly binding: ChannelBinding;
  /** The key the peer must have: that of the invite, the one that claimed it, or the stored one. */
  readonly expectedPublicKey: Uint8Array;
  readonly mode: ChannelMode;
}

/** A pairing under way. */
interface Pairing {
  readonly mode: Extract<ChannelMode, { kind: 'pair' }>;
  readonly exchange: PairingExchange;
  readonly question: AbortController;
}

/** What both HELLOs together fix. */
interface Agreement {
  readonly peer: Hello;
  readonly transcript: Uint8Array;
}

export class ChannelAuthenticator implements Authenticator {
  readonly deviceId: string;
  readonly readyTurn: ReadyTurn;
  readonly #options: ChannelAuthenticatorOptions;
  readonly #pairing: Pairing | undefined;
  readonly #hello: Hello;
  #agreement: Agreement | undefined;
  #paired: PairedPeer | undefined;

  constructor(options: ChannelAuthenticatorOptions) {
    const { identity, mode, name, role } = options;
    this.#options = options;
    this.deviceId = identity.deviceId;
    this.#pairing = mode.kind === 'pair' ? startPairing(mode, options) : undefined;
    this.readyTurn = mode.kind === 'pair' && role === 'answerer' ? 'after-peer' : 'at-once';
    this.#hello = {
      version: PROTOCOL_VERSION,
      role,
      publicKey: identity.publicKey,
      nonce: randomBytes(NONCE_BYTES),
      capabilities: capabilitiesOf(mode),
      name: cutName(name, DEVICE_NAME_BYTES_MAX),
      ephemeral: this.#pairing?.exchange.ephemeral ?? NOTHING,
      commitment: this.#pairing?.exchange.commitment ?? NOTHING,
    };
  }

  hello(): WireHello {
    const { role, capabilities, ...rest } = this.#hello;
    return create(HelloSchema, {
      ...rest,
      capabilities: [...capabilities],
      role: ROLE_NUMBERS[role],
    });
  }

  prove(peerHello: WireHello): Auth {
    const { identity, role, keys } = this.#options;
    const peer = this.#readHello(peerHello);
    const agreement = { peer, transcript: this.#transcriptWith(peer) };
    this.#agreement = agreement;
    const { transcript: digest } = agreement;
    return create(AuthSchema, makeProof({ identity, role, transcript: digest, key: keys.mac }));
  }

  check(auth: Auth): PeerIdentity {
    const { identity, keys, expectedPublicKey, mode } = this.#options;
    const agreement = this.#agreement as Agreement;
    checkProof({
      proof: auth,
      ...agreement,
      ownPublicKey: identity.publicKey,
      expectedPublicKey,
      key: keys.mac,
    });
    const peer = identityOf(agreement.peer);
    const pairKey = this.#pairing?.exchange.agreePairKey({ ...agreement, prk: keys.prk });
    if (pairKey !== undefined) this.#paired = { peer, pairKey };
    mode.onProved(peer);
    return peer;
  }

  ready(): Ready {
    return create(ReadySchema, { reveal: this.#pairing?.exchange.reveal ?? NOTHING });
  }

  settle(ready: Ready): Settlement {
    if (this.#pairing === undefined) return { kind: 'settled' };
    const { exchange, mode, question } = this.#pairing;
    const agreement = this.#agreement as Agreement;
    const digits = exchange.digits({ ...agreement, nonce: ready.reveal });
    const { capabilities } = agreement.peer;
    if (mode.trust === 'trust-invite' && capabilities.includes(CAPABILITY_TRUST_INVITE)) {
      return { kind: 'agreed' };
    }
    const { peer } = this.#paired as PairedPeer;
    return { kind: 'compare', verdict: mode.onCompare({ digits, peer, signal: question.signal }) };
  }

  async keep(): Promise<void> {
    if (this.#paired !== undefined) await this.#pairing?.mode.onPaired(this.#paired);
    this.#paired = undefined;
  }

  abort(): void {
    this.#paired = undefined;
    this.#pairing?.exchange.forget();
    this.#pairing?.question.abort();
  }

  #transcriptWith(peer: Hello): Uint8Array {
    const { role, binding, keys, mode } = this.#options;
    const own = this.#hello;
    const isOfferer = role === 'offerer';
    return transcript({
      mode: mode.kind,
      offerer: isOfferer ? own : peer,
      answerer: isOfferer ? peer : own,
      offererFingerprint: isOfferer ? binding.local : binding.remote,
      answererFingerprint: isOfferer ? binding.remote : binding.local,
      tag: keys.room,
    });
  }

  /** Throws `E_IDENTITY` unless the peer claims the other role. */
  #readHello(hello: WireHello): Hello {
    const role = this.#options.role === 'offerer' ? 'answerer' : 'offerer';
    if (hello.role !== ROLE_NUMBERS[role]) throw portholeError('E_IDENTITY');
    const { version, publicKey, nonce, capabilities, name, ephemeral, commitment } = hello;
    return { version, role, publicKey, nonce, capabilities, name, ephemeral, commitment };
  }
}

function startPairing(
  mode: Extract<ChannelMode, { kind: 'pair' }>,
  { role, identity }: ChannelAuthenticatorOptions,
): Pairing {
  const exchange = new PairingExchange(role, identity.publicKey);
  return { mode, exchange, question: new AbortController() };
}

function capabilitiesOf(mode: ChannelMode): readonly string[] {
  return mode.kind === 'pair' && mode.trust === 'trust-invite' ? [CAPABILITY_TRUST_INVITE] : [];
}

function identityOf({ publicKey, name }: Hello): PeerIdentity {
  return {
    publicKey,
    deviceId: deviceIdOf(publicKey),
    name: cutName(name, DEVICE_NAME_BYTES_MAX),
  };
}
