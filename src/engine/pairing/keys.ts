/**
 * Keys of one invite, and of two paired computers: HKDF-SHA-256 (RFC 5869) over the secret they
 * share. `room` is all a server or an onlooker learns; it tells nothing about the rest.
 *
 * Invariant: each key has one purpose, named in its `info`; no `info` is the beginning of another.
 */
import { createHmac } from 'node:crypto';

import { INVITE_SECRET_BYTES, ROOM_TAG_BYTES } from '../../shared/limits.ts';
import { Secret } from './secret.ts';

const HASH_BYTES = 32;
const EXTRACT_SALT = Buffer.from('porthole/pair/1');
const PAIR_KEY_INFO = Buffer.from('porthole/pair-key/1');

/** What both sides derive from the secret of an invite, or from their pair key for one day. */
export interface PairingKeys {
  /** Tag of the room where both meet, 16 bytes; public. */
  readonly room: Uint8Array;
  /** From which each sender of sealed envelopes derives its own key. */
  readonly prk: Secret;
  /** Key of the MAC in the authentication of the channel. */
  readonly mac: Secret;
}

/** What the pair key is made of. */
export interface PairKeyMaterial {
  /** Of the handshake that paired the two, 32 bytes. */
  readonly transcript: Uint8Array;
  /** The prk of the invite. */
  readonly prk: Secret;
  /** What both made with their ephemeral X25519 keys, 32 bytes. */
  readonly shared: Uint8Array;
}

/** Who sends: the computer that made the invite, or the one that joins. */
export type PairingRole = 'sharer' | 'joiner';

/** HKDF-Extract of RFC 5869 §2.2, 32 bytes. */
export function hkdfExtract(salt: Uint8Array, material: Uint8Array): Uint8Array {
  return createHmac('sha256', salt).update(material).digest();
}

/** HKDF-Expand of RFC 5869 §2.3; `length` is at most 255 × 32 bytes. */
export function hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  let last: Uint8Array = new Uint8Array(0);
  for (let counter = 1; blocks.length * HASH_BYTES < length; counter++) {
    const hmac = createHmac('sha256', prk).update(last).update(info);
    last = hmac.update(Uint8Array.of(counter)).digest();
    blocks.push(last);
  }
  return Buffer.concat(blocks).subarray(0, length);
}

/** Derives all keys of an invite from its secret. */
export function derivePairingKeys(secret: Secret): PairingKeys {
  const material = secret.reveal();
  if (material.length !== INVITE_SECRET_BYTES) throw new RangeError('wrong length of a secret');
  const prk = hkdfExtract(EXTRACT_SALT, material);
  return {
    room: hkdfExpand(prk, Buffer.from('room'), ROOM_TAG_BYTES),
    prk: new Secret(prk),
    mac: new Secret(hkdfExpand(prk, Buffer.from('kmac'), HASH_BYTES)),
  };
}

/**
 * The key two computers keep when they have paired, 32 bytes. Who learns the invite later cannot
 * make it: that takes an ephemeral key of the handshake.
 */
export function derivePairKey({ transcript, prk, shared }: PairKeyMaterial): Secret {
  const extracted = hkdfExtract(transcript, Buffer.concat([prk.reveal(), shared]));
  return new Secret(hkdfExpand(extracted, PAIR_KEY_INFO, HASH_BYTES));
}

/**
 * Derives what two paired computers need to meet on one day (days since 1970 in UTC). The room is
 * another each day, so that a server cannot tell who comes back.
 */
export function derivePeerKeys(pairKey: Secret, utcDay: number): PairingKeys {
  const day = Buffer.alloc(4);
  day.writeUInt32BE(utcDay);
  const key = pairKey.reveal();
  const room = createHmac('sha256', key).update('rv').update(day).digest();
  return {
    room: room.subarray(0, ROOM_TAG_BYTES),
    prk: new Secret(hkdfExpand(key, Buffer.from('sig'), HASH_BYTES)),
    mac: new Secret(hkdfExpand(key, Buffer.from('kmac'), HASH_BYTES)),
  };
}

/** The AES-256 key with which `sender` seals under its random `salt`. */
export function deriveSealingKey(prk: Secret, sender: PairingRole, salt: Uint8Array): Secret {
  const info = Buffer.concat([Buffer.from('seal'), directionOf(sender), salt]);
  return new Secret(hkdfExpand(prk.reveal(), info, 32));
}

/** Names of the two directions as in the design: A made the invite, B joins. */
export function directionOf(sender: PairingRole): Uint8Array {
  return Buffer.from(sender === 'sharer' ? 'AB' : 'BA');
}
