/**
 * The host under which a browser opens what a peer shares: `http://<label>.localhost:PORT`. Every peer
 * has a site of its own there, so that the cookies of one are not sent to another (threat 8).
 *
 * Invariant: a label is one label of DNS of a to z, 0 to 9 and single hyphens, has a letter, and is
 * the same for the same peer every time.
 */
import { PEER_HOST_LABEL_CHARS_MAX } from './limits.ts';

/** A peer, as far as its label goes. */
export interface NamedPeer {
  /** Short device id. */
  readonly id: string;
  readonly name: string;
}

/** From the name; from the id where the name has nothing that a host name may have. */
export function peerHostLabel({ id, name }: NamedPeer): string {
  const label = hyphenated(name).slice(0, PEER_HOST_LABEL_CHARS_MAX).replace(/-$/, '');
  return /[a-z]/.test(label) ? label : withId(label, id);
}

/** The same with the id behind it while another of `peers` would have the same: a name can be copied. */
export function peerHostLabelAmong(peer: NamedPeer, peers: readonly NamedPeer[]): string {
  const label = peerHostLabel(peer);
  const isTaken = peers.some((other) => other.id !== peer.id && peerHostLabel(other) === label);
  return isTaken ? withId(label, peer.id) : label;
}

function withId(label: string, id: string): string {
  const end = `-${hyphenated(id)}`;
  const begin = /[a-z]/.test(label) ? label : 'device';
  return `${begin.slice(0, PEER_HOST_LABEL_CHARS_MAX - end.length).replace(/-$/, '')}${end}`;
}

/** Accents are left out; no two hyphens in a row, so never an encoded name (`xn--`, RFC 5890). */
function hyphenated(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}|['’]/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
