/**
 * Runs seeds one after the other, some twice, and says how to replay those that fail.
 */
import { Simulation, type SimResult } from './simulation.ts';

/** What one process did. */
export interface SeedsSummary {
  readonly seeds: number;
  readonly conversations: number;
  readonly resets: number;
  /** Of connections whose reset a fault excuses. */
  readonly excused: number;
  /** Times that a device came back to a session with connections open. */
  readonly resumes: number;
  readonly virtualMs: number;
  /** One line for each failing seed, with how to replay it. */
  readonly failures: readonly string[];
}

export interface SeedsOptions {
  readonly from: number;
  readonly count: number;
  /** @default 1 */
  readonly step?: number;
  /** Stop at the first violation. @default false */
  readonly isImpatient?: boolean;
  /** Told of each failing seed at once. */
  readonly onFailure?: (line: string) => void;
}

const SUMMED = ['conversations', 'resets', 'excused', 'resumes', 'virtualMs'] as const;

/** Every so many seeds one runs twice (I7). */
const REPEATED_EVERY = 50;

export async function runSeed(seed: number): Promise<SimResult> {
  return new Simulation(seed, process.env['SIM_TRACE'] === '1').run();
}

export function replayLine({ seed, problems }: SimResult): string {
  return `SIM_SEED=${seed} npm run --silent sim   # ${problems.slice(0, 3).join('; ')}`;
}

export async function runSeeds(options: SeedsOptions): Promise<SeedsSummary> {
  const { from, count, step = 1, isImpatient = false, onFailure } = options;
  const failures: string[] = [];
  const fail = (line: string): void => {
    failures.push(line);
    onFailure?.(line);
  };
  const sums = { seeds: 0, conversations: 0, resets: 0, excused: 0, resumes: 0, virtualMs: 0 };
  for (let seed = from; seed < from + count; seed += step) {
    const result = await runSeed(seed);
    sums.seeds += 1;
    for (const key of SUMMED) sums[key] += result[key];
    if (result.problems.length > 0) fail(replayLine(result));
    if (seed % REPEATED_EVERY === 0) {
      const again = await runSeed(seed);
      if (again.trace !== result.trace)
        fail(`SIM_SEED=${seed} npm run --silent sim   # I7 another trace`);
    }
    if (isImpatient && failures.length > 0) break;
  }
  return { ...sums, failures };
}

/** In words. */
export function describeSummary(summary: Omit<SeedsSummary, 'failures'>): string {
  const { seeds, conversations, resets, excused, resumes, virtualMs } = summary;
  const hours = (virtualMs / 3_600_000).toFixed(1);
  return `${seeds} seeds, ${conversations} connections (${resets} reset, ${excused} might be by a fault), ${resumes} resumed links with connections, ${hours} virtual hours`;
}

export function addSummaries(summaries: readonly SeedsSummary[]): Omit<SeedsSummary, 'failures'> {
  const sums = { seeds: 0, conversations: 0, resets: 0, excused: 0, resumes: 0, virtualMs: 0 };
  for (const summary of summaries) {
    sums.seeds += summary.seeds;
    for (const key of SUMMED) sums[key] += summary[key];
  }
  return sums;
}
