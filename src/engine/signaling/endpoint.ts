/**
 * Where a signaling server can be reached: an address or host name, and a port.
 *
 * Invariant: at most INVITE_ENDPOINTS_MAX of them, those most likely to work first.
 */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

import { INVITE_ENDPOINTS_MAX, INVITE_IPV6_ENDPOINTS_MAX } from '../../shared/limits.ts';

export interface Endpoint {
  /** IPv4, IPv6 (without brackets or zone) or a host name. */
  readonly host: string;
  /** TCP port, 1 to 65535. */
  readonly port: number;
  /** `wss` for a rendezvous server with a certificate. @default ws */
  readonly scheme?: 'ws' | 'wss';
}

/** The interfaces of a computer, as `os.networkInterfaces()` gives them. */
export type Interfaces = ReturnType<typeof networkInterfaces>;

const LOOPBACK = '127.0.0.1';

// Bridges to containers and virtual machines: nobody outside this computer reaches them, and a
// developer's computer can have more of them than an invite has room for.
const VIRTUAL = /^(docker|br-|veth|virbr|vmnet|vboxnet|cni|podman|lxc|vethernet)/i;

/** Whether an interface is a bridge of this computer's own making. */
export function isVirtual(name: string): boolean {
  return VIRTUAL.test(name);
}

/**
 * Where others reach a server that listens on `port` of this computer: IPv4, then global and unique
 * local IPv6 (link-local addresses need a zone, which means nothing elsewhere). 127.0.0.1 comes
 * last if there is room: two processes on this computer must find each other when the network has
 * gone since or a firewall guards its addresses, and elsewhere it costs one refused connection.
 */
export function endpointsOfThisComputer(
  port: number,
  interfaces: Interfaces = networkInterfaces(),
): readonly Endpoint[] {
  const usable = usableAddresses(interfaces);
  const ipv6 = usable.filter((host) => host.includes(':')).slice(0, INVITE_IPV6_ENDPOINTS_MAX);
  const hosts = usable.filter((host) => !host.includes(':') || ipv6.includes(host));
  return [...hosts, LOOPBACK].slice(0, INVITE_ENDPOINTS_MAX).map((host) => ({ host, port }));
}

/** The URL of an endpoint, without a path. */
export function endpointUrl({ scheme = 'ws', host, port }: Endpoint): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The URL of a room at an endpoint. */
export function roomUrl(endpoint: Endpoint, room: Uint8Array): string {
  return endpointUrl(endpoint) + roomPath(room);
}

/** Where the host of a room connects to a rendezvous server. */
export function hostUrl(endpoint: Endpoint, room: Uint8Array): string {
  return `${endpointUrl(endpoint)}/host${roomPath(room)}`;
}

/** The path of a room: its tag in base64url. */
export function roomPath(room: Uint8Array): string {
  return `/${Buffer.from(room).toString('base64url')}`;
}

function usableAddresses(interfaces: Interfaces): string[] {
  const entries = Object.entries(interfaces)
    .flatMap(([name, infos]) => (infos ?? []).map((info) => ({ name, info })))
    .filter(({ info }) => isUsable(info));
  return entries.toSorted((a, b) => rank(a) - rank(b)).map(({ info }) => info.address);
}

function isUsable(info: NetworkInterfaceInfo): boolean {
  return !info.internal && !/^fe[89ab]/i.test(info.address);
}

/** IPv4, IPv6, then what assigned itself an address (RFC 3927), then virtual bridges. */
function rank({ name, info }: { name: string; info: NetworkInterfaceInfo }): number {
  if (isVirtual(name)) return 3;
  if (info.address.startsWith('169.254.')) return 2;
  return info.family === 'IPv4' ? 0 : 1;
}
