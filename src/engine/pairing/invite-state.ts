/**
 * The life of an invite: open → claimed → used, or burned, expired or cancelled on the way.
 *
 * Invariant: every state answers every event; the last four are final. Only the claimant can use
 * an invite, once.
 */

export type InviteState =
  | { readonly phase: 'open' }
  /** By the public key of the first claimant. */
  | { readonly phase: 'claimed'; readonly by: Uint8Array }
  | { readonly phase: 'used' }
  /** A second computer claimed it before it was used. */
  | { readonly phase: 'burned' }
  | { readonly phase: 'expired' }
  | { readonly phase: 'cancelled' };

export type InvitePhase = InviteState['phase'];

/** The phases after which nothing changes any more. */
export type InviteEnd = Exclude<InvitePhase, 'open' | 'claimed'>;

/** `use`: the channel with the claimant is authenticated. */
export type InviteEvent =
  | { readonly kind: 'claim'; readonly by: Uint8Array }
  | { readonly kind: 'use'; readonly by: Uint8Array }
  | { readonly kind: 'expire' }
  | { readonly kind: 'cancel' };

/** `rival` and `usurp` are `claim` and `use` by another key than the claimant's. */
type Step = 'claim' | 'rival' | 'use' | 'usurp' | 'expire' | 'cancel';

function final(phase: InviteEnd): Record<Step, InvitePhase> {
  return { claim: phase, rival: phase, use: phase, usurp: phase, expire: phase, cancel: phase };
}

const NEXT: Record<InvitePhase, Record<Step, InvitePhase>> = {
  open: {
    claim: 'claimed',
    rival: 'claimed',
    use: 'open',
    usurp: 'open',
    expire: 'expired',
    cancel: 'cancelled',
  },
  claimed: {
    claim: 'claimed',
    rival: 'burned',
    use: 'used',
    usurp: 'claimed',
    expire: 'expired',
    cancel: 'cancelled',
  },
  used: final('used'),
  burned: final('burned'),
  expired: final('expired'),
  cancelled: final('cancelled'),
};

/** The state after `event`; the same object where nothing changed. */
export function nextInviteState(state: InviteState, event: InviteEvent): InviteState {
  const phase = NEXT[state.phase][stepOf(state, event)];
  if (phase === state.phase) return state;
  if (phase !== 'claimed') return { phase };
  return event.kind === 'claim' ? { phase, by: event.by } : state;
}

function stepOf(state: InviteState, event: InviteEvent): Step {
  if (event.kind === 'expire' || event.kind === 'cancel') return event.kind;
  const isClaimant = state.phase === 'claimed' && Buffer.compare(state.by, event.by) === 0;
  if (event.kind === 'claim') return isClaimant ? 'claim' : 'rival';
  return isClaimant ? 'use' : 'usurp';
}
