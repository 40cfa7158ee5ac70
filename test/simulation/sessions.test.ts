/**
 * The engine core of two or three devices under seeded faults, in virtual time: simulation.ts says
 * what must hold.
 *
 *   SIM_SEED=17 SIM_TRACE=1 npm run --silent sim   one seed again, with all that happened
 *   npm run sim -- --seeds 100000                  many
 */
import { describe, expect, it } from 'vitest';
import { describeSummary, runSeed, runSeeds } from './sim-seeds.ts';

const SEEDS = Number(process.env['SIM_SEEDS'] ?? 2000);

describe('sessions in simulation', () => {
  it('lose no byte, reset nothing without reason, and leave nothing, for every seed', async () => {
    const summary = await runSeeds({ from: 1, count: SEEDS });
    console.log(describeSummary(summary));
    expect(summary.failures).toEqual([]);
  }, 900_000);

  it('make another trace for another seed', async () => {
    const [one, other] = [await runSeed(1), await runSeed(2)];
    expect(one.trace).not.toBe(other.trace);
  });
});
