import { defineConfig } from 'vitest/config';

// One process per file: node-datachannel crashes in worker threads (docs/architecture.md).
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default'],
  },
});
