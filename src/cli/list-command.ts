/** `porthole list`: what this computer shares, and what it has of others. */
import type { PortholeApi } from '../shared/calls/api.ts';
import type { Access, ForwardView, PeerView, ShareView } from '../shared/contract.ts';
import { ask, remarkStored } from './ask.ts';
import type { CommandIo, ViewSource } from './ask.ts';
import type { Reporter } from './reporter.ts';
import { tableLines } from './table.ts';
import { forwardFields, shareFields } from './view-fields.ts';

const NO_SHARES =
  'No shared ports yet. Share a port to let your paired devices use an app that runs on this computer.';
const NO_FORWARDS =
  'Nothing shared with you yet. When a paired device shares a port, it appears here.';
const NOTHING_ANSWERS = 'nothing answers there';
const ID_GROUP_CHARS = 5;

export async function listCommand(
  api: PortholeApi,
  { reporter, signal }: CommandIo,
): Promise<void> {
  const { shares, forwards, peers } = await ask(api, { name: 'status', params: {}, signal });
  showList({ shares, forwards, peers, source: 'running' }, reporter);
}

export interface ListViews {
  readonly shares: readonly ShareView[];
  readonly forwards: readonly ForwardView[];
  /** For the names of those who may use a share. */
  readonly peers: readonly PeerView[];
  readonly source: ViewSource;
}

export function showList({ shares, forwards, peers, source }: ListViews, reporter: Reporter): void {
  if (source === 'stored') remarkStored(reporter);
  showShares(shares, peers, reporter);
  showForwards(forwards, reporter);
}

/** `peers` give the names of those who may use a share. */
function showShares(
  shares: readonly ShareView[],
  peers: readonly PeerView[],
  reporter: Reporter,
): void {
  if (shares.length === 0) return reporter.remark(NO_SHARES);
  const rows = shares.map((share) => [
    share.name,
    share.target,
    accessText(share.access, peers),
    shareState(share),
  ]);
  const lines = tableLines('Shared by this computer', ['NAME', 'TARGET', 'WHO', 'STATE'], rows);
  for (const [index, share] of shares.entries()) {
    reporter.event('share', shareFields(share), lines[index] ?? '');
  }
}

function showForwards(forwards: readonly ForwardView[], reporter: Reporter): void {
  if (forwards.length === 0) return reporter.remark(NO_FORWARDS);
  const rows = forwards.map(({ local, name, peerName, state }) => [
    local,
    name,
    peerName,
    state === 'down' ? NOTHING_ANSWERS : state,
  ]);
  const lines = tableLines('On other devices', ['HERE', 'LEADS TO', 'ON', 'STATE'], rows);
  for (const [index, forward] of forwards.entries()) {
    reporter.event('forward', forwardFields(forward), lines[index] ?? '');
  }
}

/** Who may use a share, as a person reads it. */
function accessText(access: Access, peers: readonly PeerView[]): string {
  const names = (ids: readonly string[]): string => ids.map((id) => nameOf(id, peers)).join(', ');
  switch (access.kind) {
    case 'everyone':
      if (access.except.length === 0) return 'all paired devices';
      return `all paired devices but ${names(access.except)}`;
    case 'chosen':
      return access.peers.length === 0 ? 'nobody' : names(access.peers);
  }
}

/** Access names whole device ids, whose beginning is in the short ones of the views. */
function nameOf(deviceId: string, peers: readonly PeerView[]): string {
  const peer = peers.find(({ id }) => deviceId.startsWith(idBeginning(id)));
  return peer?.name ?? `a device that was removed (${deviceId.slice(0, ID_GROUP_CHARS)})`;
}

/** Without the dashes, and without the check character at the end. */
function idBeginning(shortId: string): string {
  return shortId.split('-').slice(0, -1).join('');
}

function shareState({ state, health }: ShareView): string {
  if (state !== 'live') return state;
  return health === 'down' ? NOTHING_ANSWERS : 'live';
}
