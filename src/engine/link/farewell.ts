/**
 * What the BYE of a peer means here.
 *
 * Invariant: only what the peer says of this side becomes this side's own error, and only an
 * authenticated peer can say that it removed this computer.
 */
import { codeOfWire, portholeError } from '../../shared/errors.ts';
import type { ErrorCode, PortholeError } from '../../shared/errors.ts';
import type { PeerIdentity } from './authenticator.ts';
import { PROTOCOL_VERSION } from './handshake.ts';

export type Farewell =
  | { readonly kind: 'verdict'; readonly error: PortholeError }
  /** Any other end: the link was lost, for the peer's reason. */
  | { readonly kind: 'report'; readonly reason: string };

/** BYE carries a number only, so the blanks are filled here. */
const VERDICTS: Partial<
  Record<ErrorCode, (peer: PeerIdentity | undefined) => PortholeError | undefined>
> = {
  E_IDENTITY: () => portholeError('E_IDENTITY'),
  E_INVITE_USED: () => portholeError('E_INVITE_USED'),
  E_INVITE_CANCELLED: () => portholeError('E_INVITE_CANCELLED'),
  // It was good when it was claimed.
  E_INVITE_EXPIRED: () => portholeError('E_INVITE_EXPIRED', { when: 'just now' }),
  E_DIGITS_DIFFER: () => portholeError('E_DIGITS_DIFFER'),
  E_CONFIRM_TIMEOUT: () => portholeError('E_CONFIRM_TIMEOUT'),
  E_CONFIRM_INPUT: () => portholeError('E_CONFIRM_INPUT'),
  E_REMOVED: (peer) => peer && portholeError('E_REMOVED', { peer: peer.name }),
  // The HELLO that has the number comes behind the BYE.
  E_VERSION: () =>
    portholeError('E_VERSION', {
      theirs: `other than ${PROTOCOL_VERSION}`,
      ours: PROTOCOL_VERSION,
    }),
};

/** Reads the number of a BYE; `peer` is the authenticated one, if it got that far. */
export function readFarewell(wire: number, peer: PeerIdentity | undefined): Farewell {
  const code = codeOfWire(wire);
  if (code === undefined) return { kind: 'report', reason: 'it ended the link' };
  const error = VERDICTS[code]?.(peer);
  return error === undefined
    ? { kind: 'report', reason: `it reported ${code}` }
    : { kind: 'verdict', error };
}
