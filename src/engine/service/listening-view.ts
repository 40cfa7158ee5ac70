/** A listening port as a person sees it. Pure. */
import type { ListeningPort as View, ShareView } from '../../shared/contract.ts';
import { portLabel } from '../../shared/port-label.ts';
import { formatTarget, parseTarget } from '../../shared/target.ts';
import { isOnLoopback } from './listening-ports/listen-address.ts';
import type { ListeningPort } from './listening-ports/listening-port.ts';

/** `shares`: to tell which one leads there already. */
export function listeningView(found: ListeningPort, shares: readonly ShareView[]): View {
  const { port, address, process } = found;
  const target = targetOf(found);
  const shown = formatTarget(parseTarget(target));
  const share = shares.find((each) => each.target === shown && each.state !== 'stopped');
  const label = portLabel(port, process?.name ?? '');
  return { port, address, target, process, label, share: share?.id ?? null };
}

function targetOf({ port, address }: ListeningPort): string {
  if (isOnLoopback(address)) return String(port);
  // A zone is of this computer only, and no part of a target.
  const host = address.replace(/%.*$/, '');
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
