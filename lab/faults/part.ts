/**
 * How long after a fault the first byte comes through, and what became of the connection that was
 * open: real processes in network namespaces.
 *
 * Invariant: a trial that failed for any reason is counted as one that did not come back, and the
 * next one begins in a new scene.
 */
import { canMakeFaults } from '../../test/support/lab/capability.ts';
import type { Scene } from '../../test/support/lab/scene.ts';
import { tryToKeep, tryToReplace } from '../../test/support/lab/trial.ts';
import type { Trial } from '../../test/support/lab/trial.ts';
import type { LabOptions, LabPart, ReportSection, Row, RowValue } from '../part.ts';
import type { FaultCase, RunningStage, Stage } from './cases.ts';
import { STAGES } from './cases.ts';
import { spreadOf } from './spread.ts';

const TRIALS = 30;
/** What a person hardly notices (issue 4). */
const BACK_P95_MS = 3000;
const QUICK_FAULT_MS = 1000;
const LONGEST_FAULT_MS = 60_000;

type Outcome = Trial | { readonly fate: 'failed'; readonly backMs: null; readonly wrong: string };

interface Result {
  readonly name: string;
  readonly fate: FaultCase['fate'];
  readonly outcomes: readonly Outcome[];
}

export const faultsPart: LabPart = { name: 'faults', run: runFaults };

async function runFaults(options: LabOptions): Promise<ReportSection> {
  const { can, note } = await canMakeFaults();
  if (!can) return section([], [`the faults were not tried${note}`]);
  const results: Result[] = [];
  for (const stage of STAGES) results.push(...(await new StageRun(stage, options).run()));
  return section(
    results,
    results.flatMap((result) => violations(result, options)),
  );
}

/** All cases of one stage. */
class StageRun {
  readonly #stage: Stage;
  readonly #options: LabOptions;
  #running: RunningStage | undefined;

  constructor(stage: Stage, options: LabOptions) {
    this.#stage = stage;
    this.#options = options;
  }

  async run(): Promise<readonly Result[]> {
    try {
      const { cases } = await this.#start();
      const results: Result[] = [];
      for (const index of cases.keys()) results.push(await this.#runCase(index));
      return results;
    } finally {
      await this.#stop();
    }
  }

  async #runCase(index: number): Promise<Result> {
    const { quick, trials = quick ? 1 : TRIALS, say } = this.#options;
    const { name, fate } = await this.#caseAt(index);
    const outcomes: Outcome[] = [];
    while (outcomes.length < trials) {
      const outcome = await this.#try(index);
      outcomes.push(outcome);
      say(`${name}: ${outcomes.length} of ${trials}: ${inWords(outcome)}`);
    }
    return { name, fate, outcomes };
  }

  async #try(index: number): Promise<Outcome> {
    try {
      const trial = await tryCase((await this.#start()).scene, await this.#caseAt(index));
      if (trial.backMs === null) await this.#stop();
      return trial;
    } catch (thrown) {
      await this.#stop();
      return { fate: 'failed', backMs: null, wrong: String(thrown) };
    }
  }

  async #caseAt(index: number): Promise<FaultCase> {
    const found = (await this.#start()).cases[index];
    if (found === undefined) throw new Error(`there is no case ${index}`);
    return found;
  }

  async #start(): Promise<RunningStage> {
    const longest = this.#options.quick ? QUICK_FAULT_MS : LONGEST_FAULT_MS;
    this.#running ??= await this.#stage(longest);
    return this.#running;
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.scene.stop();
  }
}

async function tryCase(scene: Scene, what: FaultCase): Promise<Trial> {
  switch (what.fate) {
    case 'kept':
      return tryToKeep(scene, what.fault, what.faultMs);
    case 'reset':
      return tryToReplace(scene, what.fault, what);
  }
}

function inWords({ fate, backMs, wrong }: Outcome): string {
  const back = backMs === null ? 'nothing came back' : `back after ${Math.round(backMs)} ms`;
  return `${fate}, ${back}${wrong === null ? '' : `, ${wrong}`}`;
}

function timesOf({ outcomes }: Result): readonly number[] {
  return outcomes.map(({ backMs }) => backMs).filter((ms) => ms !== null);
}

function countOf({ outcomes }: Result, fate: Outcome['fate']): number {
  return outcomes.filter((outcome) => outcome.fate === fate).length;
}

function violations(result: Result, { quick }: LabOptions): readonly string[] {
  const { name, fate, outcomes } = result;
  const times = timesOf(result);
  const said: string[] = [];
  const other = outcomes.length - countOf(result, fate);
  if (other > 0) said.push(`${name}: ${other} of ${outcomes.length} connections were not ${fate}`);
  for (const { wrong } of outcomes) if (wrong !== null) said.push(`${name}: ${wrong}`);
  const lost = outcomes.length - times.length;
  if (lost > 0) said.push(`${name}: ${lost} of ${outcomes.length} times nothing came back`);
  const late = times.length > 0 && spreadOf(times).p95 > BACK_P95_MS;
  if (late && !quick) said.push(`${name}: p95 is more than ${BACK_P95_MS / 1000} s`);
  return said;
}

function rowOf(result: Result): Row {
  const times = timesOf(result);
  const spread = times.length > 0 ? spreadOf(times) : undefined;
  return {
    fault: result.name,
    wantedFate: result.fate,
    trials: result.outcomes.length,
    kept: countOf(result, 'kept'),
    reset: countOf(result, 'reset'),
    ended: countOf(result, 'ended'),
    stuck: countOf(result, 'stuck'),
    failed: countOf(result, 'failed'),
    back: times.length,
    backP50Ms: rounded(spread?.p50),
    backP95Ms: rounded(spread?.p95),
    backMaxMs: rounded(spread?.max),
  };
}

function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms);
}

const HEADS = ['fault', 'trials', 'kept', 'reset', 'back p50', 'p95', 'max'] as const;

function inMs(value: RowValue | undefined): string {
  return typeof value === 'number' ? `${value} ms` : '–';
}

function section(results: readonly Result[], broken: readonly string[]): ReportSection {
  const rows = results.map(rowOf);
  return {
    title: 'Faults',
    text: `From the end of the fault to the first byte that an application wrote after it and the other one read, the slower direction: through the connection that was open where it is kept, else through a new one. ${TRIALS} trials each unless the table says fewer (then p95 is the largest); wanted: p95 at most ${BACK_P95_MS / 1000} s, every connection kept, and reset where a process was killed. All bytes are compared at both ends.`,
    tables: [
      {
        heads: HEADS,
        rows: rows.map((row) => [
          String(row['fault']),
          String(row['trials']),
          String(row['kept']),
          String(row['reset']),
          inMs(row['backP50Ms']),
          inMs(row['backP95Ms']),
          inMs(row['backMaxMs']),
        ]),
      },
    ],
    rows,
    violations: broken,
  };
}
