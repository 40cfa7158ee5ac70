/**
 * What is wrong, in the one line that a menu has for it.
 *
 * Invariant: of several problems the one that explains the others is named, and a problem that
 * follows from a named one is not. The first row that fits counts:
 *
 *   | problem         | fits when                                           | blocks  | explains          |
 *   | --------------- | --------------------------------------------------- | ------- | ----------------- |
 *   | other-key       | a device's obstacle is E_IDENTITY                    | yes     | nothing; security |
 *   | this-offline    | no network, and no device up                        | yes     | all below         |
 *   | udp-blocked     | an obstacle is E_UDP_BLOCKED, and no device up       | yes     |                   |
 *   | other-version   | a device's obstacle is E_VERSION                     | yes     |                   |
 *   | rendezvous-down | every rendezvous server is unreachable              | if nobody is up |           |
 *   | relay-only      | all devices that are up go through a relay          | no      |                   |
 *
 * One that blocks makes the icon the one with a mark; the others are only said.
 */
import { TRAY } from '../../shared/messages/tray.ts';
import { sayIn } from '../../shared/messages/language.ts';
import type { Language } from '../../shared/messages/language.ts';
import type { PeerView, StatusView } from '../../shared/contract.ts';
import { shortName } from '../short-text.ts';

/** `device`: a name as the peer gave it. */
export type Problem =
  | { readonly kind: 'other-key'; readonly effect: 'blocks'; readonly device: string }
  | { readonly kind: 'this-offline'; readonly effect: 'blocks' }
  | { readonly kind: 'udp-blocked'; readonly effect: 'blocks' }
  | { readonly kind: 'other-version'; readonly effect: 'blocks'; readonly device: string }
  | {
      readonly kind: 'rendezvous-down';
      readonly effect: 'blocks' | 'hinders';
      readonly server: string;
    }
  | { readonly kind: 'relay-only'; readonly effect: 'hinders' };

/** What `PeerView.path` says of a link through a relay. */
const RELAYED = 'relayed';

/** What is wrong now; see the table. */
export function problemOf(status: StatusView): Problem | null {
  const { peers, network } = status;
  const up = peers.filter((peer) => peer.state === 'up');
  const stranger = withObstacle(peers, 'E_IDENTITY');
  if (stranger !== undefined) return { kind: 'other-key', effect: 'blocks', device: stranger.name };
  if (network === 'offline' && up.length === 0) return { kind: 'this-offline', effect: 'blocks' };
  if (up.length === 0 && withObstacle(peers, 'E_UDP_BLOCKED') !== undefined) {
    return { kind: 'udp-blocked', effect: 'blocks' };
  }
  const other = withObstacle(peers, 'E_VERSION');
  if (other !== undefined) return { kind: 'other-version', effect: 'blocks', device: other.name };
  return serverProblem(status, up) ?? relayProblem(up);
}

function withObstacle(peers: readonly PeerView[], code: string): PeerView | undefined {
  return peers.find((peer) => peer.obstacle === code);
}

function serverProblem({ rendezvous }: StatusView, up: readonly PeerView[]): Problem | null {
  const [first] = rendezvous;
  if (first === undefined) return null;
  if (rendezvous.some((server) => server.state !== 'unreachable')) return null;
  const effect = up.length === 0 ? 'blocks' : 'hinders';
  return { kind: 'rendezvous-down', effect, server: first.url };
}

function relayProblem(up: readonly PeerView[]): Problem | null {
  const isRelayOnly = up.length > 0 && up.every((peer) => isRelayed(peer));
  return isRelayOnly ? { kind: 'relay-only', effect: 'hinders' } : null;
}

/** Whether a device that is up is reached through a relay. */
export function isRelayed(peer: PeerView): boolean {
  return peer.path === RELAYED;
}

/** The problem in words, without a full stop. */
export function problemText(problem: Problem, language: Language): string {
  const say = sayIn(TRAY, language);
  switch (problem.kind) {
    case 'other-key':
      return say('otherKey', { device: shortName(problem.device, '?') });
    case 'this-offline':
      return say('thisOffline');
    case 'udp-blocked':
      return say('udpBlocked');
    case 'other-version':
      return say('otherVersion', { device: shortName(problem.device, '?') });
    case 'rendezvous-down':
      return say('rendezvousDown', { server: shortName(hostOf(problem.server), '?') });
    case 'relay-only':
      return say('relayOnly');
  }
}

/** `rv.example.com` of `wss://rv.example.com/`. */
function hostOf(url: string): string {
  return url.replace(/^\w+:\/\//, '').replace(/\/.*$/, '');
}
