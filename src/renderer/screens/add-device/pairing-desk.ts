/**
 * Where one pairing at a time is under way.
 *
 * Invariant: a pairing that nobody looks at any more is cancelled, and so is one that another takes
 * the place of.
 */
import type { PortholeApi } from '../../../shared/calls/api.ts';
import type { CallName } from '../../../shared/contract.ts';
import { Store } from '../../state/store.ts';
import { PairingSession } from './pairing-session.ts';
import type { PairingWish } from './pairing-session.ts';

export class PairingDesk {
  readonly session = new Store<PairingSession | null>(null);
  readonly #api: PortholeApi<CallName>;

  constructor(api: PortholeApi<CallName>) {
    this.#api = api;
  }

  begin(wish: PairingWish): void {
    this.end();
    this.session.set(new PairingSession(this.#api, wish));
  }

  end(): void {
    this.session.get()?.cancel();
    this.session.set(null);
  }
}
