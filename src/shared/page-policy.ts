/**
 * What the page may do (Content Security Policy Level 3), whoever serves it: nothing is inline, nothing
 * comes from elsewhere, and no text becomes script (Trusted Types). `connect-src 'self'` covers the
 * WebSocket too (tried in Chromium 156).
 */

/** `script`: where scripts may come from. */
export function pagePolicy(script = "'self'"): string {
  return [
    "default-src 'none'",
    `script-src ${script}`,
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    'media-src blob:',
    "worker-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}
