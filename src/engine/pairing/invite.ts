/**
 * The invite: what one computer shows and the other scans or pastes, so that they find and know
 * each other. `ver u8 = 1 | flags u8 | secret 16 | public key 32 | expiry u32 (Unix seconds) |
 * name (length u8, at most 24 bytes) | endpoints (count u8, at most 4: kind u8, address, port u16) |
 * check 4`, big-endian, in base64url behind `porthole://pair#`.
 *
 * Invariant: `parseInvite(encodeInvite(invite))` is the same invite, and one mistyped or missing
 * character is found. Every version begins with its number and ends with the check.
 */
import { createHash, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';

import { type PortholeError, portholeError } from '../../shared/errors.ts';
import {
  INVITE_CHARS_MAX,
  INVITE_CLOCK_SKEW_MS,
  INVITE_ENDPOINTS_MAX,
  INVITE_LIFE_MS,
  INVITE_NAME_BYTES_MAX,
  INVITE_SECRET_BYTES,
} from '../../shared/limits.ts';
import type { Endpoint } from '../signaling/endpoint.ts';
import type { RefusalReason } from '../signaling/envelope.ts';
import { addressBytes, addressText, IPV4_BYTES, IPV6_BYTES } from './address.ts';
import { ByteReader } from './byte-reader.ts';
import { cutName } from './device-name.ts';
import { PUBLIC_KEY_BYTES } from './identity.ts';
import { Secret } from './secret.ts';

/** What an invite link begins with. */
export const INVITE_PREFIX = 'porthole://pair#';

const VERSION = 1;
const FLAG_TRUST = 1;
const CHECK_BYTES = 4;
const KIND_HOST = 1;
const KIND_IPV4 = 4;
const KIND_IPV6 = 6;
const HOST = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i;

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

/** Makes an invite with a fresh secret that lives INVITE_LIFE_MS. */
export function createInvite(options: InviteOptions): Invite {
  const { nowMs, name, ...rest } = options;
  return {
    ...rest,
    secret: new Secret(randomBytes(INVITE_SECRET_BYTES)),
    expiresAt: Math.ceil((nowMs + INVITE_LIFE_MS) / 1000) * 1000,
    name: cutName(name, INVITE_NAME_BYTES_MAX),
  };
}

/** Writes an invite as a link. The link is a secret: show it only where the person asked for it. */
export function encodeInvite(invite: Invite): string {
  const body = Buffer.concat([
    Uint8Array.of(VERSION, invite.trust === 'trust-invite' ? FLAG_TRUST : 0),
    invite.secret.reveal(),
    invite.publicKey,
    u32(invite.expiresAt / 1000),
    lengthPrefixed(Buffer.from(cutName(invite.name, INVITE_NAME_BYTES_MAX), 'utf8')),
    encodeEndpoints(invite.endpoints),
  ]);
  return INVITE_PREFIX + Buffer.concat([body, checkOf(body)]).toString('base64url');
}

/**
 * Reads a link, or what follows its `#`, as people paste it. Throws E_INVITE_INVALID for what is no
 * invite, E_INVITE_DAMAGED for one that is cut short or mistyped, E_VERSION for one of a newer
 * version, and E_INVITE_EXPIRED when it ended more than INVITE_CLOCK_SKEW_MS before `nowMs`.
 */
export function parseInvite(text: string, nowMs: number): Invite {
  const { code, origin } = extractCode(text);
  const blob = decodeBase64url(code);
  if (blob === undefined) throw portholeError(wrongCode(origin));
  const body = blob.subarray(0, -CHECK_BYTES);
  const isIntact = Buffer.compare(blob.subarray(-CHECK_BYTES), checkOf(body)) === 0;
  if (!isIntact) throw portholeError(wrongCode(origin));
  requireKnownVersion(body);
  const invite = readInvite(body);
  if (invite === undefined) throw portholeError('E_INVITE_DAMAGED');
  if (nowMs >= invite.expiresAt + INVITE_CLOCK_SKEW_MS) throw expiredError(invite);
  return invite;
}

/** The error of an invite that its room no longer answers. */
export function refusedError(reason: RefusalReason, invite: Invite): PortholeError {
  if (reason === 'expired') return expiredError(invite);
  return portholeError(reason === 'used' ? 'E_INVITE_USED' : 'E_INVITE_CANCELLED');
}

/** With the hours and minutes of this computer's time zone. */
function expiredError(invite: Invite): PortholeError {
  const at = new Date(invite.expiresAt);
  const [hours, minutes] = [at.getHours(), at.getMinutes()].map((part) =>
    String(part).padStart(2, '0'),
  );
  return portholeError('E_INVITE_EXPIRED', { when: `at ${hours}:${minutes}` });
}

// ── Text ────────────────────────────────────────────────────────────────────────────────────────

/** Whether its beginning is that of an invite. */
type Origin = 'invite' | 'unknown';

// How version 1 without unknown flags begins: the bytes 01 00 or 01 01.
const BARE_BEGINNING = /^AQ[A-H]/;

/** What chats and terminals put around and into a link is dropped. */
function extractCode(text: string): { readonly code: string; readonly origin: Origin } {
  // Looked at up to twice the limit, so that wrapping and quotes do not count against it.
  const dense = text
    .slice(0, 2 * INVITE_CHARS_MAX)
    .replaceAll(/[\s\u200b-\u200d\u2060"'`<>\u2018-\u201f\u00ab\u00bb]/gu, '');
  const prefix = /^porthole:\/\/pair\/?#/i.exec(dense)?.[0];
  if (prefix !== undefined) return { code: dense.slice(prefix.length), origin: 'invite' };
  return { code: dense, origin: BARE_BEGINNING.test(dense) ? 'invite' : 'unknown' };
}

/** Decodes base64url (RFC 4648 §5), accepting only the one canonical spelling of the bytes. */
function decodeBase64url(code: string): Buffer | undefined {
  if (code.length > INVITE_CHARS_MAX || !/^[\w-]+=*$/.test(code)) return undefined;
  const unpadded = code.replace(/=+$/, '');
  const bytes = Buffer.from(unpadded, 'base64url');
  return bytes.length > CHECK_BYTES && bytes.toString('base64url') === unpadded ? bytes : undefined;
}

function wrongCode(origin: Origin): 'E_INVITE_DAMAGED' | 'E_INVITE_INVALID' {
  return origin === 'invite' ? 'E_INVITE_DAMAGED' : 'E_INVITE_INVALID';
}

/** A flag this version does not know changes what follows, so it counts as a newer version. */
function requireKnownVersion(body: Uint8Array): void {
  const [version = 0, flags = 0] = body;
  if (version === VERSION && (flags & ~FLAG_TRUST) === 0) return;
  const theirs = version === VERSION ? `newer than ${VERSION}` : version;
  throw portholeError('E_VERSION', { theirs, ours: VERSION });
}

// ── Bytes ───────────────────────────────────────────────────────────────────────────────────────

function readInvite(body: Uint8Array): Invite | undefined {
  const reader = new ByteReader(body);
  const [, flags = 0] = reader.bytes(2) ?? [];
  const secret = reader.bytes(INVITE_SECRET_BYTES);
  const publicKey = reader.bytes(PUBLIC_KEY_BYTES);
  const expirySeconds = reader.u32();
  const name = reader.text(INVITE_NAME_BYTES_MAX);
  const endpoints = readEndpoints(reader);
  if (secret === undefined || publicKey === undefined || expirySeconds === undefined) {
    return undefined;
  }
  if (name === undefined || endpoints === undefined || reader.left > 0) return undefined;
  return {
    secret: new Secret(secret),
    publicKey,
    expiresAt: expirySeconds * 1000,
    name: cutName(name, INVITE_NAME_BYTES_MAX),
    endpoints,
    trust: (flags & FLAG_TRUST) === 0 ? 'compare' : 'trust-invite',
  };
}

function readEndpoints(reader: ByteReader): readonly Endpoint[] | undefined {
  const count = reader.u8();
  if (count === undefined || count > INVITE_ENDPOINTS_MAX) return undefined;
  const endpoints: Endpoint[] = [];
  for (let index = 0; index < count; index++) {
    const host = readHost(reader);
    const port = reader.u16();
    if (host === undefined || port === undefined || port === 0) return undefined;
    endpoints.push({ host, port });
  }
  return endpoints;
}

function readHost(reader: ByteReader): string | undefined {
  const kind = reader.u8();
  if (kind === KIND_HOST) {
    const host = reader.text(255);
    return host !== undefined && isHostName(host) ? host : undefined;
  }
  if (kind !== KIND_IPV4 && kind !== KIND_IPV6) return undefined;
  const address = reader.bytes(kind === KIND_IPV4 ? IPV4_BYTES : IPV6_BYTES);
  return address === undefined ? undefined : addressText(address);
}

function encodeEndpoints(endpoints: readonly Endpoint[]): Uint8Array {
  if (endpoints.length > INVITE_ENDPOINTS_MAX) throw new RangeError('too many endpoints');
  return Buffer.concat([Uint8Array.of(endpoints.length), ...endpoints.map(encodeEndpoint)]);
}

function encodeEndpoint({ host, port }: Endpoint): Uint8Array {
  const portBytes = Uint8Array.of(port >> 8, port & 255);
  const address = addressBytes(host);
  if (address !== undefined) {
    const kind = address.length === IPV4_BYTES ? KIND_IPV4 : KIND_IPV6;
    return Buffer.concat([Uint8Array.of(kind), address, portBytes]);
  }
  if (!isHostName(host)) throw new RangeError('not a host name');
  return Buffer.concat([Uint8Array.of(KIND_HOST), lengthPrefixed(Buffer.from(host)), portBytes]);
}

/** A name of letters, digits, dots and hyphens, and no address in disguise. */
function isHostName(host: string): boolean {
  return HOST.test(host) && !host.includes('..') && isIP(host) === 0;
}

function checkOf(body: Uint8Array): Uint8Array {
  return createHash('sha256').update(body).digest().subarray(0, CHECK_BYTES);
}

function lengthPrefixed(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(bytes.length), bytes]);
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
