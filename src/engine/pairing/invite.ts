/**
 * The invite: what one computer shows and the other scans or pastes, so that they find and know
 * each other. `ver u8 = 1 | flags u8 | secret 16 | public key 32 | expiry u32 (Unix seconds) |
 * name (length u8, at most 24 bytes) | endpoints (count u8, at most 4: kind u8, address, port u16) |
 * check 4`, big-endian, in base64url behind `porthole://pair#`. An offline one has no endpoints, but
 * the offer (see description.ts) before the check.
 *
 * Invariant: `parseCode(encodeCode(code))` is the same code, and one mistyped or missing character
 * is found. Every version begins with its number and ends with the check.
 */
import { randomBytes } from 'node:crypto';

import { type PortholeError, portholeError } from '../../shared/errors.ts';
import {
  INVITE_CLOCK_SKEW_MS,
  INVITE_ENDPOINTS_MAX,
  INVITE_LIFE_MS,
  INVITE_LINK_CHARS_MAX,
  INVITE_NAME_BYTES_MAX,
  INVITE_SECRET_BYTES,
  OFFLINE_INVITE_LIFE_MS,
} from '../../shared/limits.ts';
import type { Endpoint } from '../signaling/endpoint.ts';
import type { RefusalReason } from '../signaling/envelope.ts';
import { ByteReader } from './byte-reader.ts';
import { CODE_VERSION, extractCode, openCode, sealCode } from './code.ts';
import { packDescription, type SessionDescription, unpackDescription } from './description.ts';
import { cutName } from './device-name.ts';
import { encodeEndpoints, readEndpoints, withoutLeastUseful } from './invite-endpoints.ts';
import { PUBLIC_KEY_BYTES } from './identity.ts';
import { Secret } from './secret.ts';

/** What an invite link begins with. */
export const INVITE_PREFIX = 'porthole://pair#';

const FLAG_TRUST = 1;
const FLAG_OFFLINE = 2;

/** How the two computers come to trust each other: digits compared by people, or the link alone. */
type InviteTrust = 'compare' | 'trust-invite';

export interface Invite {
  /** 128 random bits; who has them may claim the invite. */
  readonly secret: Secret;
  /** Ed25519 public key of the computer that made the invite, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Time of day when it ends, ms since 1970, a whole number of seconds. */
  readonly expiresAt: number;
  /** Name of the computer that made it; may be empty. */
  readonly name: string;
  /** Where its signaling server listens, at most 4. */
  readonly endpoints: readonly Endpoint[];
  readonly trust: InviteTrust;
}

export interface InviteOptions {
  readonly publicKey: Uint8Array;
  /** Time of day, ms since 1970. */
  readonly nowMs: number;
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly trust: InviteTrust;
}

/** An invite that is answered over a signaling server. */
export interface OnlineCode {
  readonly kind: 'online';
  readonly invite: Invite;
}

/** An invite that is answered by a second code, carried back by hand. */
export interface OfflineCode {
  readonly kind: 'offline';
  /** Without endpoints. */
  readonly invite: Invite;
  readonly offer: SessionDescription;
}

/** What a person can open: see `parseCode`. */
export type PairingCode = OnlineCode | OfflineCode;

/**
 * Makes an invite with a fresh secret that lives INVITE_LIFE_MS. Of the endpoints it has those that
 * fit INVITE_LINK_CHARS_MAX, but one at least: the least useful ones are left out.
 */
export function createInvite(options: InviteOptions): Invite {
  let invite = freshInvite(options, INVITE_LIFE_MS);
  while (invite.endpoints.length > 1 && !fitsLink(invite)) {
    invite = { ...invite, endpoints: withoutLeastUseful(invite.endpoints) };
  }
  return invite;
}

/** Makes an invite to be answered by hand, with a fresh secret; it lives OFFLINE_INVITE_LIFE_MS. */
export function createOfflineInvite(options: Omit<InviteOptions, 'endpoints'>): Invite {
  return freshInvite({ ...options, endpoints: [] }, OFFLINE_INVITE_LIFE_MS);
}

function freshInvite({ nowMs, name, ...rest }: InviteOptions, lifeMs: number): Invite {
  return {
    ...rest,
    secret: new Secret(randomBytes(INVITE_SECRET_BYTES)),
    expiresAt: Math.ceil((nowMs + lifeMs) / 1000) * 1000,
    name: cutName(name, INVITE_NAME_BYTES_MAX),
  };
}

function fitsLink(invite: Invite): boolean {
  const isWithinCount = invite.endpoints.length <= INVITE_ENDPOINTS_MAX;
  return isWithinCount && encodeInvite(invite).length <= INVITE_LINK_CHARS_MAX;
}

/** Writes a code as a link. The link is a secret: show it only where the person asked for it. */
export function encodeCode(code: PairingCode): string {
  return sealCode(INVITE_PREFIX, bodyOf(code));
}

/** Writes an online invite as a link; see `encodeCode`. */
export function encodeInvite(invite: Invite): string {
  return encodeCode({ kind: 'online', invite });
}

/**
 * Reads a link, or what follows its `#`, as people paste it. Throws E_CODE_EXPECTED for an answer,
 * E_INVITE_INVALID for what is no code, E_INVITE_DAMAGED for one that is cut short or mistyped,
 * E_VERSION for one of a newer version, and E_INVITE_EXPIRED when it ended more than
 * INVITE_CLOCK_SKEW_MS before `nowMs`.
 */
export function parseCode(text: string, nowMs: number): PairingCode {
  const { code, origin } = extractCode(text);
  if (origin === 'answer') throw portholeError('E_CODE_EXPECTED');
  const body = openCode(code, FLAG_TRUST | FLAG_OFFLINE);
  if (body === undefined) {
    throw portholeError(origin === 'invite' ? 'E_INVITE_DAMAGED' : 'E_INVITE_INVALID');
  }
  const parsed = readCode(body);
  if (parsed === undefined) throw portholeError('E_INVITE_DAMAGED');
  const { invite } = parsed;
  if (nowMs >= invite.expiresAt + INVITE_CLOCK_SKEW_MS) throw expiredError(invite);
  return parsed;
}

/** Reads the link of an online invite as `parseCode` does; an offline one is E_INVITE_INVALID. */
export function parseInvite(text: string, nowMs: number): Invite {
  const { kind, invite } = parseCode(text, nowMs);
  if (kind === 'offline') throw portholeError('E_INVITE_INVALID');
  return invite;
}

/** The error of an invite that its room no longer answers. */
export function refusedError(reason: RefusalReason, invite: Invite): PortholeError {
  if (reason === 'expired') return expiredError(invite);
  return portholeError(reason === 'used' ? 'E_INVITE_USED' : 'E_INVITE_CANCELLED');
}

/** With the hours and minutes of this computer's time zone. */
export function expiredError(invite: Invite): PortholeError {
  const at = new Date(invite.expiresAt);
  const [hours, minutes] = [at.getHours(), at.getMinutes()].map((part) =>
    String(part).padStart(2, '0'),
  );
  return portholeError('E_INVITE_EXPIRED', { when: `at ${hours}:${minutes}` });
}

// ── Bytes ───────────────────────────────────────────────────────────────────────────────────────

function bodyOf(code: PairingCode): Uint8Array {
  const { invite } = code;
  const name = Buffer.from(cutName(invite.name, INVITE_NAME_BYTES_MAX), 'utf8');
  return Buffer.concat([
    Uint8Array.of(CODE_VERSION, flagsOf(code)),
    invite.secret.reveal(),
    invite.publicKey,
    u32(invite.expiresAt / 1000),
    Uint8Array.of(name.length),
    name,
    encodeEndpoints(code.kind === 'offline' ? [] : invite.endpoints),
    code.kind === 'offline' ? packDescription(code.offer) : new Uint8Array(0),
  ]);
}

function flagsOf({ kind, invite }: PairingCode): number {
  const trust = invite.trust === 'trust-invite' ? FLAG_TRUST : 0;
  return trust | (kind === 'offline' ? FLAG_OFFLINE : 0);
}

function readCode(body: Uint8Array): PairingCode | undefined {
  const reader = new ByteReader(body);
  const [, flags = 0] = reader.bytes(2) ?? [];
  const invite = readInvite(reader, flags);
  const rest = reader.bytes(reader.left);
  if (invite === undefined || rest === undefined) return undefined;
  if ((flags & FLAG_OFFLINE) === 0) return rest.length > 0 ? undefined : { kind: 'online', invite };
  const offer = readOffer(rest);
  if (offer === undefined || invite.endpoints.length > 0) return undefined;
  return { kind: 'offline', invite, offer };
}

function readInvite(reader: ByteReader, flags: number): Invite | undefined {
  const secret = reader.bytes(INVITE_SECRET_BYTES);
  const publicKey = reader.bytes(PUBLIC_KEY_BYTES);
  const expirySeconds = reader.u32();
  const name = reader.text(INVITE_NAME_BYTES_MAX);
  const endpoints = readEndpoints(reader);
  if (secret === undefined || publicKey === undefined || expirySeconds === undefined) {
    return undefined;
  }
  if (name === undefined || endpoints === undefined) return undefined;
  return {
    secret: new Secret(secret),
    publicKey,
    expiresAt: expirySeconds * 1000,
    name: cutName(name, INVITE_NAME_BYTES_MAX),
    endpoints,
    trust: (flags & FLAG_TRUST) === 0 ? 'compare' : 'trust-invite',
  };
}

function readOffer(bytes: Uint8Array): SessionDescription | undefined {
  try {
    const description = unpackDescription(bytes);
    return description.kind === 'offer' ? description : undefined;
  } catch {
    return undefined;
  }
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
