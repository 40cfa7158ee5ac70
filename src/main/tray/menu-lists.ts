/**
 * The lists of the tray menu: what this computer shares, what others share with it, the devices, and
 * the ports that could be shared (design/ux.md C2).
 *
 * Invariant: a list that has nothing to show says so; see menu.ts for the rest.
 */
import type {
  ForwardView,
  ListeningPort,
  PeerView,
  ShareView,
  StatusView,
} from '../../shared/contract.ts';
import { TRAY_ITEMS_MAX } from '../../shared/limits.ts';
import type { Say } from '../../shared/messages/language.ts';
import type { TRAY } from '../../shared/messages/tray.ts';
import { parseTarget } from '../../shared/target.ts';
import { shortName } from '../short-text.ts';
import type { MenuItem } from './menu-item.ts';
import { isRelayed } from './problem.ts';

type TraySay = Say<(typeof TRAY)['en']>;

/** Nothing, or one submenu with an item for each port that is not shared yet. */
export function detectedMenu(
  listening: readonly ListeningPort[],
  { shares }: StatusView,
  say: TraySay,
): MenuItem[] {
  // By the target: what was shared a moment ago is not known to who listens yet.
  const offered = new Set(
    shares.filter((share) => isOffered(share)).map((share) => shownTarget(share.target)),
  );
  const free = onePerPort(listening.filter(({ port }) => !offered.has(String(port))));
  if (free.length === 0) return [];
  const items = free.map((found): MenuItem => {
    const { port, target } = found;
    const label = [say('shareDetected', { port }), whatListens(found)].filter(Boolean).join('  ');
    return { kind: 'action', label, action: { kind: 'share-port', target } };
  });
  return [{ kind: 'submenu', label: say('detected'), items: limited(items, 'ports', say) }];
}

/** Servers often listen on IPv4 and on IPv6: that is one port to a person. */
function onePerPort(listening: readonly ListeningPort[]): ListeningPort[] {
  const byPort = new Map<number, ListeningPort>();
  for (const found of listening) {
    if (!byPort.has(found.port)) byPort.set(found.port, found);
  }
  return [...byPort.values()].toSorted((a, b) => a.port - b.port);
}

/** `Web app (node)`, as far as it is known. */
function whatListens({ label, process }: Pick<ListeningPort, 'label' | 'process'>): string {
  const name = process === null ? '' : shortName(process.name, '');
  const what = shortName(label, '');
  if (name === '' || what === '') return name || what;
  return `${what} (${name})`;
}

export function shareMenu(
  { shares }: StatusView,
  listening: readonly ListeningPort[],
  say: TraySay,
): MenuItem {
  const offered = shares.filter((share) => isOffered(share));
  const items = offered.map((share): MenuItem => {
    const found = listening.find((port) => port.share === share.id);
    return { kind: 'submenu', label: shareLabel(share, found, say), items: shareItems(share, say) };
  });
  return list(say('shared'), items, { none: say('noShares'), page: 'ports' }, say);
}

/** What is only stored is no share to whoever looks at a menu. */
function isOffered({ state }: ShareView): boolean {
  return state !== 'stopped';
}

/** `3000  Web app (node)`, and what is the matter with it. */
function shareLabel(share: ShareView, found: ListeningPort | undefined, say: TraySay): string {
  const port = shownTarget(share.target);
  const name = shortName(share.name, '');
  const isNamed = name !== '' && name !== port;
  const process = found?.process ?? null;
  const what = whatListens({ label: isNamed ? name : (found?.label ?? ''), process });
  return withState([port, what].filter(Boolean).join('  '), shareState(share, say), say);
}

/** The port; for something that is not on this computer the whole target. */
function shownTarget(target: string): string {
  try {
    const { host, port } = parseTarget(target);
    const isHere = host === 'loopback' || /^(?:127\.|::1$|localhost$)/.test(host.name);
    return isHere ? String(port) : shortName(target, String(port));
  } catch {
    return shortName(target, '?');
  }
}

function shareState({ state, health }: ShareView, say: TraySay): string {
  if (state === 'paused') return say('paused');
  return health === 'down' ? say('targetDown') : '';
}

function shareItems({ id, state }: ShareView, say: TraySay): MenuItem[] {
  const kind = state === 'paused' ? 'resume' : 'pause';
  return [
    { kind: 'action', label: say('copyLink'), action: { kind: 'copy-link', share: id } },
    { kind: 'action', label: say('showQr'), action: { kind: 'show-qr', share: id } },
    { kind: 'action', label: say(kind), action: { kind, share: id } },
    { kind: 'action', label: say('stop'), action: { kind: 'stop', share: id } },
  ];
}

export function forwardMenu({ forwards, peers }: StatusView, say: TraySay): MenuItem {
  const names = namesOf(peers);
  const items = forwards.map((forward): MenuItem => {
    const device = names.get(forward.peer) ?? shortName(forward.peerName, forward.peer);
    const way = `${forward.sharedPort} -> ${forward.local}`;
    const what = say('withState', { what: device, state: way });
    const state = forwardState(forward, say);
    const label = state === '' ? what : say('alsoState', { what, state });
    return { kind: 'submenu', label, items: forwardItems(forward, say) };
  });
  return list(say('remote'), items, { none: say('noRemote'), page: 'ports' }, say);
}

function forwardState({ state }: ForwardView, say: TraySay): string {
  if (state === 'waiting') return say('waiting');
  return state === 'down' ? say('targetDown') : '';
}

function forwardItems({ local, state }: ForwardView, say: TraySay): MenuItem[] {
  const open = say('openInBrowser');
  return [
    state === 'waiting'
      ? { kind: 'disabled', label: open }
      : { kind: 'action', label: open, action: { kind: 'open-in-browser', local } },
    { kind: 'action', label: say('copyAddress'), action: { kind: 'copy-address', local } },
    { kind: 'action', label: say('disconnect'), action: { kind: 'disconnect', local } },
  ];
}

export function deviceMenu({ peers }: StatusView, say: TraySay): MenuItem {
  const names = namesOf(peers);
  const items = peers.map((peer): MenuItem => {
    const device = names.get(peer.id) ?? peer.id;
    const label = say('withState', { what: device, state: deviceState(peer, say) });
    return { kind: 'submenu', label, items: deviceItems(peer, say) };
  });
  return list(say('devices'), items, { none: say('noPeers'), page: 'devices' }, say);
}

/** `Direct, 12 ms`. */
function deviceState(peer: PeerView, say: TraySay): string {
  if (peer.obstacle === 'E_IDENTITY' && peer.state !== 'up') return say('blocked');
  switch (peer.state) {
    case 'up':
      return pathText(peer, say);
    case 'connecting':
      return say('connecting');
    case 'held':
      return say('reconnecting');
    case 'offline':
      return say('offline');
    case 'removed':
      return say('removed');
  }
}

function pathText(peer: PeerView, say: TraySay): string {
  const way = isRelayed(peer) ? 'relay' : 'direct';
  if (peer.roundTripMs === null) return say(way);
  // A round trip of 0 ms would look like a fault.
  return say(`${way}In`, { ms: Math.max(1, Math.round(peer.roundTripMs)) });
}

function deviceItems({ id, state }: PeerView, say: TraySay): MenuItem[] {
  const reconnect = say('reconnect');
  return [
    { kind: 'action', label: say('copyDeviceId'), action: { kind: 'copy-device-id', peer: id } },
    state === 'removed'
      ? { kind: 'disabled', label: reconnect }
      : { kind: 'action', label: reconnect, action: { kind: 'reconnect', peer: id } },
    { kind: 'action', label: say('deviceDetails'), action: { kind: 'device-details', peer: id } },
  ];
}

/** How each device is called, by its id: names that look the same get the beginning of the id. */
function namesOf(peers: readonly PeerView[]): Map<string, string> {
  const times = new Map<string, number>();
  const short = peers.map((peer) => ({ id: peer.id, name: shortName(peer.name, peer.id) }));
  for (const { name } of short) times.set(name, (times.get(name) ?? 0) + 1);
  return new Map(
    short.map(({ id, name }) => {
      const isShared = (times.get(name) ?? 0) > 1;
      return [id, isShared ? `${name} (${id.slice(0, 4)})` : name];
    }),
  );
}

function withState(what: string, state: string, say: TraySay): string {
  return state === '' ? what : say('withState', { what, state });
}

interface ListEnds {
  /** What an empty list says. */
  readonly none: string;
  /** Where all of it can be seen. */
  readonly page: 'ports' | 'devices';
}

function list(label: string, items: MenuItem[], ends: ListEnds, say: TraySay): MenuItem {
  const shown = items.length === 0 ? [emptyItem(ends.none)] : limited(items, ends.page, say);
  return { kind: 'submenu', label, items: shown };
}

function emptyItem(label: string): MenuItem {
  return { kind: 'label', label };
}

function limited(items: MenuItem[], page: ListEnds['page'], say: TraySay): MenuItem[] {
  if (items.length <= TRAY_ITEMS_MAX) return items;
  const all: MenuItem = {
    kind: 'action',
    label: say('showAll'),
    action: { kind: 'show-all', page },
  };
  return [...items.slice(0, TRAY_ITEMS_MAX), { kind: 'separator' }, all];
}
