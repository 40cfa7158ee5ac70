/** Times of day as a person says them, in the time zone of this computer. */

/** "today at 14:02", "yesterday at 14:02", "on 2026-03-04 at 14:02"; `iso` is ISO 8601. */
export function formatWhen(iso: string, now: Date): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return 'at an unknown time';
  return `${dayOf(at, now)} at ${clockOf(at)}`;
}

/** "2026-03-04 14:02:11", which sorts. */
export function formatStamp(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return 'unknown time';
  return `${dateOf(at)} ${clockOf(at)}:${two(at.getSeconds())}`;
}

function dayOf(at: Date, now: Date): string {
  const date = dateOf(at);
  if (date === dateOf(now)) return 'today';
  // Not 24 hours ago: a day may have 23 or 25.
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  return date === dateOf(yesterday) ? 'yesterday' : `on ${date}`;
}

function dateOf(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function clockOf(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}
