import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/**
 * Files that hold to bounds of about a second of real time, or follow networks at their pace. They
 * run first, with nothing that computes much beside them; they wait more than half of their time.
 */
const TIMED = [
  'test/integration/bounded.test.ts',
  'test/integration/daemon-edges.test.ts',
  'test/integration/daemon.test.ts',
  'test/integration/datachannel.test.ts',
  'test/integration/emulator.test.ts',
  'test/integration/health.test.ts',
  'test/integration/live-servers.test.ts',
  'test/integration/matrix.test.ts',
  'test/integration/nat-grid.test.ts',
  'test/integration/network-faults.test.ts',
  'test/integration/two-people.test.ts',
];

/** Timed ones too. They start `dist` as it is shipped, the others its files joined (one-file.ts). */
const AS_SHIPPED = [
  'test/integration/command.test.ts',
  'test/integration/demo.test.ts',
  'test/integration/rendezvous-command.test.ts',
  // The page lies beside the command.
  'test/integration/web-ui-command.test.ts',
];

/** Every screen in every look, and what the page costs: minutes that the gate has not. `npm run test:pages`. */
const PAGES_ONLY = ['accessibility', 'layout', 'smooth'].map(
  (name) => `test/browser/${name}.test.ts`,
);

/** A browser takes a core, and what people see is held to bounds of time. */
const BROWSER = ['test/browser/**/*.test.ts', 'test/threats/row-09-web-pages.test.ts'];

/** Those that start no command. */
const IN_PROCESS = ['test/{simulation,unit}/**/*.test.ts'];

/** Files of twenty seconds and more. Their order decides how long a run takes, and nothing else. */
const LONGEST_FIRST = [
  'integration/matrix',
  'integration/health',
  'integration/daemon',
  'integration/command',
  'integration/two-people',
  'integration/network-faults',
  'integration/nat-grid',
  'integration/demo',
  'integration/daemon-edges',
  'compliance/datachannel',
  'integration/real-programs',
  'simulation/sessions',
  'simulation/man-in-the-middle',
  'integration/bad-input',
  'integration/rendezvous-door',
  'integration/lan-discovery',
  'integration/offline-exchange',
  'threats/row-26-planted-secrets',
  'integration/turn',
  'simulation/planted',
  'compliance/memory',
  'compliance/tcp-relay',
  'integration/store/folder-lock',
  'integration/store/crash',
  'integration/loopback-only',
  'simulation/hostile-peer',
  'browser/accessibility',
  'browser/layout',
  'browser/share',
  'browser/pair-ways',
  'browser/pair-link',
  'browser/recover',
  'browser/hostile',
  'browser/smooth',
  'browser/states',
  'browser/pair-codes',
].map((name) => `/test/${name}.test.ts`);

function rank({ moduleId }: TestSpecification): number {
  const at = LONGEST_FIRST.findIndex((name) => moduleId.endsWith(name));
  return at < 0 ? LONGEST_FIRST.length : at;
}

/** Of what runs together, the longest starts first: no worker is left alone with it at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.toSorted((one, other) => rank(one) - rank(other)));
  }
}

const oneFileCommand = 'test/support/one-file-command.ts';
const asShipped = fileURLToPath(new URL('dist/cli/main.js', import.meta.url));

// One process per file: node-datachannel crashes in worker threads (docs/architecture.md).
export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'timed',
          include: TIMED,
          globalSetup: oneFileCommand,
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'as shipped',
          include: AS_SHIPPED,
          env: { PORTHOLE_COMMAND: process.env['PORTHOLE_COMMAND'] ?? asShipped },
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'patient',
          include: ['test/**/*.test.ts'],
          exclude: [...TIMED, ...AS_SHIPPED, ...IN_PROCESS, ...BROWSER, 'test/electron/**'],
          globalSetup: oneFileCommand,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'in process',
          include: IN_PROCESS,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: BROWSER,
          exclude: process.env['PAGE_LOOKS'] === 'all' ? [] : PAGES_ONLY,
          env: { PORTHOLE_COMMAND: process.env['PORTHOLE_COMMAND'] ?? asShipped },
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
