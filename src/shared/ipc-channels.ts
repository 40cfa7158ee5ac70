/** The only two ways between page and app, for messages of calls (calls/messages.ts). */

/** From the page. */
export const CALL_CHANNEL = 'porthole:call';
/** To the page. */
export const REPLY_CHANNEL = 'porthole:reply';
