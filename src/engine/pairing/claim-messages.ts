/**
 * The three messages of an online pairing, inside their envelopes: m1 `1 | public key 32 | name
 * (length u8)`, m2 `2 | offer`, m3 `3 | answer`. Offer and answer are opaque here.
 *
 * Invariant: what is parsed was all there and nothing more; a name is safe to show.
 */
import { DEVICE_NAME_BYTES_MAX } from '../../shared/limits.ts';
import { ByteReader } from './byte-reader.ts';
import { cutName } from './device-name.ts';
import { PUBLIC_KEY_BYTES } from './identity.ts';

/** The computer that claims an invite, as it introduces itself; proved only on the channel. */
export interface Claimant {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Device name, at most 64 bytes, safe to show; may be empty. */
  readonly name: string;
}

const CLAIM = 1;
const KINDS = { offer: 2, answer: 3 } as const;

export function encodeClaim(claimant: Claimant): Uint8Array {
  const name = Buffer.from(cutName(claimant.name, DEVICE_NAME_BYTES_MAX));
  return Buffer.concat([
    Uint8Array.of(CLAIM),
    claimant.publicKey,
    Uint8Array.of(name.length),
    name,
  ]);
}

/** `undefined` for anything but a whole claim. */
export function parseClaim(bytes: Uint8Array): Claimant | undefined {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== CLAIM) return undefined;
  const publicKey = reader.bytes(PUBLIC_KEY_BYTES);
  const name = reader.text(DEVICE_NAME_BYTES_MAX);
  if (publicKey === undefined || name === undefined || reader.left > 0) return undefined;
  return { publicKey, name: cutName(name, DEVICE_NAME_BYTES_MAX) };
}

export function encodeDescription(kind: keyof typeof KINDS, description: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(KINDS[kind]), description]);
}

/** The description in a message of that kind; `undefined` for another or an empty one. */
export function parseDescription(
  kind: keyof typeof KINDS,
  bytes: Uint8Array,
): Uint8Array | undefined {
  return bytes[0] === KINDS[kind] && bytes.length > 1 ? bytes.subarray(1) : undefined;
}
