import { defineConfig } from 'vitest/config';

// One after the other: each has a desktop to itself.
export default defineConfig({
  test: {
    include: ['test/electron/**/*.spec.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
