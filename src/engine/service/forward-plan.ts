/**
 * Which of a peer's shares get a forward here, and on which port: decisions without I/O.
 *
 * Invariant: when both ends are on this computer, no forward gets the port of its own target.
 */
import { portholeError } from '../../shared/errors.ts';
import type { CarrierReach } from '../carrier/carrier.ts';
import type { SharedService } from '../link/link.ts';
import { cutName } from '../pairing/device-name.ts';
import { DEVICE_NAME_BYTES_MAX, FORWARDS_PER_PEER_MAX } from '../../shared/limits.ts';
import type { PortWish } from './forward.ts';
import type { PortOutcome } from './local-port.ts';

/**
 * Why a forward has the port it has: the share's own, the one a person asked for (now or, kept in
 * an entry, once), or another one because that one is taken here, needs rights this process lacks,
 * or is that of the target.
 */
export type PortReason = 'same-port' | 'asked-for' | 'taken' | 'privileged' | 'own-target';

/** What is kept of a forward, so that it comes back on the same port. Plain JSON. */
export interface ForwardEntry {
  /** Share id, hexadecimal. */
  readonly share: string;
  readonly name: string;
  /** Local port. */
  readonly port: number;
  /** The port the share has at its own computer. */
  readonly sharedPort: number;
  /** The share's target is on its computer's loopback interface. */
  readonly loopback: boolean;
}

/** `all`: every share of the peer but those that were declined; `chosen`: those with an entry. */
export type ForwardMode = 'all' | 'chosen';

/** The peer's list by id, names made safe to show; more than `FORWARDS_PER_PEER_MAX` are left out. */
export function listedById(shares: readonly SharedService[]): Map<string, SharedService> {
  return new Map(
    shares.slice(0, FORWARDS_PER_PEER_MAX).map((share) => {
      const name = cutName(share.name, DEVICE_NAME_BYTES_MAX);
      return [Buffer.from(share.id).toString('hex'), { ...share, name }];
    }),
  );
}

/** The entry of a share that listens on `port`. */
export function entryOf(
  id: string,
  { name, port, loopback }: SharedService,
  local: number,
): ForwardEntry {
  return { share: id, name, port: local, sharedPort: port, loopback };
}

/** The share as its entry remembers it. */
export function remembered({ share, name, sharedPort, loopback }: ForwardEntry): SharedService {
  return { id: Buffer.from(share, 'hex'), name, port: sharedPort, loopback, down: false };
}

/**
 * The port of a target on the loopback interface of this computer is the target's own, running or
 * not: a forward there would lead to itself.
 */
export function ownTargetPort(
  share: SharedService,
  reach: CarrierReach | undefined,
): number | undefined {
  return reach === 'this-computer' && share.loopback ? share.port : undefined;
}

/** The port to ask for when a person named one. */
export function exactWish(port: number, ownTarget: number | undefined): PortWish {
  return { exactly: port, unless: ownTarget };
}

/** The port to ask for a share that has none yet: its own. */
export function firstWish(share: SharedService, ownTarget: number | undefined): PortWish {
  return ownTarget === undefined
    ? { preferably: share.port, never: undefined }
    : { anyBut: ownTarget };
}

/**
 * The port to ask for a share that had one. Before the link is up nobody knows whether its target is
 * on this computer, but its port was chosen when that was known: if it is not the share's own, none
 * that replaces it may be.
 */
export function laterWish(entry: ForwardEntry, ownTarget: number | undefined): PortWish {
  if (entry.port === ownTarget) return { anyBut: ownTarget };
  const never = entry.loopback && entry.port !== entry.sharedPort ? entry.sharedPort : undefined;
  return { preferably: entry.port, never: ownTarget ?? never };
}

export function reasonOf(wish: PortWish, outcome: PortOutcome, share: SharedService): PortReason {
  if ('anyBut' in wish) return 'own-target';
  if (outcome !== 'as-wished') return outcome;
  if ('exactly' in wish) return 'asked-for';
  return wish.preferably === share.port ? 'same-port' : 'asked-for';
}

/** The id of the share that a person names by id, name or port. Throws `E_SHARE_UNKNOWN` or `E_AMBIGUOUS`. */
export function findShare(named: string, shares: ReadonlyMap<string, SharedService>): string {
  if (shares.has(named)) return named;
  const all = [...shares];
  const byName = all.filter(([, { name }]) => name === named);
  const found = byName.length > 0 ? byName : all.filter(([, { port }]) => String(port) === named);
  const [first, second] = found;
  if (first === undefined) throw portholeError('E_SHARE_UNKNOWN', { share: named });
  if (second === undefined) return first[0];
  const choices = found.map(([id, { name }]) => `${name} (${id})`).join(', ');
  throw portholeError('E_AMBIGUOUS', { name: named, choices });
}
