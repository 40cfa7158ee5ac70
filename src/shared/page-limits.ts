/**
 * Constants of the page alone: how long it keeps what, and how soon it says something.
 */

/** What a page keeps of rates: a curve shows the last minute. */
export const RATES_KEPT_MS = 60_000;

/** Entries of activity a page keeps: a person scrolls through no more, and it is about 1 MB. */
export const ACTIVITY_KEPT_MAX = 5000;

/** A problem is shown when it has lasted this long, ms: most pass by themselves, and a flash only worries. */
export const CONDITION_VISIBLE_MS = 5000;

/** "Still trying" is said when connecting takes longer than this, ms: most connections are up by then. */
export const STILL_TRYING_MS = 8000;

/** How often a visible page looks for listening ports, ms: an app that was just started shows soon, and looking costs some ms. */
export const LISTENING_POLL_MS = 5000;

/** First and longest wait before a page connects to its daemon again, ms: a restarted daemon is there within a second or two. */
export const PAGE_RECONNECT_FIRST_MS = 250;
export const PAGE_RECONNECT_MAX_MS = 5000;

/** Wait before a feed that failed is asked for again, ms; it must not spin on one that always fails. */
export const PAGE_FEED_RETRY_MS = 1000;

/** WebSocket close codes of the web UI (4000-4999 are free for applications, RFC 6455 §7.4.2): wrong token, and none in time. */
export const WEB_CLOSE_REFUSED = 4401;
export const WEB_CLOSE_TOKEN_LATE = 4408;

/** Longest text of the box for a code: several times the longest code, also when a chat has wrapped it. A browser needs seconds to lay out far longer ones. */
export const CODE_CHARS_MAX = 4096;
