/**
 * The endpoints inside an invite: `count u8, then for each kind u8, address, port u16`. Kind 4 is an
 * IPv4 and 6 an IPv6 address, 1 a host name (length u8 and name); 16 is added for `wss`.
 *
 * Invariant: what is read has a port and an address or a proper host name; `ws` is the scheme where
 * none is named.
 */
import { isIP } from 'node:net';

import { INVITE_ENDPOINTS_MAX } from '../../shared/limits.ts';
import type { Endpoint } from '../signaling/endpoint.ts';
import { addressBytes, addressText, IPV4_BYTES, IPV6_BYTES } from './address.ts';
import type { ByteReader } from './byte-reader.ts';

const KIND_HOST = 1;
const KIND_IPV4 = 4;
const KIND_IPV6 = 6;
const KIND_SECURE = 16;
const HOST = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i;

/** Writes endpoints; throws RangeError for too many or a host that is none. */
export function encodeEndpoints(endpoints: readonly Endpoint[]): Uint8Array {
  if (endpoints.length > INVITE_ENDPOINTS_MAX) throw new RangeError('too many endpoints');
  return Buffer.concat([Uint8Array.of(endpoints.length), ...endpoints.map(encodeEndpoint)]);
}

/** Reads what `encodeEndpoints` wrote; `undefined` for anything else. */
export function readEndpoints(reader: ByteReader): readonly Endpoint[] | undefined {
  const count = reader.u8();
  if (count === undefined || count > INVITE_ENDPOINTS_MAX) return undefined;
  const endpoints: Endpoint[] = [];
  for (let index = 0; index < count; index++) {
    const endpoint = readEndpoint(reader);
    if (endpoint === undefined) return undefined;
    endpoints.push(endpoint);
  }
  return endpoints;
}

/**
 * All but the one that is most likely of no use: this computer's own loopback address, then
 * self-assigned addresses (RFC 3927), then others of the network, and a rendezvous server, which is
 * reached from anywhere, last. Of two alike the later one goes.
 */
export function withoutLeastUseful(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const least = Math.min(...endpoints.map(usefulness));
  const at = endpoints.findLastIndex((endpoint) => usefulness(endpoint) === least);
  return endpoints.filter((_, index) => index !== at);
}

function usefulness({ host, scheme }: Endpoint): number {
  if (scheme === 'wss' || isIP(host) === 0) return 3;
  if (host.startsWith('127.') || host === '::1') return 0;
  return host.startsWith('169.254.') ? 1 : 2;
}

function encodeEndpoint({ host, port, scheme }: Endpoint): Uint8Array {
  const secure = scheme === 'wss' ? KIND_SECURE : 0;
  const portBytes = Uint8Array.of(port >> 8, port & 255);
  const address = addressBytes(host);
  if (address !== undefined) {
    const kind = address.length === IPV4_BYTES ? KIND_IPV4 : KIND_IPV6;
    return Buffer.concat([Uint8Array.of(kind | secure), address, portBytes]);
  }
  if (!isHostName(host)) throw new RangeError('not a host name');
  const name = Buffer.from(host);
  return Buffer.concat([Uint8Array.of(KIND_HOST | secure, name.length), name, portBytes]);
}

function readEndpoint(reader: ByteReader): Endpoint | undefined {
  const kind = reader.u8() ?? 0;
  const host = readHost(reader, kind & ~KIND_SECURE);
  const port = reader.u16();
  if (host === undefined || port === undefined || port === 0) return undefined;
  return (kind & KIND_SECURE) === 0 ? { host, port } : { host, port, scheme: 'wss' };
}

function readHost(reader: ByteReader, kind: number): string | undefined {
  if (kind === KIND_HOST) {
    const host = reader.text(255);
    return host !== undefined && isHostName(host) ? host : undefined;
  }
  if (kind !== KIND_IPV4 && kind !== KIND_IPV6) return undefined;
  const address = reader.bytes(kind === KIND_IPV4 ? IPV4_BYTES : IPV6_BYTES);
  return address === undefined ? undefined : addressText(address);
}

/** A name of letters, digits, dots and hyphens, and no address in disguise. */
function isHostName(host: string): boolean {
  return HOST.test(host) && !host.includes('..') && isIP(host) === 0;
}
