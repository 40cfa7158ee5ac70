/**
 * The names by which one device tells one paired device on the local network where it is, for one
 * day: HMAC-SHA-256 under a key that only the two have. Pure.
 *
 * Invariant: whoever has no pair key cannot tell a name from random, nor that two days, two
 * directions, or a name and a room of a rendezvous server belong together.
 */
import { createHmac } from 'node:crypto';
import { LAN_NAME_BYTES } from '../../shared/limits.ts';
import { hkdfExpand } from '../pairing/keys.ts';
import type { Secret } from '../pairing/secret.ts';

/** Two DNS names, `<32 hexadecimal digits>.local`. */
export interface LanNames {
  /** Of the SRV record. */
  readonly service: string;
  /** Of the addresses. */
  readonly host: string;
}

export interface LanNamesOptions {
  readonly pairKey: Secret;
  /** Ed25519 public key of the device that announces itself, 32 bytes. */
  readonly announcer: Uint8Array;
  /** Days since 1970 in UTC. */
  readonly utcDay: number;
}

const KEY_INFO = Buffer.from('porthole/lan/1');
const KEY_BYTES = 32;
const SERVICE = 0;
const HOST = 1;

export function deriveLanNames({ pairKey, announcer, utcDay }: LanNamesOptions): LanNames {
  const key = hkdfExpand(pairKey.reveal(), KEY_INFO, KEY_BYTES);
  const day = Buffer.alloc(4);
  day.writeUInt32BE(utcDay);
  const nameOf = (kind: number): string => {
    const mac = createHmac('sha256', key).update(Uint8Array.of(kind)).update(announcer).update(day);
    return `${mac.digest().toString('hex', 0, LAN_NAME_BYTES)}.local`;
  };
  return { service: nameOf(SERVICE), host: nameOf(HOST) };
}
