/** Where the page is, and the way from it to here. */

export const PAGE_SCHEME = 'app';
export const PAGE_ORIGIN = 'app://porthole';
export const PAGE_URL = `${PAGE_ORIGIN}/`;

/** Whether a URL is one of the page's own. */
export function isPageUrl(url: string): boolean {
  return url.startsWith(PAGE_URL) && URL.canParse(url);
}
