/** The real clock: monotonic time, timers and the event loop of Node. */
import type { Clock } from '../shared/clock.ts';

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  soon(callback) {
    setImmediate(callback);
  },
};
