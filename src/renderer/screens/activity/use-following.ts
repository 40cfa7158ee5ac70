/**
 * Whether the log follows what happens. A person who scrolls back reads: then it stands still, and
 * what comes meanwhile is counted.
 */
import { useCallback, useState } from 'react';
import type { ActivityLog } from '../../state/activity-log.ts';

export interface Following {
  /** What to show: the log as it is, or as it was when it was paused. */
  readonly log: ActivityLog;
  readonly isPaused: boolean;
  /** Entries that came since it was paused. */
  readonly newer: number;
  readonly pause: () => void;
  readonly resume: () => void;
}

export function useFollowing(current: ActivityLog): Following {
  const [paused, setPaused] = useState<ActivityLog | null>(null);
  const pause = useCallback(() => setPaused((before) => before ?? current), [current]);
  const resume = useCallback(() => setPaused(null), []);
  return {
    log: paused ?? current,
    isPaused: paused !== null,
    newer: paused === null ? 0 : newerThan(paused, current),
    pause,
    resume,
  };
}

/** A log that has begun anew has all its entries to offer. */
function newerThan(paused: ActivityLog, current: ActivityLog): number {
  const last = paused.entries.at(-1)?.number ?? 0;
  const now = current.entries.at(-1)?.number ?? 0;
  return now >= last ? now - last : current.entries.length;
}
