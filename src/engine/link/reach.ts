/**
 * How a peer says it can be found later: the CONTROL message Reach, both ways.
 *
 * Invariant: what `readReach` returns can be dialed and stored as it is; anything a peer should not
 * have sent is a protocol error.
 */
import { isIP } from 'node:net';
import { create } from '@bufbuild/protobuf';
import {
  DEVICE_NAME_BYTES_MAX,
  REACH_ENDPOINTS_MAX,
  REACH_RENDEZVOUS_MAX,
  REACH_URL_CHARS_MAX,
} from '../../shared/limits.ts';
import { isPort } from '../../shared/target.ts';
import { protocolViolation } from '../protocol/frame.ts';
import { ReachSchema } from '../protocol/generated/session_pb.ts';
import type {
  Endpoint as WireEndpoint,
  Reach as WireReach,
} from '../protocol/generated/session_pb.ts';
import { cutName } from '../pairing/device-name.ts';
import type { Endpoint } from '../signaling/endpoint.ts';

/** Where a computer can be found later, and its name now. */
export interface Reach {
  /** Of its own signaling server. At most `REACH_ENDPOINTS_MAX`, likeliest first. */
  readonly endpoints: readonly Endpoint[];
  /** Rendezvous servers, `ws://…` or `wss://…`. At most `REACH_RENDEZVOUS_MAX`. */
  readonly rendezvous: readonly string[];
  /** Its device name. */
  readonly name: string;
}

const RENDEZVOUS_PROTOCOLS = ['ws:', 'wss:'];
/** Labels of RFC 1123 §2.1; an underscore is common in private networks. */
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;

/** The message to send; what is beyond the limits is left out. */
export function writeReach({ endpoints, rendezvous, name }: Reach): WireReach {
  return create(ReachSchema, {
    endpoints: endpoints
      .slice(0, REACH_ENDPOINTS_MAX)
      .map(({ host, port, scheme }) => ({ host, port, tls: scheme === 'wss' })),
    rendezvous: rendezvous.slice(0, REACH_RENDEZVOUS_MAX),
    name: cutName(name, DEVICE_NAME_BYTES_MAX),
  });
}

/** Throws `E_PROTOCOL` for too many or malformed entries. */
export function readReach({ endpoints, rendezvous, name }: WireReach): Reach {
  const isWellFormed =
    endpoints.length <= REACH_ENDPOINTS_MAX &&
    rendezvous.length <= REACH_RENDEZVOUS_MAX &&
    endpoints.every(isEndpoint) &&
    rendezvous.every(isRendezvousUrl) &&
    Buffer.byteLength(name) <= DEVICE_NAME_BYTES_MAX;
  if (!isWellFormed) throw protocolViolation('malformed reach');
  return {
    endpoints: endpoints.map(({ host, port, tls }) => ({ host, port, scheme: tls ? 'wss' : 'ws' })),
    rendezvous: [...rendezvous],
    name: cutName(name, DEVICE_NAME_BYTES_MAX),
  };
}

function isEndpoint({ host, port }: WireEndpoint): boolean {
  return isPort(port) && isHost(host);
}

/** An address without zone, or a name; what looks like a number must be an address. */
function isHost(host: string): boolean {
  if (host.includes('%')) return false;
  if (isIP(host) !== 0) return true;
  return HOST_NAME.test(host) && !/^[\d.]*$/.test(host);
}

function isRendezvousUrl(text: string): boolean {
  if (text.length > REACH_URL_CHARS_MAX || !URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return RENDEZVOUS_PROTOCOLS.includes(protocol) && username === '' && password === '';
}
