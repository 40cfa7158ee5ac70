/**
 * `npm run bench`: one table from one run. The tunnel is the real command in two processes; beside
 * it stands the raw DataChannel with the same settings, measured in turn with it.
 *
 * `npm run bench -- --quick` takes fewer and shorter runs.
 */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { SlowLine } from './slow-line.ts';
import { median, percentile } from './statistics.ts';
import { measurePairings } from './pairing.ts';
import { measurePairs, summarize, untilQuiet } from './throughput.ts';
import { Tunnel } from './tunnel.ts';
import { residentBytes } from './worker.ts';
import { Yardstick } from './yardstick.ts';

interface Row {
  readonly what: string;
  readonly raw: string;
  readonly tunnel: string;
  readonly figure: string;
  readonly toReach: string;
}

const isQuick = process.argv.includes('--quick');
const PAIRS = isQuick ? 3 : 5;
const RUN_MS = isQuick ? 1500 : 3000;
const ECHOES = isQuick ? 300 : 1000;
const CONNECTS = isQuick ? 100 : 300;
const PAIRINGS = isQuick ? 10 : 30;
const IDLE_CONNECTIONS = 5000;
const SLOW_BITS_PER_SECOND = 8_000_000;
const BULK_ECHO_EVERY_MS = 10;

const rows: Row[] = [];

function report(row: Row): void {
  rows.push(row);
  process.stderr.write(`${row.what}: ${row.figure}\n`);
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}

async function throughput(yardstick: Yardstick, tunnel: Tunnel): Promise<void> {
  for (const way of ['U', 'D'] as const) {
    for (const connections of [1, 8, 64]) {
      const pairs = await measurePairs(yardstick, tunnel, {
        way,
        connections,
        pairs: PAIRS,
        runMs: RUN_MS,
      });
      const { raw, tunnel: through, ratio, cpuRaw, cpuTunnel, cpuRatio } = summarize(pairs);
      const what = `${way === 'U' ? 'upload' : 'download'}, ${connections} connection${connections === 1 ? '' : 's'}`;
      report({
        what,
        raw: `${raw.toFixed(0)} Mbit/s`,
        tunnel: `${through.toFixed(0)} Mbit/s`,
        figure: `${ratio.toFixed(2)} of raw`,
        toReach: '≥ 0.85',
      });
      report({
        what: `${what}: processor`,
        raw: `${cpuRaw.toFixed(1)} s/GB`,
        tunnel: `${cpuTunnel.toFixed(1)} s/GB`,
        figure: `${cpuRatio.toFixed(2)} × raw`,
        toReach: '≤ 1.4 ×',
      });
    }
  }
}

async function latency(yardstick: Yardstick, tunnel: Tunnel): Promise<void> {
  const raw = median(await yardstick.ends[0].ask<number[]>({ kind: 'echo', times: ECHOES }));
  const echo = median(await echoes(tunnel, ECHOES, 0));
  report({
    what: 'echo round trip, median',
    raw: ms(raw),
    tunnel: ms(echo),
    figure: `raw + ${ms(echo - raw)}`,
    toReach: '≤ raw + 0.3 ms',
  });
  const opened = await tunnel.client.ask<number[]>({
    kind: 'connects',
    port: tunnel.port,
    times: CONNECTS,
  });
  report({
    what: 'new connection to first echoed byte, median',
    raw: '',
    tunnel: ms(median(opened)),
    figure: `p99 ${ms(percentile(opened, 0.99))}`,
    toReach: '≤ 2 ms',
  });
}

function echoes(tunnel: Tunnel, times: number, everyMs: number): Promise<number[]> {
  return tunnel.client.ask<number[]>({ kind: 'echo', port: tunnel.port, times, everyMs });
}

/** One-byte echoes beside one bulk transfer in each direction in turn. */
async function echoBesideBulk(
  tunnel: Tunnel,
  line: { what: string; toReach: string },
): Promise<void> {
  for (const way of ['U', 'D'] as const) {
    const bulk = tunnel.anotherClient();
    await bulk.ask({ kind: 'bulk', way, port: tunnel.port, count: 1 });
    await delay(2000);
    const samples = await echoes(tunnel, ECHOES / 2, BULK_ECHO_EVERY_MS);
    await bulk.stop();
    await untilQuiet(tunnel.pids);
    report({
      what: `echo beside ${way === 'U' ? 'an upload' : 'a download'}${line.what}, p99`,
      raw: '',
      tunnel: ms(percentile(samples, 0.99)),
      figure: `median ${ms(median(samples))}`,
      toReach: line.toReach,
    });
  }
}

async function slowLine(): Promise<void> {
  if (process.getuid?.() !== 0) {
    process.stderr.write('LEFT OUT: the 8 Mbit/s line needs root (network namespaces)\n');
    return;
  }
  const line = new SlowLine(SLOW_BITS_PER_SECOND);
  try {
    const tunnel = await Tunnel.open({ share: line.near, join: line.far });
    await echoBesideBulk(tunnel, { what: ' at 8 Mbit/s', toReach: '≤ 150 ms' });
    await tunnel.close();
  } finally {
    line.remove();
  }
}

async function idleMemory(): Promise<void> {
  const tunnel = await Tunnel.open();
  await tunnel.client.ask({ kind: 'idle', port: tunnel.port, count: 500 });
  const before = tunnel.pids.map(residentBytes);
  await tunnel.client.ask({ kind: 'idle', port: tunnel.port, count: IDLE_CONNECTIONS });
  await delay(2000);
  const after = tunnel.pids.map(residentBytes);
  const perConnection = after.map(
    (bytes, index) => (bytes - (before[index] ?? 0)) / IDLE_CONNECTIONS / 1024,
  );
  report({
    what: `memory of an idle connection at ${IDLE_CONNECTIONS}, sharing and joining process`,
    raw: '',
    tunnel: perConnection.map((kib) => `${kib.toFixed(1)} KiB`).join(', '),
    figure: `${Math.max(...perConnection).toFixed(1)} KiB`,
    toReach: '≤ 40 KiB',
  });
  await tunnel.close();
}

async function pairing(): Promise<void> {
  const samples = await measurePairings(PAIRINGS);
  report({
    what: `pairing, from the link to the forward, numbers confirmed at once, median of ${PAIRINGS}`,
    raw: '',
    tunnel: ms(median(samples)),
    figure: `p95 ${ms(percentile(samples, 0.95))}`,
    toReach: '≤ 400 ms',
  });
}

function printTable(): void {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const processors = cpus();
  const machine = `${processors.length} × ${processors[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${process.platform}`;
  const table = [
    `${new Date().toISOString().slice(0, 10)}, commit ${commit}, ${machine}; throughput is the median of ${PAIRS} alternating pairs of ${RUN_MS / 1000} s.`,
    '',
    '| what | raw DataChannel | tunnel | figure | to reach |',
    '| :--- | ---: | ---: | ---: | ---: |',
    ...rows.map(
      (row) => `| ${row.what} | ${row.raw} | ${row.tunnel} | ${row.figure} | ${row.toReach} |`,
    ),
  ];
  process.stdout.write(`${table.join('\n')}\n`);
}

const yardstick = await Yardstick.open();
const tunnel = await Tunnel.open();
await latency(yardstick, tunnel);
await echoBesideBulk(tunnel, { what: '', toReach: '≤ 25 ms' });
await throughput(yardstick, tunnel);
await Promise.all([yardstick.close(), tunnel.close()]);
await slowLine();
await idleMemory();
await pairing();
printTable();
process.exit(0);
