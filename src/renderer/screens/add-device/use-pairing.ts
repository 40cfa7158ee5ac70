/** Pairings as components see them. */
import { useEffect, useState } from 'react';
import { Store, useStore } from '../../state/store.ts';
import { useApi } from '../../state/use-page.ts';
import { PairingDesk } from './pairing-desk.ts';
import type { PairingSession } from './pairing-session.ts';
import type { Pairing } from './pairing-stage.ts';

export interface ActivePairing extends Pairing {
  readonly session: PairingSession;
}

const NONE = new Store<Pairing | null>(null);

/** A desk of the component's own: what is under way there ends with the component. */
export function usePairingDesk(): PairingDesk {
  const api = useApi();
  const [desk] = useState(() => new PairingDesk(api));
  useEffect(() => () => desk.end(), [desk]);
  return desk;
}

/** The pairing on a desk; null while there is none. */
export function usePairing(desk: PairingDesk): ActivePairing | null {
  const session = useStore(desk.session);
  const pairing = useStore<Pairing | null>(session?.pairing ?? NONE);
  return session === null || pairing === null ? null : { ...pairing, session };
}
