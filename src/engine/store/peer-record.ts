/**
 * What is kept about a paired computer, in memory and as JSON.
 *
 * Invariant: the device id is the one of the public key.
 */
import * as v from 'valibot';
import { SETTINGS_SERVERS_MAX, SETTINGS_TEXT_CHARS_MAX } from '../../shared/limits.ts';
import { deviceIdOf, PUBLIC_KEY_BYTES } from '../pairing/identity.ts';
import { base64url, bytesSchema, secretSchema } from './base64url.ts';

/** What an HMAC-SHA-256 key and the result of HKDF-SHA-256 have, bytes. */
const PAIR_KEY_BYTES = 32;

const text = v.pipe(v.string(), v.maxLength(SETTINGS_TEXT_CHARS_MAX));
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
/** Milliseconds since 1970. */
const time = v.pipe(v.number(), v.integer(), v.minValue(0));

const EndpointSchema = v.object({
  host: text,
  port,
  scheme: v.exactOptional(v.picklist(['ws', 'wss'])),
});

const ForwardEntrySchema = v.object({
  /** Id of the share. */
  share: text,
  name: text,
  /** Local port. */
  port,
  /** Port of the target on its own computer. */
  sharedPort: port,
  /** Whether the target is on the peer's loopback interface. */
  loopback: v.boolean(),
});

const ForwardsSchema = v.object({
  /** `all`: whatever the peer offers becomes a forward, but `declined`. */
  mode: v.picklist(['all', 'chosen']),
  entries: v.pipe(v.array(ForwardEntrySchema), v.readonly()),
  /** Ids of shares that a person closed. */
  declined: v.pipe(v.array(text), v.readonly()),
});

/** Reads a peer from JSON. */
export const PeerRecordSchema = v.pipe(
  v.object({
    /** 52 characters of base32. */
    deviceId: v.pipe(v.string(), v.length(52)),
    publicKey: bytesSchema(PUBLIC_KEY_BYTES),
    /** As that computer calls itself. */
    name: text,
    /** As it is called on this computer instead. */
    alias: v.exactOptional(text),
    pairKey: secretSchema(PAIR_KEY_BYTES),
    pairedAt: time,
    lastSeen: v.nullable(time),
    /** `unconfirmed` until the first AUTH under the pair key; `removed`: it has forgotten us. */
    trust: v.picklist(['unconfirmed', 'confirmed', 'removed']),
    /** Where it was reached lately. */
    endpoints: v.pipe(v.array(EndpointSchema), v.readonly()),
    /** URLs of the rendezvous servers it waits at. */
    rendezvous: v.exactOptional(
      v.pipe(v.array(text), v.maxLength(SETTINGS_SERVERS_MAX), v.readonly()),
    ),
    forwards: ForwardsSchema,
  }),
  v.check(({ deviceId, publicKey }) => deviceIdOf(publicKey) === deviceId),
);

/** A paired computer. */
export type PeerRecord = Readonly<v.InferOutput<typeof PeerRecordSchema>>;

/** What a person calls the peer. */
export function nameOf({ name, alias }: PeerRecord): string {
  return alias ?? name;
}

/** The peer as `PeerRecordSchema` reads it; it shows the pair key. */
export function encodePeer(peer: PeerRecord): object {
  return {
    ...peer,
    publicKey: base64url(peer.publicKey),
    pairKey: base64url(peer.pairKey.reveal()),
  };
}
