/** How long a code is still good. Pure. */

const SECOND_MS = 1000;
const MINUTE_S = 60;

export type Countdown =
  | { readonly kind: 'running'; readonly seconds: number }
  | { readonly kind: 'over' };

/** `expiresAt` in ISO 8601, `nowMs` since 1970. A text that is no time is over. */
export function countdownOf(expiresAt: string, nowMs: number): Countdown {
  const left = Date.parse(expiresAt) - nowMs;
  return left > 0 ? { kind: 'running', seconds: Math.ceil(left / SECOND_MS) } : { kind: 'over' };
}

/** `9:58`, and `0:07` at the end. */
export function minutesAndSeconds(seconds: number): string {
  return `${Math.floor(seconds / MINUTE_S)}:${String(seconds % MINUTE_S).padStart(2, '0')}`;
}

/** How long until the text changes, ms. */
export function untilNextSecond(expiresAt: string, nowMs: number): number {
  return (Date.parse(expiresAt) - nowMs) % SECOND_MS || SECOND_MS;
}
