/**
 * Where the page is: which of the four pages, and which dialog lies over it.
 *
 * Invariant: at most one dialog; what leads somewhere else closes it.
 */
import type { Wish } from '../../shared/shell-calls.ts';
import { Store } from '../state/store.ts';

export const PAGES = ['ports', 'devices', 'activity', 'settings'] as const;
export type PageName = (typeof PAGES)[number];

/** A page; of devices one can be looked at closely, by its short device id. */
export interface Place {
  readonly page: PageName;
  readonly peer: string | null;
}

export type Overlay =
  | { readonly kind: 'none' }
  | { readonly kind: 'share'; readonly port: number | null }
  | { readonly kind: 'add-device'; readonly code: string | null; readonly grant: string | null }
  | { readonly kind: 'access'; readonly share: string }
  | { readonly kind: 'local-port'; readonly share: string; readonly peer: string }
  | { readonly kind: 'rename'; readonly peer: string }
  | { readonly kind: 'remove'; readonly peer: string }
  | { readonly kind: 'shortcuts' };

export const NO_OVERLAY: Overlay = { kind: 'none' };

export class Navigation {
  readonly place = new Store<Place>({ page: 'ports', peer: null });
  readonly overlay = new Store<Overlay>(NO_OVERLAY);
  /** `left`: the person went to a page; they come again with the next start, until they are done. */
  readonly firstSteps = new Store<'shown' | 'left'>('shown');

  go(page: PageName, peer: string | null = null): void {
    this.overlay.set(NO_OVERLAY);
    this.firstSteps.set('left');
    const { page: at, peer: near } = this.place.get();
    if (at === page && near === peer) return;
    this.place.set({ page, peer });
    history.pushState({ page, peer }, '');
  }

  show(overlay: Overlay): void {
    this.overlay.set(overlay);
  }

  closeOverlay(): void {
    this.overlay.set(NO_OVERLAY);
  }

  /** The browser's Back and Forward. Returns how to stop. */
  followHistory(): () => void {
    history.replaceState(this.place.get(), '');
    const onPop = ({ state }: PopStateEvent): void => {
      this.overlay.set(NO_OVERLAY);
      if (isPlace(state)) this.place.set(state);
    };
    addEventListener('popstate', onPop);
    return () => removeEventListener('popstate', onPop);
  }

  /** Does what a menu, a link or a click elsewhere wants. */
  fulfil(wish: Wish): void {
    switch (wish.kind) {
      case 'page':
        return this.go(wish.page);
      case 'device':
        return this.go('devices', wish.peer);
      case 'share':
        return this.show({ kind: 'share', port: wish.port });
      case 'add-device':
        return this.show({ kind: 'add-device', code: wish.code, grant: null });
      case 'share-code':
        return this.show({ kind: 'add-device', code: null, grant: wish.share });
    }
  }
}

function isPlace(state: unknown): state is Place {
  return typeof state === 'object' && state !== null && 'page' in state && 'peer' in state;
}
