/**
 * Time as the engine core sees it. Shells pass the real one; tests pass a clock they turn by hand.
 */

/** Stops the timer it came from; calling it again does nothing. */
export type CancelTimer = () => void;

export interface Clock {
  /** Milliseconds on a clock that never goes back (not the time of day), with fractions. */
  now(): number;
  /** Calls `callback` once, `delayMs` from now. */
  after(delayMs: number, callback: () => void): CancelTimer;
  /** Calls `callback` soon, after all that is due in this turn of the event loop. */
  soon(callback: () => void): void;
}
