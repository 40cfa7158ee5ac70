/** Throughput and processor time of the tunnel against raw, in alternating pairs. */
import { setTimeout as delay } from 'node:timers/promises';
import { median } from './statistics.ts';
import type { Tunnel } from './tunnel.ts';
import { cpuSeconds } from './worker.ts';
import type { Worker } from './worker.ts';
import type { Yardstick } from './yardstick.ts';

const WARM_UP_MS = 700;
const QUIET_LOOK_MS = 400;
const QUIET_LOOKS_MAX = 75;
const QUIET_CPU_SECONDS = 0.03;

export interface Rate {
  readonly megabits: number;
  readonly cpuPerGigabyte: number;
}

export interface Pair {
  readonly raw: Rate;
  readonly tunnel: Rate;
}

export interface ThroughputCase {
  readonly way: 'D' | 'U';
  readonly connections: number;
}

export interface ThroughputOptions extends ThroughputCase {
  readonly pairs: number;
  readonly runMs: number;
}

/** Runs raw, tunnel, raw, tunnel, … */
export async function measurePairs(
  yardstick: Yardstick,
  tunnel: Tunnel,
  options: ThroughputOptions,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let pair = 0; pair < options.pairs; pair += 1) {
    const raw = await rawRate(yardstick, options.runMs);
    pairs.push({ raw, tunnel: await tunnelRate(tunnel, options) });
  }
  return pairs;
}

/** Medians of the ratios pair by pair, and of the rates. */
export function summarize(pairs: readonly Pair[]) {
  return {
    raw: median(pairs.map(({ raw }) => raw.megabits)),
    tunnel: median(pairs.map(({ tunnel }) => tunnel.megabits)),
    ratio: median(pairs.map(({ raw, tunnel }) => tunnel.megabits / raw.megabits)),
    cpuRaw: median(pairs.map(({ raw }) => raw.cpuPerGigabyte)),
    cpuTunnel: median(pairs.map(({ tunnel }) => tunnel.cpuPerGigabyte)),
    cpuRatio: median(pairs.map(({ raw, tunnel }) => tunnel.cpuPerGigabyte / raw.cpuPerGigabyte)),
  };
}

async function rawRate({ ends }: Yardstick, runMs: number): Promise<Rate> {
  const [sender, receiver] = ends;
  await sender.ask({ kind: 'send' });
  const rate = await rateOf(
    receiver,
    ends.map(({ pid }) => pid),
    runMs,
  );
  await sender.ask({ kind: 'quiet' });
  await untilQuiet(ends.map(({ pid }) => pid));
  return rate;
}

async function tunnelRate(tunnel: Tunnel, options: ThroughputOptions): Promise<Rate> {
  const { way, connections, runMs } = options;
  await tunnel.client.ask({ kind: 'bulk', way, port: tunnel.port, count: connections });
  const taker = way === 'D' ? tunnel.client : tunnel.server;
  const rate = await rateOf(taker, tunnel.pids, runMs);
  await tunnel.client.ask({ kind: 'end' });
  await untilQuiet(tunnel.pids);
  return rate;
}

async function rateOf(taker: Worker, pids: readonly number[], runMs: number): Promise<Rate> {
  const cpu = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  await delay(WARM_UP_MS);
  const [before, cpuBefore, startedAt] = [
    await taker.ask<number>({ kind: 'count' }),
    cpu(),
    performance.now(),
  ];
  await delay(runMs);
  const bytes = (await taker.ask<number>({ kind: 'count' })) - before;
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    megabits: (bytes * 8) / 1e6 / seconds,
    cpuPerGigabyte: (cpu() - cpuBefore) / (bytes / 1e9),
  };
}

/**
 * Waits until the processes have come to rest: what the kernels took before an end (megabytes for
 * each connection) still goes through, and would be charged to whoever runs next.
 */
export async function untilQuiet(pids: readonly number[]): Promise<void> {
  for (let look = 0; look < QUIET_LOOKS_MAX; look += 1) {
    const before = pids.map(cpuSeconds);
    await delay(QUIET_LOOK_MS);
    const used = pids.reduce((sum, pid, index) => sum + cpuSeconds(pid) - (before[index] ?? 0), 0);
    if (used <= QUIET_CPU_SECONDS) return;
  }
}
