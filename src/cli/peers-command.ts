/** `porthole peers`: the paired devices, and how they are. */
import type { PortholeApi } from '../shared/calls/api.ts';
import type { PeerView } from '../shared/contract.ts';
import { printable } from '../shared/printable.ts';
import { ask, remarkStored } from './ask.ts';
import type { CommandIo, ViewSource } from './ask.ts';
import type { Reporter } from './reporter.ts';
import { peerFields } from './view-fields.ts';
import { formatWhen } from './when.ts';

const NO_PEERS = 'No devices yet. Add your other computer with a code.';

export async function peersCommand(
  api: PortholeApi,
  { reporter, signal }: CommandIo,
): Promise<void> {
  const { peers } = await ask(api, { name: 'status', params: {}, signal });
  showPeers({ peers, source: 'running', now: new Date() }, reporter);
}

export interface PeerViews {
  readonly peers: readonly PeerView[];
  readonly source: ViewSource;
  readonly now: Date;
}

export function showPeers({ peers, source, now }: PeerViews, reporter: Reporter): void {
  if (source === 'stored') remarkStored(reporter);
  if (peers.length === 0) return reporter.remark(NO_PEERS);
  for (const peer of peers) {
    const sentence = source === 'running' ? peerSentence(peer, now) : storedSentence(peer, now);
    reporter.event('peer', peerFields(peer), `${printable(peer.id)}   ${printable(sentence)}`);
  }
}

/** How a device is, in a sentence or two. */
function peerSentence(peer: PeerView, now: Date): string {
  const { name, state } = peer;
  switch (state) {
    case 'up':
      return `${name} is connected${pathText(peer)}.`;
    case 'connecting':
      return `Connecting to ${name}…`;
    case 'held':
      return `${name} cannot be reached right now. Open connections wait; they go on when it is back.`;
    case 'offline':
      return `${name} is offline. ${seenSentence(peer, now)}`;
    case 'removed':
      return `${name} has removed this computer. To connect again, pair again.`;
  }
}

/** Nobody knows how it is now. */
function storedSentence(peer: PeerView, now: Date): string {
  return peer.state === 'removed'
    ? peerSentence(peer, now)
    : `${peer.name}. ${seenSentence(peer, now)}`;
}

function seenSentence({ lastSeen, pairedAt }: PeerView, now: Date): string {
  if (lastSeen !== null) return `Last seen ${formatWhen(lastSeen, now)}.`;
  return `Not seen since it was paired ${formatWhen(pairedAt, now)}.`;
}

function pathText({ path, roundTripMs }: PeerView): string {
  const by = path === null ? '' : ` (${path})`;
  return roundTripMs === null ? by : `${by}, ${Math.max(1, Math.round(roundTripMs))} ms`;
}
