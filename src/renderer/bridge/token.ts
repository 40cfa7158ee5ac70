/**
 * The secret that lets this page in: from the fragment of its address, kept for this tab alone.
 *
 * Invariant: it is out of the address bar and the history before anything else runs.
 */

const KEY = 'porthole-token';

/** `undefined` when the page was opened without one, and this tab had none before. */
export function takeToken(): string | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null && given !== '') {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(KEY) ?? undefined;
}
