/**
 * What of a peer's Reach this computer will dial, and so stores. A paired peer is no friend of
 * everything on this network: each address it names gets a WebSocket upgrade from here (`GET` of a
 * room tag), again and again, so it must not point us where it could not go itself, or at what trusts
 * us for being local (threat 6). Pure.
 *
 * Invariant: of its own server only addresses pass, never names, for every Porthole tells addresses;
 * loopback only of a peer that is on this very computer; link-local only where this computer has
 * such an address itself (two computers on one cable); cloud metadata, multicast and reserved ones
 * never. Private addresses pass: that is where peers are. So do names of rendezvous servers: their
 * room tags cannot be chosen, and nothing of the answer is told.
 */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { CarrierReach } from '../carrier/carrier.ts';
import type { Reach } from '../link/reach.ts';
import { isForbidden, isThisComputer } from '../service/target-policy.ts';
import type { Endpoint } from '../signaling/endpoint.ts';
import { parseRendezvousUrl } from '../signaling/rendezvous-url.ts';

/** IPv4 link-local (RFC 3927), and the one address of it where clouds keep secrets. */
const LINK_LOCAL = '169.254.';
const METADATA = '169.254.169.254';

/** The part of `reach` that may be dialed, of a peer that is where `peer` says. */
export function dialable(
  { endpoints, rendezvous }: Pick<Reach, 'endpoints' | 'rendezvous'>,
  peer: CarrierReach,
  ownAddresses: readonly string[] = addressesOfThisComputer(),
): Pick<Reach, 'endpoints' | 'rendezvous'> {
  const usesLinkLocal = ownAddresses.some((own) => own.startsWith(LINK_LOCAL));
  const mayDial = (address: string): boolean => {
    if (isThisComputer(address)) return peer === 'this-computer';
    if (usesLinkLocal && address.startsWith(LINK_LOCAL)) return address !== METADATA;
    return !isForbidden(address);
  };
  return {
    endpoints: endpoints.filter(({ host }) => isIP(host) !== 0 && mayDial(host)),
    rendezvous: rendezvous.filter((url) => {
      const server = serverOf(url);
      return server !== undefined && (isIP(server.host) === 0 || mayDial(server.host));
    }),
  };
}

/** The server of a URL; `undefined` for what is more than scheme, host and port. */
export function serverOf(url: string): Endpoint | undefined {
  try {
    return parseRendezvousUrl(url);
  } catch {
    return undefined;
  }
}

function addressesOfThisComputer(): string[] {
  return Object.values(networkInterfaces()).flatMap((infos) =>
    (infos ?? []).map(({ address }) => address),
  );
}
