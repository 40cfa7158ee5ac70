/**
 * What one end tells the other so that their DataChannel can open: the certificate's fingerprint,
 * a secret for ICE, and addresses. As a tuple on the wire, as SDP for the native library.
 *
 * Invariant: the library sees SDP only from the template below, filled with what `unpackDescription`
 * let through; no text of the other computer ever reaches it.
 *
 * Tuple: `version << 4 | kind u8, fingerprint 32, ICE secret 16, count u8`, then for each address
 * `type | 4 if IPv6 u8, address 4 or 16, port u16`; big-endian.
 */
import { hkdfSync } from 'node:crypto';
import { portholeError } from '../../shared/errors.ts';
import { CANDIDATES_MAX, FRAME_BYTES_MAX, RELAYED_CANDIDATES_MAX } from '../../shared/limits.ts';
import { addressBytes, addressText, IPV4_BYTES, IPV6_BYTES } from './address.ts';

const FINGERPRINT_BYTES = 32;

/** Secret the ICE credentials come from, bytes. RFC 8445 asks for 128 bits in the password. */
export const ICE_SECRET_BYTES = 16;

type DescriptionKind = 'offer' | 'answer';

/**
 * How descriptions travel: `live` over a server within seconds, or `by-hand` by people, which takes
 * minutes and leaves the answerer waiting.
 */
export type Exchange = 'live' | 'by-hand';

type CandidateType = 'host' | 'srflx' | 'relay';

export interface Candidate {
  /** IPv4, or IPv6 as RFC 5952 writes it. */
  readonly address: string;
  /** UDP port, 1 to 65535. */
  readonly port: number;
  readonly type: CandidateType;
}

export interface SessionDescription {
  readonly kind: DescriptionKind;
  /** 16 random bytes, fresh for each description; see `iceCredentials`. */
  readonly iceSecret: Uint8Array;
  /** SHA-256 of the certificate, 32 bytes. */
  readonly fingerprint: Uint8Array;
  /** At most CANDIDATES_MAX. */
  readonly candidates: readonly Candidate[];
}

const VERSION = 1;
const HEADER_BYTES = 1 + FINGERPRINT_BYTES + ICE_SECRET_BYTES + 1;
const KINDS: readonly DescriptionKind[] = ['offer', 'answer'];
const TYPES: readonly CandidateType[] = ['host', 'srflx', 'relay'];
const IPV6_FLAG = 4;

// ── Tuple ───────────────────────────────────────────────────────────────────────────────────────

/** Packs a description into its tuple. Throws E_PROTOCOL for one that `unpackDescription` refuses. */
export function packDescription(description: SessionDescription): Uint8Array {
  const { kind, iceSecret, fingerprint, candidates } = description;
  must(iceSecret.length === ICE_SECRET_BYTES, 'ICE secret of the wrong length');
  must(fingerprint.length === FINGERPRINT_BYTES, 'fingerprint of the wrong length');
  must(candidates.length <= CANDIDATES_MAX, 'too many addresses');
  const head = Uint8Array.of((VERSION << 4) | KINDS.indexOf(kind));
  const parts = [head, fingerprint, iceSecret, Uint8Array.of(candidates.length)];
  return joined([...parts, ...candidates.map(packCandidate)]);
}

/** Reads the tuple of a description, from anyone. Throws E_PROTOCOL unless every byte is as it must be. */
export function unpackDescription(bytes: Uint8Array): SessionDescription {
  must(bytes.length >= HEADER_BYTES, 'description too short');
  const head = bytes[0] ?? 0;
  must(head >> 4 === VERSION, 'description of another version');
  const kind = KINDS[head & 15];
  const secretStart = 1 + FINGERPRINT_BYTES;
  const count = bytes[HEADER_BYTES - 1] ?? 0;
  must(kind !== undefined, 'description of no known kind');
  must(count <= CANDIDATES_MAX, 'too many addresses');
  return {
    kind,
    fingerprint: Uint8Array.from(bytes.subarray(1, secretStart)),
    iceSecret: Uint8Array.from(bytes.subarray(secretStart, HEADER_BYTES - 1)),
    candidates: unpackCandidates(bytes.subarray(HEADER_BYTES), count),
  };
}

function packCandidate({ address, port, type }: Candidate): Uint8Array {
  const bytes = addressBytes(address);
  must(bytes !== undefined && isPlausible(bytes), 'address that cannot be a peer');
  must(Number.isInteger(port) && port > 0 && port < 65_536, 'port out of range');
  const flags = TYPES.indexOf(type) | (bytes.length === IPV6_BYTES ? IPV6_FLAG : 0);
  return joined([Uint8Array.of(flags), bytes, Uint8Array.of(port >> 8, port & 255)]);
}

function unpackCandidates(bytes: Uint8Array, count: number): Candidate[] {
  const candidates: Candidate[] = [];
  let rest = bytes;
  while (candidates.length < count) {
    const flags = rest[0] ?? 0;
    const type = TYPES[flags & ~IPV6_FLAG];
    const end = 1 + ((flags & IPV6_FLAG) === 0 ? IPV4_BYTES : IPV6_BYTES);
    must(rest.length >= end + 2, 'description too short');
    must(type !== undefined, 'address of no known type');
    const address = rest.subarray(1, end);
    const port = ((rest[end] ?? 0) << 8) | (rest[end + 1] ?? 0);
    must(isPlausible(address), 'address that cannot be a peer');
    must(port > 0, 'port out of range');
    candidates.push({ address: addressText(address), port, type });
    rest = rest.subarray(end + 2);
  }
  must(rest.length === 0, 'description too long');
  return candidates;
}

/** Not unspecified, multicast, reserved, or IPv4 dressed as IPv6: packets there would hit strangers. */
function isPlausible(address: Uint8Array): boolean {
  const [first = 0] = address;
  if (address.length === IPV4_BYTES) return first > 0 && first < 224;
  return first < 255 && address.subarray(0, 8).some((byte) => byte !== 0);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function must(condition: boolean, reason: string): asserts condition {
  if (!condition) throw portholeError('E_PROTOCOL', { reason });
}

// ── ICE credentials ─────────────────────────────────────────────────────────────────────────────

export interface IceCredentials {
  readonly iceUfrag: string;
  readonly icePwd: string;
}

/**
 * Derives the ICE credentials of a description: 8 and 24 characters of `A-Za-z0-9+/`, whatever the
 * secret is. (The native library aborts the process over any other character.)
 */
export function iceCredentials(secret: Uint8Array): IceCredentials {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'porthole ice 1', 24));
  return {
    iceUfrag: bytes.toString('base64', 0, 6),
    icePwd: bytes.toString('base64', 6, 24),
  };
}

// ── SDP ─────────────────────────────────────────────────────────────────────────────────────────

const TYPE_PREFERENCE = { host: 126, srflx: 100, relay: 0 } as const;

// Live, the answerer is the DTLS client: the other way round one connection in twenty lost its first
// handshake message, and waited a second for the next. By hand, the offerer is: a client gives up
// after half a minute, and the answerer's would shout at somebody who has not heard of it yet
// (docs/architecture.md, "The native library").
const SETUP = {
  live: { offer: 'actpass', answer: 'active' },
  'by-hand': { offer: 'active', answer: 'passive' },
} as const;

/** Renders the SDP of a description for the native library, without its candidates. */
export function renderSdp(description: SessionDescription, exchange: Exchange): string {
  const { iceUfrag, icePwd } = iceCredentials(description.iceSecret);
  const lines = [
    'v=0',
    'o=- 0 0 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    'a=sctp-port:5000',
    `a=max-message-size:${FRAME_BYTES_MAX}`,
    `a=setup:${SETUP[exchange][description.kind]}`,
    `a=ice-ufrag:${iceUfrag}`,
    `a=ice-pwd:${icePwd}`,
    `a=fingerprint:sha-256 ${fingerprintText(description.fingerprint)}`,
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** Renders the candidates of a description, each for the native library by itself. */
export function renderCandidates(description: SessionDescription): string[] {
  return description.candidates.map(candidateLine);
}

function candidateLine({ address, port, type }: Candidate, index: number): string {
  const priority = TYPE_PREFERENCE[type] * 2 ** 24 + (65_535 - index) * 2 ** 8 + 255;
  const related = type === 'host' ? '' : ' raddr 0.0.0.0 rport 0';
  return `candidate:${index + 1} 1 UDP ${priority} ${address} ${port} typ ${type}${related}`;
}

export interface LocalSdp {
  readonly sdp: string;
  readonly kind: DescriptionKind;
  /** The secret whose credentials this end uses. */
  readonly iceSecret: Uint8Array;
}

/**
 * Makes the description out of the library's own SDP: UDP addresses only, no names (mDNS), at most
 * CANDIDATES_MAX. Where there are too many, those seen from outside and relayed ones matter most; relayed
 * ones come last, for their way is the longest.
 */
export function readLocalSdp({ sdp, kind, iceSecret }: LocalSdp): SessionDescription {
  const text = /^a=fingerprint:sha-256 ([0-9A-F:]{95})\s*$/im.exec(sdp)?.[1];
  const fingerprint = text === undefined ? undefined : parseFingerprint(text);
  if (!fingerprint) {
    throw portholeError('E_INTERNAL', { reason: 'no SHA-256 fingerprint in the local SDP' });
  }
  const found = localCandidates(sdp);
  const of = (wanted: CandidateType): Candidate[] => found.filter(({ type }) => type === wanted);
  const relayed = of('relay').slice(0, RELAYED_CANDIDATES_MAX);
  const direct = [...of('srflx'), ...of('host')].slice(0, CANDIDATES_MAX - relayed.length);
  return {
    kind,
    iceSecret,
    fingerprint,
    candidates: [...direct, ...relayed],
  };
}

function localCandidates(sdp: string): Candidate[] {
  const lines = sdp.matchAll(/^a=candidate:\S+ 1 UDP \d+ (\S+) (\d+) typ (host|srflx|relay)\b/gim);
  const candidates: Candidate[] = [];
  for (const [, text = '', port, typeText] of lines) {
    const bytes = addressBytes(text);
    const type = TYPES.find((known) => known === typeText);
    if (!bytes || !isPlausible(bytes) || !type) continue;
    candidates.push({ address: addressText(bytes), port: Number(port), type });
  }
  return candidates;
}

// ── Fingerprints ────────────────────────────────────────────────────────────────────────────────

/** Writes a fingerprint as SDP does: `AB:CD:…`. */
export function fingerprintText(fingerprint: Uint8Array): string {
  return Array.from(fingerprint, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(
    ':',
  );
}

/** Reads a SHA-256 fingerprint as SDP writes it; `undefined` for anything else. */
function parseFingerprint(text: string): Uint8Array | undefined {
  if (!/^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(':'), (pair) => Number.parseInt(pair, 16));
}
