/**
 * Who this computer is: an Ed25519 key (RFC 8032) and the device id made from it.
 *
 * Invariant: the private key never leaves the object it was made in, and an object made here is
 * the only thing that can sign for its device id. Where the key is kept is the store's business.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';

/** Length of an Ed25519 public key, bytes. */
export const PUBLIC_KEY_BYTES = 32;
/** Length of the seed an identity is made from, bytes: the Ed25519 private key. */
export const SEED_BYTES = 32;
const SIGNATURE_BYTES = 64;

// What stands before the 32 bytes of an Ed25519 key in PKCS #8 and SPKI (RFC 8410 §7 and §4).
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** RFC 4648 §6. */
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const SHORT_GROUPS = 4;
const SHORT_GROUP_CHARS = 5;

/** A computer that can sign for itself. */
export interface Identity {
  /** Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** `deviceIdOf(publicKey)`. */
  readonly deviceId: string;
  /** Ed25519 signature of `message`, 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

class KeyedIdentity implements Identity {
  readonly publicKey: Uint8Array;
  readonly deviceId: string;
  readonly #privateKey: KeyObject;

  constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
    this.publicKey = Uint8Array.from(spki.subarray(SPKI_PREFIX.length));
    this.deviceId = deviceIdOf(this.publicKey);
  }

  sign(message: Uint8Array): Uint8Array {
    return sign(null, message, this.#privateKey);
  }
}

/** Makes an identity from a seed of 32 bytes, a fresh random one unless given. */
export function createIdentity(seed: Uint8Array = randomBytes(SEED_BYTES)): Identity {
  const key = Buffer.concat([PKCS8_PREFIX, seed]);
  return new KeyedIdentity(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
}

/** Whether `signature` is the one of `publicKey` on `message`; `false` for anything malformed. */
export function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  try {
    const key = Buffer.concat([SPKI_PREFIX, publicKey]);
    return verify(null, message, createPublicKey({ key, format: 'der', type: 'spki' }), signature);
  } catch {
    return false;
  }
}

/** The device id of a public key: base32 (RFC 4648, no padding) of SHA-256, 52 characters. */
export function deviceIdOf(publicKey: Uint8Array): string {
  return base32(createHash('sha256').update('porthole/id/1').update(publicKey).digest());
}

/**
 * What people compare: the first 20 characters of a device id in four groups and a check character
 * (Luhn mod 32, which catches every single mistyped character), `ABCDE-FGHIJ-KLMNO-PQRST-U`.
 */
export function shortDeviceId(deviceId: string): string {
  const chars = deviceId.slice(0, SHORT_GROUPS * SHORT_GROUP_CHARS);
  const groups = Array.from({ length: SHORT_GROUPS }, (_, group) =>
    chars.slice(group * SHORT_GROUP_CHARS, (group + 1) * SHORT_GROUP_CHARS),
  );
  return [...groups, checkCharacter(chars)].join('-');
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(held >>> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + BASE32[(held << (5 - bits)) & 31];
}

/** Luhn mod N with N = 32: from the right, every other code point is doubled, digits summed. */
function checkCharacter(chars: string): string {
  const size = BASE32.length;
  const sum = chars
    .split('')
    .toReversed()
    .reduce((total, char, index) => {
      const weighted = BASE32.indexOf(char) * (index % 2 === 0 ? 2 : 1);
      return total + Math.floor(weighted / size) + (weighted % size);
    }, 0);
  return BASE32[(size - (sum % size)) % size] ?? '';
}
