/** Each planted fault is found within the seeds that CI runs. */
import { describe, expect, it } from 'vitest';
import { hunt } from './planted/plant.ts';
import { PLANTED_FAULTS } from './planted/faults.ts';

const SEEDS = 2000;

describe('the simulation finds', () => {
  it.each(PLANTED_FAULTS)('$name', { timeout: 600_000 }, async (fault) => {
    const { line } = await hunt(fault, SEEDS);
    console.log(`${fault.name}: ${line ?? 'not found'}`);
    expect(line).toBeDefined();
  });

  it('complains when the place of a fault is not there', { timeout: 60_000 }, async () => {
    const nowhere = { name: 'nowhere', file: 'link/link.ts', find: 'no such text', replace: '' };
    await expect(hunt(nowhere, 1)).rejects.toThrow('its place is 0 times');
  });
});
