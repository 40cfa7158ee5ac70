/** The bridge of a page in the desktop app: `window.porthole`, made by the preload script. */
import { apiOfPage } from '../../shared/calls/page-api.ts';
import type { PageApi } from '../../shared/calls/page-api.ts';
import { Store } from '../state/store.ts';
import type { Bridge } from './bridge.ts';

/** The app keeps the engine in its own process: it is there as long as the page is. */
export function pageBridge(page: PageApi): Bridge {
  return { api: apiOfPage(page), connection: new Store({ kind: 'ready' }), close: () => {} };
}
