/**
 * How far two computers are on their way to each other, as the person at this one sees it. Pure.
 *
 * Invariant: what the engine tells moves it on; `paired` and `failed` are the end, and nothing that
 * comes later changes them.
 */
import type { PairingEvent, PeerView } from '../../../shared/contract.ts';
import type { Failure } from '../../../shared/messages/errors.ts';

/** What the person was asked, and has done about it. */
type Asked = 'asked' | 'answered';

export type PairingStage =
  | { readonly kind: 'starting' }
  | {
      readonly kind: 'shown';
      readonly mode: 'online' | 'offline';
      readonly link: string;
      /** ISO 8601. */
      readonly expiresAt: string;
      /** Offline only: the answer that the other computer shows. */
      readonly answer: Asked;
    }
  /** The answer to an offline code, to be carried back. */
  | { readonly kind: 'carry'; readonly blob: string }
  | { readonly kind: 'connecting'; readonly peerName: string }
  | {
      readonly kind: 'compare';
      readonly digits: string;
      readonly peer: string;
      readonly peerName: string;
      readonly verdict: 'asked' | 'match' | 'differ';
    }
  | { readonly kind: 'paired'; readonly peer: PeerView }
  | {
      readonly kind: 'failed';
      readonly failure: Failure;
      /** When the code that was shown last ends, or has; null when none was. */
      readonly expiresAt: string | null;
    };

export interface Pairing {
  readonly stage: PairingStage;
  /** The last thing to be careful about, as the engine said it; null when there was none. */
  readonly warning: string | null;
}

export const STARTING: Pairing = { stage: { kind: 'starting' }, warning: null };

export function isOver({ stage }: Pairing): boolean {
  return stage.kind === 'paired' || stage.kind === 'failed';
}

export function afterEvent(pairing: Pairing, event: PairingEvent): Pairing {
  if (isOver(pairing)) return pairing;
  switch (event.kind) {
    case 'invite': {
      const { mode, link, expiresAt } = event;
      const stage = { kind: 'shown', mode, link, expiresAt, answer: 'asked' } as const;
      return { ...pairing, stage };
    }
    case 'answer':
      return { ...pairing, stage: { kind: 'carry', blob: event.blob } };
    case 'connecting':
      return afterConnecting(pairing, event.peerName);
    case 'compare': {
      const { digits, peer, peerName } = event;
      const stage = { kind: 'compare', digits, peer, peerName, verdict: 'asked' } as const;
      return { ...pairing, stage };
    }
    case 'warning':
      return { stage: askedAgain(pairing.stage), warning: event.text };
  }
}

/** An answer that has to be carried back stays on the screen until somebody has used it. */
function afterConnecting(pairing: Pairing, peerName: string): Pairing {
  if (pairing.stage.kind === 'carry') return pairing;
  return { ...pairing, stage: { kind: 'connecting', peerName } };
}

/** An answer that did not fit is answered by a warning; the person pastes another one. */
function askedAgain(stage: PairingStage): PairingStage {
  return stage.kind === 'shown' ? { ...stage, answer: 'asked' } : stage;
}

export function afterAnswer(pairing: Pairing): Pairing {
  const { stage } = pairing;
  if (stage.kind !== 'shown') return pairing;
  return { stage: { ...stage, answer: 'answered' }, warning: null };
}

/** The first word counts. */
export function afterVerdict(pairing: Pairing, match: boolean): Pairing {
  const { stage } = pairing;
  if (stage.kind !== 'compare' || stage.verdict !== 'asked') return pairing;
  return { ...pairing, stage: { ...stage, verdict: match ? 'match' : 'differ' } };
}

export function afterPaired(pairing: Pairing, peer: PeerView): Pairing {
  return isOver(pairing) ? pairing : { stage: { kind: 'paired', peer }, warning: null };
}

export function afterFailure(pairing: Pairing, failure: Failure): Pairing {
  if (isOver(pairing)) return pairing;
  const expiresAt = pairing.stage.kind === 'shown' ? pairing.stage.expiresAt : null;
  return { stage: { kind: 'failed', failure, expiresAt }, warning: null };
}

/** How a device is called until it has told its name. */
export function nameOf(pairing: Pairing, unnamed: string): string {
  const { stage } = pairing;
  if (stage.kind === 'paired') return stage.peer.name || unnamed;
  if (stage.kind === 'connecting' || stage.kind === 'compare') return stage.peerName || unnamed;
  return unnamed;
}
