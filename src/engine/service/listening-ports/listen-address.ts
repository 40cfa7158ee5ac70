/**
 * Addresses that sockets listen on, in one spelling.
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { LISTEN_ADDRESS_CHARS_MAX } from '../../../shared/limits.ts';

const MAPPED = '::ffff:';
/** In the order in which a connection to 127.0.0.1, then to ::1, finds them. */
const NEAREST = ['127.0.0.1', '0.0.0.0', '::', '::1'];
const OTHER_LOOPBACK = NEAREST.length;
const ELSEWHERE = NEAREST.length + 1;

/**
 * `text` as RFC 5952 writes it, an IPv4-mapped address as the IPv4 one, a zone (RFC 4007) kept;
 * `undefined` where it is no address.
 */
export function listenAddress(text: string): string | undefined {
  if (text.length > LISTEN_ADDRESS_CHARS_MAX) return undefined;
  if (isIPv4(text)) return text;
  if (!isIPv6(text)) return undefined;
  const [bare = '', zone] = text.split('%');
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' });
  if (zone !== undefined) return `${address}%${zone}`;
  const mapped = address.slice(MAPPED.length);
  return address.startsWith(MAPPED) && isIPv4(mapped) ? mapped : address;
}

/** Whether a connection to 127.0.0.1 or ::1 finds who listens there. */
export function isOnLoopback(address: string): boolean {
  return NEAREST.includes(address);
}

/**
 * How far an address is from who connects to loopback: least is who answers there (the exact address
 * goes before a wildcard), then other loopback addresses, then those that loopback does not reach.
 */
export function distance(address: string): number {
  const at = NEAREST.indexOf(address);
  if (at >= 0) return at;
  return address.startsWith('127.') ? OTHER_LOOPBACK : ELSEWHERE;
}
