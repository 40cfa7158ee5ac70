/**
 * What pages of this app may not do, whatever runs in them: leave, open windows, reach a network,
 * use devices, put files anywhere.
 *
 * Invariant: everything that is not named here is denied.
 */
import type { DesktopSession, PageRules, PermissionWish } from '../desktop/desktop.ts';
import { isPageUrl, PAGE_ORIGIN } from '../page-origin.ts';

const BLOB_URL = `blob:${PAGE_ORIGIN}/`;
const SAVED_NAME_CHARS_MAX = 80;

export interface GuardOptions {
  readonly devTools: 'allowed' | 'none';
}

/** For every page there is, whatever made it. */
export const PAGE_RULES: PageRules = {
  // The page is one document, loaded by this process; a link that leads out of it leads nowhere.
  mayNavigate: () => false,
  mayOpenWindow: () => false,
  mayAttachWebview: () => false,
};

export function guardSession(session: DesktopSession, options: GuardOptions): void {
  session.decidePermissions(isPermitted);
  session.decideRequests((url) => mayRequest(url, options));
  session.decideDownloads((url, name) =>
    url.startsWith(BLOB_URL) ? { saveAs: fileNameOf(name) } : 'refuse',
  );
}

/** The camera, without sound, copying, and pasting behind a button; for the page itself, not for anything inside it. */
function isPermitted({ permission, origin, frame, media }: PermissionWish): boolean {
  if (origin !== PAGE_ORIGIN || frame !== 'main') return false;
  if (permission === 'clipboard-sanitized-write' || permission === 'clipboard-read') return true;
  return permission === 'media' && media.length > 0 && media.every((kind) => kind === 'video');
}

/** The files of the page, and what it made itself. */
function mayRequest(url: string, { devTools }: GuardOptions): boolean {
  if (isPageUrl(url) || url.startsWith(BLOB_URL)) return true;
  if (url.startsWith('data:image/')) return true;
  return devTools === 'allowed' && url.startsWith('devtools://devtools/');
}

/** A name that is no path, whatever the page said. */
function fileNameOf(name: string): string {
  const plain = name.replaceAll(/[^\p{L}\p{N} ._-]+/gu, '-').replace(/^[. -]+/, '');
  return plain.slice(-SAVED_NAME_CHARS_MAX) || 'porthole';
}
