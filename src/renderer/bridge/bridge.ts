/** What lies between the page and the Porthole it shows. */
import type { PortholeApi } from '../../shared/calls/api.ts';
import type { CallName } from '../../shared/contract.ts';
import type { Readable } from '../state/store.ts';

/**
 * `refused`: the token is wrong or missing, and trying again would not help. `lost`: it was there, or
 * never answered; it is tried again.
 */
export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'refused' };

export interface Bridge {
  /** Calls reject with `E_NO_DAEMON` while the connection is not ready. */
  readonly api: PortholeApi<CallName>;
  readonly connection: Readable<Connection>;
  /** No more tries; open calls reject. */
  close(): void;
}
