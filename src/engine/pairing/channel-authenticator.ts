/**
 * Authenticates the channel of a pairing: puts the rules of authentication.ts to work on the HELLO
 * and AUTH of one carrier.
 *
 * Invariant: both certificates in the transcript are what this end knows itself (the carrier's
 * binding), never what a message said.
 */
import { randomBytes } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { portholeError } from '../../shared/errors.ts';
import type { ChannelBinding } from '../carrier/carrier.ts';
import type { Authenticator, PeerIdentity } from '../link/authenticator.ts';
import { PROTOCOL_VERSION } from '../link/handshake.ts';
import { AuthSchema, HelloSchema } from '../protocol/generated/session_pb.ts';
import type { Auth, Hello as WireHello } from '../protocol/generated/session_pb.ts';
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
import { DEVICE_NAME_BYTES_MAX } from '../../shared/limits.ts';

const ROLE_NUMBERS: Record<AuthRole, number> = { offerer: 1, answerer: 2 };

export interface ChannelAuthenticatorOptions {
  readonly identity: Identity;
  /** Name of this device. */
  readonly name: string;
  readonly role: AuthRole;
  readonly keys: PairingKeys;
  readonly binding: ChannelBinding;
  /** The key the peer must have: that of the invite, or the one that claimed it. */
  readonly expectedPublicKey: Uint8Array;
  /** Called when the peer has proved itself, before it may do anything; what it throws ends the link. */
  onProved(peer: PeerIdentity): void;
}

export class ChannelAuthenticator implements Authenticator {
  readonly deviceId: string;
  readonly #options: ChannelAuthenticatorOptions;
  readonly #hello: Hello;

  constructor(options: ChannelAuthenticatorOptions) {
    this.#options = options;
    this.deviceId = options.identity.deviceId;
    this.#hello = {
      version: PROTOCOL_VERSION,
      role: options.role,
      publicKey: options.identity.publicKey,
      nonce: randomBytes(NONCE_BYTES),
      capabilities: [CAPABILITY_TRUST_INVITE],
      name: cutName(options.name, DEVICE_NAME_BYTES_MAX),
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
    const digest = this.#transcriptWith(this.#readHello(peerHello));
    return create(AuthSchema, makeProof({ identity, role, transcript: digest, key: keys.mac }));
  }

  check(peerHello: WireHello, auth: Auth): PeerIdentity {
    const { identity, keys, expectedPublicKey } = this.#options;
    const peer = this.#readHello(peerHello);
    checkProof({
      proof: auth,
      peer,
      ownPublicKey: identity.publicKey,
      expectedPublicKey,
      transcript: this.#transcriptWith(peer),
      key: keys.mac,
    });
    if (!peer.capabilities.includes(CAPABILITY_TRUST_INVITE)) throw portholeError('E_TRUST_INVITE');
    const proved = {
      publicKey: peer.publicKey,
      deviceId: deviceIdOf(peer.publicKey),
      name: cutName(peer.name, DEVICE_NAME_BYTES_MAX),
    };
    this.#options.onProved(proved);
    return proved;
  }

  #transcriptWith(peer: Hello): Uint8Array {
    const { role, binding, keys } = this.#options;
    const own = this.#hello;
    const isOfferer = role === 'offerer';
    return transcript({
      mode: 'invite',
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
    const { version, publicKey, nonce, capabilities, name } = hello;
    return { version, role, publicKey, nonce, capabilities, name };
  }
}
