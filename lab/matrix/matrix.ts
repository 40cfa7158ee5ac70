/** The loss × round-trip matrix: Porthole's throughput beside TCP's over the same line. */
import type { LabOptions, LabPart, ReportSection, Row } from '../part.ts';
import type { Cell, CellResult } from './cell.ts';
import { BITS_PER_SECOND, measureCell, STALL_MS } from './cell.ts';

interface MatrixSize {
  readonly lossPercents: readonly number[];
  readonly roundTripsMs: readonly number[];
  readonly countedMs: number;
  readonly trials: number;
}

const FULL: MatrixSize = {
  lossPercents: [0, 0.1, 1, 2, 5],
  roundTripsMs: [1, 20, 50, 100, 200],
  countedMs: 8000,
  trials: 3,
};

/** For every change: bytes and stalls are judged, not speed. With the warm-up longer than a stall. */
export const QUICK: MatrixSize = {
  lossPercents: [0, 1, 5],
  roundTripsMs: [1, 50, 200],
  countedMs: 4000,
  trials: 1,
};

/** With no loss at these round trips Porthole is to have this share of TCP's throughput. */
const LOSSLESS = { roundTripsMs: [20, 50, 100], ratio: 0.6 };
/** With a little loss it is to be no slower than TCP. */
const LITTLE_LOSS = { lossPercent: 0.1, roundTripMs: 50, ratio: 1 };

export const matrix: LabPart = {
  name: 'matrix',
  run: async (options) => {
    const size = options.quick ? QUICK : FULL;
    const results: CellResult[] = [];
    for (const cell of cellsOf(size)) {
      const result = await measureCell(cell, {
        seed: options.seed,
        trials: options.trials ?? size.trials,
        countedMs: size.countedMs,
      });
      options.say(sentenceOf(result));
      results.push(result);
    }
    return sectionOf(results, { size, options });
  },
};

export function cellsOf({ lossPercents, roundTripsMs }: MatrixSize): readonly Cell[] {
  return lossPercents.flatMap((lossPercent) =>
    roundTripsMs.map((roundTripMs) => ({ lossPercent, roundTripMs })),
  );
}

/** What went wrong in a cell whatever its speed: wrong bytes, an early end, a stall. */
export function faultsOf(result: CellResult): readonly string[] {
  const { porthole } = result;
  const faults = porthole.fault === undefined ? [] : [porthole.fault];
  if (porthole.longestGapMs > STALL_MS)
    faults.push(`${seconds(porthole.longestGapMs)} without a byte`);
  return faults.map((fault) => `${placeOf(result)}: ${fault}`);
}

/** The speed that is asked for, and not reached. */
export function slownessOf(result: CellResult): readonly string[] {
  const asked = askedRatio(result);
  const ratio = ratioOf(result);
  if (ratio >= asked) return [];
  return [`${placeOf(result)}: ${ratio.toFixed(2)} of TCP, not ${asked.toFixed(1)}`];
}

function askedRatio({ lossPercent, roundTripMs }: Cell): number {
  if (lossPercent === 0 && LOSSLESS.roundTripsMs.includes(roundTripMs)) return LOSSLESS.ratio;
  const isLittle =
    lossPercent === LITTLE_LOSS.lossPercent && roundTripMs === LITTLE_LOSS.roundTripMs;
  return isLittle ? LITTLE_LOSS.ratio : 0;
}

function ratioOf({ raw, porthole }: CellResult): number {
  return raw.megabits === 0 ? Number.POSITIVE_INFINITY : porthole.megabits / raw.megabits;
}

// ── The report ──────────────────────────────────────────────────────────────────────────────────

function sectionOf(
  results: readonly CellResult[],
  { size, options }: { readonly size: MatrixSize; readonly options: LabOptions },
): ReportSection {
  const violations = results.flatMap((result) => [
    ...faultsOf(result),
    ...(options.quick ? [] : slownessOf(result)),
  ]);
  const heads = ['loss', ...size.roundTripsMs.map((ms) => `${ms} ms`)];
  const rows = size.lossPercents.map((loss) => [
    `${loss} %`,
    ...results.filter(({ lossPercent }) => lossPercent === loss).map(cellText),
  ]);
  return {
    title: 'Loss and round trip',
    text: textOf(size, options),
    tables: [{ heads, rows }],
    rows: results.map(rowOf),
    violations,
  };
}

function textOf({ countedMs, trials }: MatrixSize, options: LabOptions): string {
  return `One connection, downloading from the sharing side, over an emulated line of \
${BITS_PER_SECOND / 1e6} Mbit/s whose queue holds what the line holds (rate × round trip, at least 25 \
packets) and which loses that share of the packets of both directions. Each figure is \
${howMany(options.trials ?? trials)} of ${countedMs / 1000} s, counted behind 2 s and ten round trips \
of warm-up, so that slow start is not in it; every byte that arrives is compared with the one sent. TCP \
goes by \`cubic\` with buffers of up to 32 MiB, on a line and networks of its own with the same seed.

A cell says: Porthole Mbit/s / TCP Mbit/s = ratio.

Asked for: every byte right, never ${STALL_MS / 1000} s without one; with no loss at \
${LOSSLESS.roundTripsMs.join(', ')} ms at least ${LOSSLESS.ratio} of TCP; with \
${LITTLE_LOSS.lossPercent} % at ${LITTLE_LOSS.roundTripMs} ms at least as much as TCP.`;
}

function howMany(trials: number): string {
  return trials === 1 ? 'that of one transfer' : `the median of ${trials} transfers`;
}

function cellText(result: CellResult): string {
  const { porthole, raw } = result;
  const isFaulty = faultsOf(result).length > 0;
  const text = `${figure(porthole.megabits)} / ${figure(raw.megabits)} = ${ratioOf(result).toFixed(2)}`;
  return isFaulty ? `**${text}**` : text;
}

function figure(megabits: number): string {
  return megabits.toFixed(megabits < 10 ? 1 : 0);
}

function rowOf(result: CellResult): Row {
  const { lossPercent, roundTripMs, raw, porthole } = result;
  return {
    lossPercent,
    roundTripMs,
    portholeMegabits: porthole.megabits,
    rawMegabits: raw.megabits,
    ratio: ratioOf(result),
    portholeLongestGapMs: porthole.longestGapMs,
    rawLongestGapMs: raw.longestGapMs,
    fault: porthole.fault ?? null,
    rawFault: raw.fault ?? null,
  };
}

function sentenceOf(result: CellResult): string {
  const { porthole } = result;
  const gap = `longest gap ${seconds(porthole.longestGapMs)}`;
  return `${placeOf(result)}: ${cellText(result)}, ${gap}${porthole.fault === undefined ? '' : `, ${porthole.fault}`}`;
}

function placeOf({ lossPercent, roundTripMs }: Cell): string {
  return `${lossPercent} % at ${roundTripMs} ms`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
