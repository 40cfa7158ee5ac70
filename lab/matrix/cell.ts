/**
 * A cell of the loss × round-trip matrix: a line, and one stream over it by TCP and through Porthole.
 *
 * Invariant: each transfer has a line, networks and processes of its own, with the same seed, so
 * that none inherits a window or a queue of another.
 */
import { median } from '../../bench/statistics.ts';
import type { Conditions } from '../emulator/emulated-link.ts';
import { startEmulatedPair } from '../emulator/emulated-link.ts';
import type { Box, Taken } from './stream-end.ts';
import { portholeTransfer, rawTransfer } from './transfer.ts';

export interface Cell {
  /** Of the packets of each direction, %. */
  readonly lossPercent: number;
  readonly roundTripMs: number;
}

/** The rate of the line, both ways. */
export const BITS_PER_SECOND = 200_000_000;
/** A queue holds what the line holds, and never less than this: QUIC's interop runner has it so. */
const QUEUE_PACKETS_MIN = 25;
const PACKET_BYTES = 1500;

/** Slow start takes about ten round trips to 200 Mbit/s; the rest is for processes to get going. */
const WARM_UP_MS = 2000;
const WARM_UP_ROUND_TRIPS = 10;

/** The longest time without a byte that is no stall. */
export const STALL_MS = 5000;

export interface TransferResult {
  readonly megabits: number;
  readonly longestGapMs: number;
  /** What was wrong: bytes, an early end, no connection. */
  readonly fault?: string;
}

/** Each number is the median of the trials, gaps are the longest of all, a fault is the first. */
export interface CellResult extends Cell {
  readonly raw: TransferResult;
  readonly porthole: TransferResult;
}

export interface RunOptions {
  readonly seed: number;
  /** Behind the warm-up. */
  readonly countedMs: number;
}

function conditionsOf({ lossPercent, roundTripMs }: Cell): Partial<Conditions> {
  const lineBytes = (BITS_PER_SECOND / 8) * (roundTripMs / 1000);
  return {
    delayMs: roundTripMs / 2,
    loss: lossPercent / 100,
    bitsPerSecond: BITS_PER_SECOND,
    queueBytes: Math.max(lineBytes, QUEUE_PACKETS_MIN * PACKET_BYTES),
  };
}

/** Measures TCP and Porthole in turn. */
export async function measureCell(
  cell: Cell,
  options: RunOptions & { readonly trials: number },
): Promise<CellResult> {
  const raw: TransferResult[] = [];
  const porthole: TransferResult[] = [];
  for (let trial = 0; trial < options.trials; trial += 1) {
    const run = { seed: options.seed + trial, countedMs: options.countedMs };
    raw.push(await measure(cell, rawTransfer, run));
    porthole.push(await measurePorthole(cell, run));
  }
  return { ...cell, raw: together(raw), porthole: together(porthole) };
}

/** One transfer through Porthole. */
export async function measurePorthole(cell: Cell, options: RunOptions): Promise<TransferResult> {
  return measure(cell, portholeTransfer, options);
}

async function measure(
  cell: Cell,
  transfer: typeof rawTransfer,
  { seed, countedMs }: RunOptions,
): Promise<TransferResult> {
  const pair = await startEmulatedPair({ seed, conditions: conditionsOf(cell) });
  const warmUpMs = WARM_UP_MS + WARM_UP_ROUND_TRIPS * cell.roundTripMs;
  const box: Box = { kind: 'time', warmUpMs, ms: countedMs };
  try {
    return resultOf(await transfer(pair, { seed, box }));
  } catch (thrown) {
    const fault = thrown instanceof Error ? thrown.message : String(thrown);
    return { megabits: 0, longestGapMs: warmUpMs + countedMs, fault };
  } finally {
    await pair.stop();
  }
}

function resultOf({ countedBytes, countedMs, longestGapMs, ending }: Taken): TransferResult {
  const megabits = (countedBytes * 8) / 1000 / countedMs;
  const fault = ending === 'time' ? {} : { fault: ending };
  return { megabits, longestGapMs, ...fault };
}

function together(trials: readonly TransferResult[]): TransferResult {
  const fault = trials.find((trial) => trial.fault !== undefined)?.fault;
  return {
    megabits: median(trials.map(({ megabits }) => megabits)),
    longestGapMs: Math.max(...trials.map((trial) => trial.longestGapMs)),
    ...(fault === undefined ? {} : { fault }),
  };
}
