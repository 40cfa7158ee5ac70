/**
 * Serial number arithmetic modulo 2^32 (RFC 1982): sequence numbers keep their order across the
 * wrap as long as two that are compared lie less than 2^31 apart.
 */

/** `serial + step`, wrapped to an unsigned 32-bit number. */
export function serialAdd(serial: number, step: number): number {
  return (serial + step) >>> 0;
}

/** How far `a` is ahead of `b`; negative when it is behind. */
export function serialDistance(a: number, b: number): number {
  return (a - b) | 0;
}
