/**
 * Authentication of a channel (docs/protocol.md): each side signs, and proves knowledge of the
 * invite or the pair key over, one transcript of all that was agreed and of both certificates as it sees them
 * itself. A computer in the middle has two channels with two fingerprints, so its transcripts
 * differ (RFC 8827, RFC 8844). Pure; the link carries the messages.
 *
 * Invariant: a proof fits one transcript and one role, so it can be neither replayed nor reflected.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

import { portholeError } from '../../shared/errors.ts';
import {
  CAPABILITIES_MAX,
  CAPABILITY_BYTES_MAX,
  DEVICE_NAME_BYTES_MAX,
  ROOM_TAG_BYTES,
} from '../../shared/limits.ts';
import { COMMITMENT_BYTES } from './digits.ts';
import { EPHEMERAL_KEY_BYTES } from './ephemeral-key.ts';
import { type Identity, PUBLIC_KEY_BYTES, verifySignature } from './identity.ts';
import type { Secret } from './secret.ts';

/** Fresh random bytes of a HELLO. */
export const NONCE_BYTES = 32;

/** The capability of a side that trusts whoever holds the invite, without digits. */
export const CAPABILITY_TRUST_INVITE = 'trust-invite';

const LABEL = 'porthole/auth/1';
const FINGERPRINT_BYTES = 32;

/** Who made the offer of the session description; in mode `pair` the sharing computer does. */
export type AuthRole = 'offerer' | 'answerer';

/** What vouches for the peer, and gave the MAC its key: an invite, or the pair key. Never taken from a message. */
export type AuthMode = 'pair' | 'peer';

/** What a side says of itself first. */
export interface Hello {
  readonly version: number;
  readonly role: AuthRole;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 32 random bytes, fresh for each carrier. */
  readonly nonce: Uint8Array;
  /** In ASCII order, without repetition. */
  readonly capabilities: readonly string[];
  /** Device name, at most 64 bytes of UTF-8. */
  readonly name: string;
  /** X25519, 32 bytes, in mode `pair`; empty in mode `peer`. */
  readonly ephemeral: Uint8Array;
  /** What the answerer commits itself to in mode `pair`, 32 bytes; empty otherwise. */
  readonly commitment: Uint8Array;
}

export interface TranscriptInput {
  readonly mode: AuthMode;
  readonly offerer: Hello;
  readonly answerer: Hello;
  /** SHA-256 of the offerer's certificate as this side knows it itself, 32 bytes. */
  readonly offererFingerprint: Uint8Array;
  /** The same of the answerer's. */
  readonly answererFingerprint: Uint8Array;
  /** Tag of the room of the invite or of the day, 16 bytes. */
  readonly tag: Uint8Array;
}

/** What an AUTH carries. */
export interface Proof {
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array;
  /** HMAC-SHA-256, 32 bytes. */
  readonly mac: Uint8Array;
}

export interface MakeProofOptions {
  readonly identity: Identity;
  /** The role of this side. */
  readonly role: AuthRole;
  readonly transcript: Uint8Array;
  readonly key: Secret;
}

export interface CheckProofOptions {
  readonly proof: Proof;
  /** The HELLO of the peer, its role included. */
  readonly peer: Hello;
  /** Of this side; a peer that shows it is a mirror. */
  readonly ownPublicKey: Uint8Array;
  /** The key the peer must have: that of the invite, the one that claimed it, or the stored one. */
  readonly expectedPublicKey: Uint8Array;
  readonly transcript: Uint8Array;
  readonly key: Secret;
}

/**
 * SHA-256 over all that both sides must agree on, each field behind its length. Throws E_IDENTITY
 * for a HELLO that breaks the rules of its fields, that stands in the other role's place, or that
 * mirrors the other's key or nonce.
 */
export function transcript(input: TranscriptInput): Uint8Array {
  const { mode, offerer, answerer, offererFingerprint, answererFingerprint, tag } = input;
  requireHello(offerer, 'offerer');
  requireHello(answerer, 'answerer');
  requireExchange(mode, offerer, answerer);
  require(!sameBytes(offerer.publicKey, answerer.publicKey));
  require(!sameBytes(offerer.nonce, answerer.nonce));
  require(offererFingerprint.length === FINGERPRINT_BYTES);
  require(answererFingerprint.length === FINGERPRINT_BYTES && tag.length === ROOM_TAG_BYTES);
  const fields = [
    Buffer.from(LABEL),
    Buffer.from(mode),
    offerer.publicKey,
    answerer.publicKey,
    offerer.nonce,
    answerer.nonce,
    offererFingerprint,
    answererFingerprint,
    tag,
    u32(offerer.version),
    u32(answerer.version),
    listOf(offerer.capabilities),
    listOf(answerer.capabilities),
    Buffer.from(offerer.name),
    Buffer.from(answerer.name),
    offerer.ephemeral,
    answerer.ephemeral,
    offerer.commitment,
    answerer.commitment,
  ];
  return createHash('sha256')
    .update(Buffer.concat(fields.map(lengthPrefixed)))
    .digest();
}

/** Proves this side's identity and its knowledge of `key`. */
export function makeProof(options: MakeProofOptions): Proof {
  const { identity, role, key } = options;
  const bound = boundTo(role, options.transcript);
  return {
    signature: identity.sign(Buffer.concat([Buffer.from(LABEL), bound])),
    mac: createHmac('sha256', key.reveal()).update(bound).digest(),
  };
}

/** Throws E_IDENTITY unless the peer has the expected key and proved both that and `key`. */
export function checkProof(options: CheckProofOptions): void {
  const { proof, peer, ownPublicKey, expectedPublicKey, key } = options;
  const bound = boundTo(peer.role, options.transcript);
  const signed = Buffer.concat([Buffer.from(LABEL), bound]);
  require(!sameBytes(peer.publicKey, ownPublicKey));
  require(sameBytes(peer.publicKey, expectedPublicKey));
  require(sameBytes(proof.mac, createHmac('sha256', key.reveal()).update(bound).digest()));
  require(verifySignature(peer.publicKey, signed, proof.signature));
}

function requireHello(hello: Hello, role: AuthRole): void {
  require(hello.role === role);
  require(Number.isInteger(hello.version) && hello.version >= 0 && hello.version < 2 ** 32);
  require(hello.publicKey.length === PUBLIC_KEY_BYTES && hello.nonce.length === NONCE_BYTES);
  require(Buffer.byteLength(hello.name) <= DEVICE_NAME_BYTES_MAX);
  requireCapabilities(hello.capabilities);
}

function requireExchange(mode: AuthMode, offerer: Hello, answerer: Hello): void {
  const ephemeralBytes = mode === 'pair' ? EPHEMERAL_KEY_BYTES : 0;
  require(offerer.ephemeral.length === ephemeralBytes);
  require(answerer.ephemeral.length === ephemeralBytes);
  require(offerer.commitment.length === 0);
  require(answerer.commitment.length === (mode === 'pair' ? COMMITMENT_BYTES : 0));
}

function requireCapabilities(capabilities: readonly string[]): void {
  require(capabilities.length <= CAPABILITIES_MAX);
  for (const [index, capability] of capabilities.entries()) {
    require(Buffer.byteLength(capability) <= CAPABILITY_BYTES_MAX);
    require(index === 0 || (capabilities[index - 1] ?? '') < capability);
  }
}

function require(isMet: boolean): void {
  if (!isMet) throw portholeError('E_IDENTITY');
}

function boundTo(role: AuthRole, digest: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(role === 'offerer' ? 0 : 1), digest]);
}

function listOf(items: readonly string[]): Uint8Array {
  return Buffer.concat(items.map((item) => lengthPrefixed(Buffer.from(item))));
}

function lengthPrefixed(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([u32(bytes.length), bytes]);
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
