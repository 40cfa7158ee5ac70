/**
 * Shows a long list some rows a frame, so that no frame takes long: the first screenful at once. A
 * list that was narrowed down and is long again grows the same way.
 */
import { useEffect, useState } from 'react';

/** More than fit the window. */
const AT_ONCE = 12;
const A_FRAME = 6;

/** How many of `count` rows to draw now. */
export function useGradually(count: number): number {
  const [shown, setShown] = useState(AT_ONCE);
  const atMost = Math.max(count, AT_ONCE);
  if (shown > atMost) setShown(atMost);
  useEffect(() => {
    if (shown >= count) return undefined;
    const frame = requestAnimationFrame(() => setShown((before) => before + A_FRAME));
    return () => cancelAnimationFrame(frame);
  }, [shown, count]);
  return Math.min(shown, count);
}
