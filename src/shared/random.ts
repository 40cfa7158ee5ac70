/**
 * Seeded random numbers for simulations and tests: the same seed gives the same run on every
 * computer. Never for secrets: whoever sees a few values knows all that follow.
 */

/** Returns a function like `Math.random` ([0, 1), 32 bits of it) whose values depend on `seed` alone (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
