/** How measurements lie: the half, the worst twentieth, the worst. */

export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Of at least one number; the nearest rank, so that each is a number that was measured. */
export function spreadOf(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((one, other) => one - other);
  const rank = (part: number): number => {
    const at = sorted[Math.ceil(part * sorted.length) - 1];
    if (at === undefined) throw new Error('nothing was measured');
    return at;
  };
  return { p50: rank(0.5), p95: rank(0.95), max: rank(1) };
}
