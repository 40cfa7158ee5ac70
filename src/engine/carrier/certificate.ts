/**
 * A self-signed certificate (X.509 v3, RFC 5280) for one connection, in DER by hand: Node reads
 * certificates but writes none. Only its fingerprint is ever looked at.
 *
 * Invariant: a new P-256 key each time; nothing in it tells one computer from another.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { Secret } from '../pairing/secret.ts';

export interface Certificate {
  /** PEM. */
  readonly pem: string;
  /** Its private key, PKCS #8 in PEM. */
  readonly key: Secret;
}

const TAG = {
  integer: 0x02,
  bitString: 0x03,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
} as const;

/** 1.2.840.10045.4.3.2, ecdsa-with-SHA256. */
const ECDSA_SHA256 = Buffer.from('2a8648ce3d040302', 'hex');
/** 2.5.4.3. */
const COMMON_NAME = Buffer.from('550403', 'hex');
/** The name that browsers give theirs. */
const NAME = 'WebRTC';
const DAY_MS = 86_400_000;
const LIFE_MS = 30 * DAY_MS;

/** Makes a certificate, valid from yesterday for a month. */
export function createCertificate(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = toBeSigned(publicKey.export({ type: 'spki', format: 'der' }));
  const signature = sign('sha256', body, { key: privateKey, dsaEncoding: 'der' });
  const der = sequence(body, algorithm(), bitString(signature));
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { pem: pemOf(der), key: new Secret(Buffer.from(key)) };
}

function toBeSigned(subjectPublicKeyInfo: Uint8Array): Uint8Array {
  const yesterday = Date.now() - DAY_MS;
  // 64 bits, the first one 0 and the second 1: positive and of no fewer bytes than it has.
  const serial = randomBytes(8);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return sequence(
    element(TAG.version, element(TAG.integer, Uint8Array.of(2))),
    element(TAG.integer, serial),
    algorithm(),
    name(),
    sequence(utcTime(yesterday), utcTime(yesterday + LIFE_MS)),
    name(),
    subjectPublicKeyInfo,
  );
}

function algorithm(): Uint8Array {
  return sequence(element(TAG.oid, ECDSA_SHA256));
}

function name(): Uint8Array {
  const attribute = sequence(element(TAG.oid, COMMON_NAME), element(TAG.utf8, Buffer.from(NAME)));
  return sequence(element(TAG.set, attribute));
}

/** `YYMMDDHHMMSSZ`, which means the years 1950 to 2049. */
function utcTime(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().replaceAll(/\D/g, '').slice(2, 14);
  return element(TAG.utcTime, Buffer.from(`${digits}Z`));
}

function bitString(bytes: Uint8Array): Uint8Array {
  return element(TAG.bitString, Uint8Array.of(0), bytes);
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return element(TAG.sequence, ...parts);
}

function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.of(tag), lengthOf(content.length), content]);
}

/** X.690 §8.1.3: one byte, or the number of bytes and the bytes. */
function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  return length < 0x100
    ? Uint8Array.of(0x81, length)
    : Uint8Array.of(0x82, length >> 8, length & 255);
}

function pemOf(der: Uint8Array): string {
  const lines = Buffer.from(der).toString('base64').replaceAll(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`;
}
