/**
 * Where a browser finds a forward: a site of its own for each peer (shared/peer-host.ts).
 *
 * Invariant: only a forward there is gets a URL, and nothing of the URL comes from the page.
 */
import type { ForwardView, StatusView } from '../shared/contract.ts';
import { portholeError } from '../shared/errors.ts';
import { peerHostLabelAmong } from '../shared/peer-host.ts';

export interface ForwardUrls {
  /** `http://<peer>.localhost:PORT/` */
  readonly named: string;
  readonly namedHost: string;
  /** `http://127.0.0.1:PORT/`, for systems that do not know such names. */
  readonly plain: string;
}

/** Throws `E_FORWARD_UNKNOWN` when no forward listens at `local`. */
export function urlsOfForward(local: string, { forwards, peers }: StatusView): ForwardUrls {
  const forward = forwards.find((one) => one.local === local);
  const port = /^127\.0\.0\.1:(\d{1,5})$/.exec(forward?.local ?? '')?.[1];
  if (forward === undefined || port === undefined) {
    throw portholeError('E_FORWARD_UNKNOWN', { forward: local });
  }
  const namedHost = `${labelOf(forward, peers)}.localhost`;
  return {
    named: `http://${namedHost}:${port}/`,
    namedHost,
    plain: `http://127.0.0.1:${port}/`,
  };
}

function labelOf({ peer, peerName }: ForwardView, peers: StatusView['peers']): string {
  return peerHostLabelAmong({ id: peer, name: peerName }, peers);
}
