/**
 * What happened, as far as this page keeps it.
 *
 * Invariant: oldest first, each entry with a number of its own, at most ACTIVITY_KEPT_MAX; `dropped`
 * counts all that was left out, by the other end or here.
 */
import type { Activity, LogEntry } from '../../shared/contract.ts';
import { ACTIVITY_KEPT_MAX } from '../../shared/page-limits.ts';

export interface NumberedEntry extends LogEntry {
  readonly number: number;
}

export interface ActivityLog {
  readonly entries: readonly NumberedEntry[];
  readonly dropped: number;
}

export const NO_ACTIVITY: ActivityLog = { entries: [], dropped: 0 };

/** The log with a batch behind it. */
export function withBatch(log: ActivityLog, batch: Activity): ActivityLog {
  const first = (log.entries.at(-1)?.number ?? 0) + 1;
  const added = batch.entries.map((entry, index) => ({ ...entry, number: first + index }));
  const all = [...log.entries, ...added];
  const tooMany = Math.max(0, all.length - ACTIVITY_KEPT_MAX);
  return { entries: all.slice(tooMany), dropped: log.dropped + batch.dropped + tooMany };
}
