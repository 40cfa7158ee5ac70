/**
 * What is wrong as a whole, and which of it to say (health warnables, as Tailscale has them).
 *
 * Invariant: a condition whose cause is shown is not shown itself; none is shown before it has lasted
 * CONDITION_VISIBLE_MS, but for what a person has just done.
 */
import type { StatusView } from '../../shared/contract.ts';
import { CONDITION_VISIBLE_MS } from '../../shared/page-limits.ts';
import type { Connection } from '../bridge/bridge.ts';

export type Condition =
  | { readonly kind: 'refused' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'offline' }
  | { readonly kind: 'rendezvous'; readonly server: string }
  | { readonly kind: 'udp-blocked' }
  | { readonly kind: 'udp-relay' }
  | { readonly kind: 'paused' };

type Kind = Condition['kind'];

/** What explains what: the ones behind are hidden while the one before them is there. */
const CAUSES: Readonly<Record<Kind, readonly Kind[]>> = {
  refused: [],
  lost: [],
  offline: ['refused', 'lost'],
  rendezvous: ['refused', 'lost', 'offline'],
  'udp-blocked': ['refused', 'lost', 'offline'],
  'udp-relay': ['refused', 'lost', 'offline'],
  paused: ['refused', 'lost'],
};

/** Shown at once: the page cannot show anything else, or a person did it. */
const AT_ONCE: ReadonlySet<Kind> = new Set(['refused', 'paused']);

/** All that is wrong now, what a person should know first in front. */
export function conditionsOf(connection: Connection, status: StatusView | null): Condition[] {
  const conditions: Condition[] = [];
  if (connection.kind === 'refused') conditions.push({ kind: 'refused' });
  if (connection.kind === 'lost') conditions.push({ kind: 'lost' });
  if (status === null) return conditions;
  if (status.network === 'offline') conditions.push({ kind: 'offline' });
  const down = status.rendezvous.filter(({ state }) => state === 'unreachable');
  const [first] = down;
  // With one that answers, devices still find each other.
  if (first !== undefined && down.length === status.rendezvous.length) {
    conditions.push({ kind: 'rendezvous', server: hostOf(first.url) });
  }
  const udp = udpCondition(status);
  if (udp !== undefined) conditions.push(udp);
  if (status.sharing === 'paused') conditions.push({ kind: 'paused' });
  return conditions;
}

function udpCondition({ peers }: StatusView): Condition | undefined {
  if (!peers.some(({ obstacle }) => obstacle === 'E_UDP_BLOCKED')) return undefined;
  const isRelayed = peers.some(({ state, route }) => state === 'up' && isRelay(route));
  return { kind: isRelayed ? 'udp-relay' : 'udp-blocked' };
}

/** Whether a path goes through a relay, seen from here. */
export function isRelay(
  route: { readonly local: string; readonly remote: string } | null,
): boolean {
  return route !== null && (route.local === 'relay' || route.remote === 'relay');
}

/** The name of a server, without how it is talked to. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host || url : url;
}

/** When each condition began, ms; those that ended are left out, and new ones begin now. */
export function beginningsOf(
  conditions: readonly Condition[],
  before: ReadonlyMap<Kind, number>,
  now: number,
): ReadonlyMap<Kind, number> {
  return new Map(conditions.map(({ kind }) => [kind, before.get(kind) ?? now]));
}

/** Those to show now. */
export function visibleConditions(
  conditions: readonly Condition[],
  beginnings: ReadonlyMap<Kind, number>,
  now: number,
): Condition[] {
  const there = new Set(conditions.map(({ kind }) => kind));
  return conditions.filter(({ kind }) => {
    if (CAUSES[kind].some((cause) => there.has(cause))) return false;
    return AT_ONCE.has(kind) || now - (beginnings.get(kind) ?? now) >= CONDITION_VISIBLE_MS;
  });
}

/** Ms until another one has lasted long enough; `undefined` when none is waiting. */
export function nextLook(
  conditions: readonly Condition[],
  beginnings: ReadonlyMap<Kind, number>,
  now: number,
): number | undefined {
  const waits = conditions
    .filter(({ kind }) => !AT_ONCE.has(kind))
    .map(({ kind }) => (beginnings.get(kind) ?? now) + CONDITION_VISIBLE_MS - now)
    .filter((wait) => wait > 0);
  return waits.length === 0 ? undefined : Math.min(...waits);
}
