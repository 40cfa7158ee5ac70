/**
 * What one DataChannel costs: throughput and processor time of raw node-datachannel between two
 * processes over loopback, for the settings Porthole has to choose (docs/performance.md).
 *
 * Run with `npx tsx bench/sctp.ts [rounds]`. Invariant: rounds are interleaved over all settings,
 * so that a noisy minute spoils one run of each and not all runs of one.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  cleanup,
  PeerConnection,
  setSctpSettings,
  type DataChannel as DataChannelType,
  type PeerConnection as PeerConnectionType,
} from 'node-datachannel';
import {
  DATACHANNEL_DATA_BYTES,
  GATE_HIGH_WATER_BYTES,
  GATE_LOW_WATER_BYTES,
} from '../src/shared/limits.ts';

const WARM_UP_MS = 150;
const RUN_MS = 900;
const OPEN_TIMEOUT_MS = 2000;
const KIB = 1024;

interface Settings {
  readonly mtu: number;
  readonly sendBufferSize: number;
  readonly recvBufferSize: number;
  readonly delayedSackTime: number;
}

interface Sample {
  readonly megabitsPerSecond: number;
  readonly cpuSecondsPerGigabyte: number;
}

interface Counters {
  readonly bytes: number;
  readonly cpuSeconds: number;
}

type Request =
  | { readonly kind: 'connect'; readonly settings: Settings; readonly offer: string }
  | { readonly kind: 'count' }
  | { readonly kind: 'close' };

interface Reply {
  readonly answer?: string;
  readonly counters?: Counters;
}

interface End {
  readonly pc: PeerConnectionType;
  readonly dc: DataChannelType;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function openEnd(name: string, settings: Settings): End {
  const { mtu, ...sctp } = settings;
  setSctpSettings(sctp);
  const pc = new PeerConnection(name, {
    iceServers: [],
    bindAddress: '127.0.0.1',
    disableAutoNegotiation: true,
    mtu,
  });
  const dc = pc.createDataChannel('bench', { negotiated: true, id: 0, unordered: true });
  return { pc, dc };
}

async function gathered(pc: PeerConnectionType): Promise<string> {
  while (pc.gatheringState() !== 'complete') await delay(2);
  // With this line the library sometimes fails a connection before it has read the addresses.
  return pc.localDescription()?.sdp.replace(/^a=end-of-candidates\r?\n/m, '') ?? '';
}

function closeEnd(end: End | undefined): void {
  end?.dc.close();
  end?.pc.close();
}

// ── The receiving process ───────────────────────────────────────────────────────────────────────

async function answer(end: End, offer: string): Promise<string> {
  end.pc.setRemoteDescription(offer, 'offer');
  end.pc.setLocalDescription('answer');
  return gathered(end.pc);
}

function reply(message: Reply): void {
  process.send?.(message);
}

function receive(): void {
  let end: End | undefined;
  let bytes = 0;
  process.on('message', (request: Request) => {
    switch (request.kind) {
      case 'connect':
        end = openEnd('receiver', request.settings);
        end.dc.onMessage((message) => {
          if (Buffer.isBuffer(message)) bytes += message.length;
        });
        void answer(end, request.offer.replace('a=setup:actpass', 'a=setup:active')).then((sdp) =>
          reply({ answer: sdp }),
        );
        break;
      case 'count':
        reply({ counters: { bytes, cpuSeconds: cpuSeconds() } });
        break;
      case 'close':
        closeEnd(end);
        reply({});
        break;
    }
  });
  process.on('disconnect', () => {
    cleanup();
    process.exit();
  });
}

// ── The sending process ─────────────────────────────────────────────────────────────────────────

async function ask(child: ChildProcess, request: Request): Promise<Reply> {
  const replied = new Promise<Reply>((resolve) => {
    child.once('message', (message: Reply) => resolve(message));
  });
  child.send(request);
  return replied;
}

async function count(child: ChildProcess): Promise<Counters> {
  const { counters } = await ask(child, { kind: 'count' });
  return { bytes: counters?.bytes ?? 0, cpuSeconds: (counters?.cpuSeconds ?? 0) + cpuSeconds() };
}

/** Rejects when the handshake hangs. */
async function withinTime(opened: Promise<void>): Promise<void> {
  const late = delay(OPEN_TIMEOUT_MS, undefined, { ref: false }).then(() => {
    throw new Error('the channel did not open');
  });
  await Promise.race([opened, late]);
}

function pump(dc: DataChannelType): void {
  const message = Buffer.alloc(DATACHANNEL_DATA_BYTES, 1);
  const fill = (): void => {
    while (dc.isOpen() && dc.bufferedAmount() <= GATE_HIGH_WATER_BYTES) {
      dc.sendMessageBinary(message);
    }
  };
  dc.setBufferedAmountLowThreshold(GATE_LOW_WATER_BYTES);
  dc.onBufferedAmountLow(fill);
  fill();
}

async function measure(child: ChildProcess, settings: Settings): Promise<Sample> {
  const end = openEnd('sender', settings);
  end.pc.setLocalDescription('offer');
  const offer = await gathered(end.pc);
  const opened = new Promise<void>((resolve) => end.dc.onOpen(resolve));
  const { answer: sdp } = await ask(child, { kind: 'connect', settings, offer });
  end.pc.setRemoteDescription(sdp ?? '', 'answer');
  await withinTime(opened);
  pump(end.dc);
  await delay(WARM_UP_MS);
  const before = await count(child);
  const start = performance.now();
  await delay(RUN_MS);
  const after = await count(child);
  const seconds = (performance.now() - start) / 1000;
  closeEnd(end);
  await ask(child, { kind: 'close' });
  const bytes = after.bytes - before.bytes;
  return {
    megabitsPerSecond: (bytes * 8) / 1e6 / seconds,
    cpuSecondsPerGigabyte: (after.cpuSeconds - before.cpuSeconds) / (bytes / 1e9),
  };
}

function allSettings(): Settings[] {
  const all: Settings[] = [];
  for (const mtu of [1280, 1400]) {
    for (const delayedSackTime of [0, 20]) {
      for (const recvBufferSize of [1024 * KIB, 4096 * KIB]) {
        for (const sendKib of [256, 512, 1024, 2048, 4096]) {
          all.push({ mtu, delayedSackTime, recvBufferSize, sendBufferSize: sendKib * KIB });
        }
      }
    }
  }
  return all;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function row(settings: Settings, samples: readonly Sample[]): string {
  const cells = [
    settings.mtu,
    settings.delayedSackTime,
    settings.recvBufferSize / KIB,
    settings.sendBufferSize / KIB,
    Math.round(median(samples.map((sample) => sample.megabitsPerSecond))),
    median(samples.map((sample) => sample.cpuSecondsPerGigabyte)).toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}

async function send(rounds: number): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ['--receive'], { stdio: 'inherit' });
  const runs = allSettings().map((settings) => ({ settings, samples: [] as Sample[] }));
  for (let round = 0; round < rounds; round++) {
    for (const run of runs) run.samples.push(await measure(child, run.settings));
  }
  console.log('| MTU | SACK delay ms | receive KiB | send KiB | Mbit/s | CPU s/GB |');
  console.log('|---:|---:|---:|---:|---:|---:|');
  for (const run of runs) console.log(row(run.settings, run.samples));
  child.disconnect();
  await once(child, 'exit');
  cleanup();
  process.exit();
}

if (process.argv.includes('--receive')) receive();
else await send(Number(process.argv[2] ?? 3));
