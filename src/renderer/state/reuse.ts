/**
 * Keeps what has not changed the very same object, so that only rows that changed are drawn again.
 */

/** A value equal to `next`, made of the parts of `old` that are equal. Plain JSON only. */
export function reuse<T>(old: unknown, next: T): T {
  if (Object.is(old, next)) return next;
  if (Array.isArray(next)) return reuseArray(old, next) as T;
  if (isRecord(next) && isRecord(old)) return reuseRecord(old, next) as T;
  return next;
}

function reuseArray(old: unknown, next: readonly unknown[]): readonly unknown[] {
  if (!Array.isArray(old)) return next;
  const before = new Map(old.map((item, index) => [keyOf(item, index), item as unknown]));
  const items = next.map((item, index) => reuse(before.get(keyOf(item, index)), item));
  const isSame = items.length === old.length && items.every((item, index) => item === old[index]);
  return isSame ? (old as readonly unknown[]) : items;
}

function reuseRecord(
  old: Readonly<Record<string, unknown>>,
  next: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const keys = Object.keys(next);
  const parts = keys.map((key) => [key, reuse(old[key], next[key])] as const);
  const isSame =
    keys.length === Object.keys(old).length && parts.every(([key, part]) => part === old[key]);
  return isSame ? old : Object.fromEntries(parts);
}

/** Items of a list are told apart by their id, so that a new first one does not change all. */
function keyOf(item: unknown, index: number): unknown {
  return isRecord(item) && typeof item['id'] === 'string' ? item['id'] : index;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
