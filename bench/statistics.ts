/** The few numbers a benchmark needs of its samples. */

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** The sample at `share` (0 to 1) of the sorted samples; NaN when there is none. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
