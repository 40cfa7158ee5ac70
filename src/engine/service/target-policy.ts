/**
 * Which targets may be shared at all, by address: this computer always, others with `allow-lan`,
 * some never (threat 6: a peer must not reach cloud metadata, or our own doors, through a share).
 *
 * Invariant: the verdict is on an IP address, never on how somebody spelled it. A name has no
 * verdict; what it resolves to has one, each time, and only that address is connected to.
 */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { portholeError } from '../../shared/errors.ts';
import type { PortholeError } from '../../shared/errors.ts';
import { formatTarget } from '../../shared/target.ts';
import type { Target } from '../../shared/target.ts';

/** Whether a share may lead to other computers. */
export type LanRule = 'this-computer' | 'allow-lan';

export interface TargetRules {
  readonly lan: LanRule;
  /** Where this program itself listens on this computer: control, signaling, web UI. */
  readonly ownPorts: ReadonlySet<number>;
}

/** What a target's host is, however it was spelled. */
export type TargetHost =
  | { readonly kind: 'loopback' }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'name'; readonly name: string };

type Refusal =
  | { readonly code: 'E_LAN_TARGET' }
  | { readonly code: 'E_TARGET_FORBIDDEN'; readonly reason: string };

type Network = readonly [address: string, prefix: number];

const LOOPBACK_V4: Network = ['127.0.0.0', 8];
const UNSPECIFIED = ['0.0.0.0', '::'];

/** IPv4 networks that are never shared, and why. */
const FORBIDDEN_V4: Readonly<Record<string, readonly Network[]>> = {
  'link-local addresses are never shared, cloud computers keep their secrets there': [
    ['169.254.0.0', 16],
  ],
  // Alibaba Cloud; Azure's wire server.
  'a cloud computer keeps its secrets there': [
    ['100.100.100.200', 32],
    ['168.63.129.16', 32],
  ],
  'it is not the address of one computer': [
    ['224.0.0.0', 4],
    ['255.255.255.255', 32],
  ],
  'the address is reserved': [
    ['0.0.0.0', 8],
    ['240.0.0.0', 4],
  ],
};

const FORBIDDEN_V6: Readonly<Record<string, readonly Network[]>> = {
  'link-local addresses are never shared, cloud computers keep their secrets there': [
    ['fe80::', 10],
  ],
  // Amazon EC2.
  'a cloud computer keeps its secrets there': [['fd00:ec2::254', 128]],
  'it is not the address of one computer': [['ff00::', 8]],
  // IPv4-compatible (RFC 4291), translated (RFC 2765), local NAT64 (RFC 8215), 6to4 (RFC 7526): obsolete or
  // another spelling of an IPv4 address. The network of IPv4-mapped ones is not among them.
  'the address is reserved': [
    ['::', 96],
    ['::ffff:0:0:0', 96],
    ['64:ff9b:1::', 48],
    ['2002::', 16],
  ],
};

const LOOPBACK = blockList([['127.0.0.1', 32]], [['::1', 128]]);
const THIS_COMPUTER = blockList([LOOPBACK_V4], [['::1', 128]]);
for (const address of UNSPECIFIED) THIS_COMPUTER.addAddress(address, familyOf(address));

const FORBIDDEN: readonly (readonly [reason: string, BlockList])[] = Object.entries(
  FORBIDDEN_V4,
).map(([reason, networks]) => [
  reason,
  blockList(networks, [...(FORBIDDEN_V6[reason] ?? []), ...networks.map(throughNat64)]),
]);
const LOOPBACK_THROUGH_NAT64 = blockList([], [throughNat64(LOOPBACK_V4)]);

/** What the target's host is; spellings such as `127.1`, `0x7f.1` or `LOCALHOST.` are seen through. */
export function hostOf({ host }: Target): TargetHost {
  if (host === 'loopback') return { kind: 'loopback' };
  const name = host.name.toLowerCase();
  // RFC 6761 §6.3: no resolver is asked about localhost.
  if (/^(?:.+\.)?localhost\.?$/.test(name)) return { kind: 'loopback' };
  const address = isIP(name) === 0 ? canonicalV4(name) : name;
  if (address === undefined) return { kind: 'name', name };
  // To connect there means this computer; not every system does.
  return isUnspecified(address) ? { kind: 'loopback' } : { kind: 'address', address };
}

/**
 * Whether the target is where forwards listen, 127.0.0.1 or ::1, as far as can be told without a
 * resolver. The other addresses of 127.0.0.0/8 have ports of their own.
 */
export function isLoopback(target: Target): boolean {
  const host = hostOf(target);
  return host.kind === 'loopback' || (host.kind === 'address' && contains(LOOPBACK, host.address));
}

/** Whether a connection to this address and port is against the rules. */
export function isRefused(address: string, port: number, rules: TargetRules): boolean {
  return refusalOf(address, port, rules) !== undefined;
}

/**
 * Throws `E_TARGET_FORBIDDEN` or `E_LAN_TARGET` when the target may not be shared under these rules.
 * A name passes: what it resolves to is judged at every connect.
 */
export function requireShareable(target: Target, rules: TargetRules): void {
  const host = hostOf(target);
  if (host.kind === 'name') return;
  const address = host.kind === 'loopback' ? '127.0.0.1' : host.address;
  const refusal = refusalOf(address, target.port, rules);
  if (refusal !== undefined) throw errorOf(refusal, target);
}

/** Throws as `requireShareable` when every one of the addresses a name resolved to is against the rules. */
export function requireOneShareable(
  addresses: readonly string[],
  target: Target,
  rules: TargetRules,
): void {
  const refusals = addresses.map((address) => refusalOf(address, target.port, rules));
  const [first] = refusals;
  if (first !== undefined && !refusals.includes(undefined)) throw errorOf(first, target);
}

function refusalOf(address: string, port: number, rules: TargetRules): Refusal | undefined {
  const reason = forbiddenReason(address);
  if (reason !== undefined) return { code: 'E_TARGET_FORBIDDEN', reason };
  if (rules.ownPorts.has(port) && isOwnAddress(address))
    return { code: 'E_TARGET_FORBIDDEN', reason: 'Porthole itself listens there' };
  if (isThisComputer(address) || rules.lan === 'allow-lan') return undefined;
  return { code: 'E_LAN_TARGET' };
}

/** Whether nothing but this computer itself may ever be reached at the address. */
export function isForbidden(address: string): boolean {
  return forbiddenReason(address) !== undefined;
}

function forbiddenReason(address: string): string | undefined {
  if (isThisComputer(address)) return undefined;
  if (contains(LOOPBACK_THROUGH_NAT64, address)) return 'the address is reserved';
  return FORBIDDEN.find(([, list]) => contains(list, address))?.[0];
}

function errorOf(refusal: Refusal, target: Target): PortholeError {
  const details = { target: formatTarget(target) };
  return refusal.code === 'E_LAN_TARGET'
    ? portholeError('E_LAN_TARGET', details)
    : portholeError('E_TARGET_FORBIDDEN', { ...details, reason: refusal.reason });
}

/** Loopback, and the unspecified addresses, which lead there too. */
export function isThisComputer(address: string): boolean {
  return contains(THIS_COMPUTER, address);
}

function isUnspecified(address: string): boolean {
  const list = new BlockList();
  for (const unspecified of UNSPECIFIED) list.addAddress(unspecified, familyOf(unspecified));
  return contains(list, address);
}

/** Any address by which this computer reaches itself. They change with its networks, so they are asked for anew. */
function isOwnAddress(address: string): boolean {
  if (isThisComputer(address)) return true;
  const list = new BlockList();
  for (const { address: own } of Object.values(networkInterfaces()).flatMap((all) => all ?? [])) {
    list.addAddress(own, familyOf(own));
  }
  return contains(list, address);
}

/** IPv4-mapped addresses (RFC 4291 §2.5.5.2) are found in the list of the IPv4 ones, those with a zone without it. */
function contains(list: BlockList, address: string): boolean {
  return list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

function blockList(v4: readonly Network[], v6: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of v4) list.addSubnet(address, prefix, 'ipv4');
  for (const [address, prefix] of v6) list.addSubnet(address, prefix, 'ipv6');
  return list;
}

/** The IPv4 network as NAT64 spells it (RFC 6052 §2.1). */
function throughNat64([address, prefix]: Network): Network {
  return [`64:ff9b::${address}`, 96 + prefix];
}

/** IPv4 in any spelling that inet_aton(3) or a browser takes (WHATWG URL, "IPv4 parser"). */
function canonicalV4(name: string): string | undefined {
  try {
    const { hostname } = new URL(`http://${name}/`);
    return isIPv4(hostname) ? hostname : undefined;
  } catch {
    return undefined;
  }
}
