/**
 * What discovery on the local network says in multicast DNS (RFC 6762): asks for the SRV record of a
 * name, and answers with it and the addresses of the host it names (RFC 2782). Pure.
 *
 * Invariant: of a packet only what was asked for is read, and not more of it than the limits allow;
 * nothing of it is believed but as a place to try.
 */
import { isIP } from 'node:net';
import type mdns from 'multicast-dns';
import { LAN_ADDRESSES_MAX, LAN_PACKET_RECORDS_MAX, LAN_TTL_SECONDS } from '../../shared/limits.ts';
import { isPort } from '../../shared/target.ts';
import type { Endpoint } from './endpoint.ts';
import type { LanNames } from './lan-names.ts';

export type LanQuestion = mdns.QueryOutgoingPacket['questions'][number];
export type LanAnswer = mdns.ResponseOutgoingPacket['answers'][number];

/** Fields of a received packet that are looked at, as whoever sent it left them. */
export interface ReceivedPacket {
  readonly questions?: readonly { readonly name: string; readonly type: string }[] | undefined;
  readonly answers?: readonly ReceivedRecord[] | undefined;
  readonly additionals?: readonly ReceivedRecord[] | undefined;
}

interface ReceivedRecord {
  readonly name?: unknown;
  readonly type: string;
  readonly data?: unknown;
}

export function questionFor(service: string): LanQuestion {
  return { name: service, type: 'SRV' };
}

/** The records that tell where a device listens. */
export function answersFor(
  { service, host }: LanNames,
  port: number,
  addresses: readonly string[],
): LanAnswer[] {
  const ttl = LAN_TTL_SECONDS;
  return [
    { name: service, type: 'SRV', ttl, flush: true, data: { port, target: host } },
    ...addresses.map((address): LanAnswer => {
      const type = isIP(address) === 4 ? 'A' : 'AAAA';
      return { name: host, type, ttl, flush: true, data: address };
    }),
  ];
}

/** Names that a packet asks for. */
export function askedIn({ questions = [] }: ReceivedPacket): string[] {
  return questions
    .slice(0, LAN_PACKET_RECORDS_MAX)
    .filter(({ type }) => type === 'SRV' || type === 'ANY')
    .map(({ name }) => canonical(name));
}

/** Where the services that `isWanted` are, as a packet says. */
export function foundIn(
  { answers = [], additionals = [] }: ReceivedPacket,
  isWanted: (service: string) => boolean,
): { readonly service: string; readonly endpoints: readonly Endpoint[] }[] {
  const records = [...answers, ...additionals].slice(0, LAN_PACKET_RECORDS_MAX);
  return records.flatMap(({ type, name, data }) => {
    const service = canonical(name);
    const place = type === 'SRV' && isWanted(service) ? placeOf(data) : undefined;
    if (place === undefined) return [];
    const endpoints = addressesOf(place.host, records).map((host): Endpoint => ({
      scheme: 'ws',
      host,
      port: place.port,
    }));
    return [{ service, endpoints }];
  });
}

function placeOf(data: unknown): { readonly host: string; readonly port: number } | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { port, target } = data as { readonly port?: unknown; readonly target?: unknown };
  if (typeof port !== 'number' || !isPort(port)) return undefined;
  return { host: canonical(target), port };
}

function addressesOf(host: string, records: readonly ReceivedRecord[]): string[] {
  const found = records.flatMap(({ type, name, data }) => {
    const isAddress = (type === 'A' || type === 'AAAA') && canonical(name) === host;
    return isAddress && typeof data === 'string' && isIP(data) !== 0 ? [data] : [];
  });
  return [...new Set(found)].slice(0, LAN_ADDRESSES_MAX);
}

/** Names of DNS have no case (RFC 1035 §2.3.3). */
function canonical(name: unknown): string {
  return typeof name === 'string' ? name.toLowerCase() : '';
}
