/**
 * The simulation from the command line: many seeds over two processes, or one again.
 *
 *   npm run sim -- --seeds 100000        seeds 1 to 100,000
 *   SIM_SEED=17 npm run sim              one again
 *   SIM_SEED=17 SIM_TRACE=1 npm run sim  one again, with all that happened
 *
 * `--impatient` stops at the first violation. Exits with 1 when there was one.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import {
  addSummaries,
  describeSummary,
  replayLine,
  runSeed,
  runSeeds,
  type SeedsSummary,
} from './sim-seeds.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    /** Of a worker: takes every so many seeds. */
    step: { type: 'string', default: '1' },
    impatient: { type: 'boolean', default: false },
  },
});

async function replay(seed: number): Promise<void> {
  const result = await runSeed(seed);
  for (const line of result.log) console.log(line);
  for (const problem of result.problems) console.log(problem);
  const { conversations, faults, trace, virtualMs } = result;
  console.log(
    `seed ${seed}: ${faults} faults, ${conversations} connections, ${(virtualMs / 1000).toFixed(0)} virtual s, trace ${trace.toString(16)}, ${result.problems.length} violations`,
  );
  if (result.problems.length === 0) return;
  console.log(replayLine(result));
  process.exitCode = 1;
}

async function work(): Promise<void> {
  const summary = await runSeeds({
    from: Number(values.from),
    count: Number(values.seeds),
    step: Number(values.step),
    isImpatient: values.impatient,
    onFailure: (line) => console.log(line),
  });
  process.send?.(summary);
}

function startWorker(index: number): ChildProcess {
  return fork(new URL(import.meta.url), [
    `--from=${Number(values.from) + index}`,
    `--seeds=${Number(values.seeds) - index}`,
    `--step=${values.workers}`,
    ...(values.impatient ? ['--impatient'] : []),
  ]);
}

/** What each worker did; those that are not needed any more say nothing. */
async function collect(workers: readonly ChildProcess[]): Promise<SeedsSummary[]> {
  const summaries: SeedsSummary[] = [];
  const stopAll = (): void => {
    for (const worker of workers) worker.kill();
  };
  await Promise.all(
    workers.map(async (worker) => {
      worker.on('message', (summary: SeedsSummary) => {
        summaries.push(summary);
        if (values.impatient && summary.failures.length > 0) stopAll();
      });
      const [code] = (await once(worker, 'exit')) as [number | null];
      if (code !== null && code !== 0) throw new Error('a worker failed');
    }),
  );
  return summaries;
}

async function runAll(): Promise<void> {
  const startedAt = performance.now();
  const indices = Array.from({ length: Number(values.workers) }, (_, index) => index);
  const summaries = await collect(indices.map(startWorker));
  const seconds = (performance.now() - startedAt) / 1000;
  const sums = addSummaries(summaries);
  console.log(
    `${describeSummary(sums)}, in ${seconds.toFixed(0)} s (${(sums.seeds / seconds).toFixed(0)} seeds/s)`,
  );
  const failures = summaries.reduce((count, summary) => count + summary.failures.length, 0);
  console.log(`${failures} failing seeds`);
  if (failures > 0) process.exitCode = 1;
}

const seed = process.env['SIM_SEED'];
if (seed !== undefined) await replay(Number(seed));
else if (process.send !== undefined) await work();
else await runAll();
