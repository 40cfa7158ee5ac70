/** Lines of odd shapes: through each of them a stream of Porthole arrives whole and ends cleanly. */
import type { Conditions } from '../emulator/emulated-link.ts';
import { startEmulatedPair } from '../emulator/emulated-link.ts';
import type { LabPart, ReportSection, Row } from '../part.ts';
import type { Taken } from './stream-end.ts';
import { portholeTransfer, rawTransfer } from './transfer.ts';

export interface Shape {
  readonly name: string;
  readonly conditions: Partial<Conditions>;
  readonly mtuBytes?: number;
}

/** A wide network's round trip; what is odd comes on top of it. */
const USUAL = { delayMs: 15, bitsPerSecond: 100_000_000, queueBytes: 400_000 };
/** Packets that are overtaken arrive this much late at most: half a trip. */
const LATE_MS = 10;

export const SHAPES: readonly Shape[] = [
  { name: 'nothing odd', conditions: USUAL },
  { name: '5 % reordered', conditions: { ...USUAL, reorder: 0.05, reorderByMs: LATE_MS } },
  { name: '25 % reordered', conditions: { ...USUAL, reorder: 0.25, reorderByMs: LATE_MS } },
  { name: '1 % doubled', conditions: { ...USUAL, dup: 0.01 } },
  { name: 'delay ± 30 %', conditions: { ...USUAL, jitterMs: 0.3 * USUAL.delayMs } },
  { name: 'MTU 1280', conditions: USUAL, mtuBytes: 1280 },
  { name: 'MTU 1400', conditions: USUAL, mtuBytes: 1400 },
  {
    name: '10 Mbit/s, queue of 25 packets',
    conditions: { delayMs: 15, bitsPerSecond: 10_000_000, queueBytes: 25 * 1500 },
  },
];

const BYTES = 8 * 1024 * 1024;
const QUICK_BYTES = 1024 * 1024;
/** At a twentieth of the slowest line's rate the whole still fits. */
const LIMIT_MS = 150_000;

export const shapes: LabPart = {
  name: 'shapes',
  run: async ({ quick, seed, say }) => {
    const bytes = quick ? QUICK_BYTES : BYTES;
    const rows: ShapeRow[] = [];
    for (const shape of SHAPES) {
      const row = await measureShape(shape, { seed, bytes });
      say(`${row.shape}: ${row.ending}, ${figures(row)} Mbit/s`);
      rows.push(row);
    }
    return sectionOf(rows, bytes);
  },
};

interface ShapeRow extends Row {
  readonly shape: string;
  /** `end` when all of it came through Porthole, else what came instead. */
  readonly ending: string;
  readonly portholeMegabits: number;
  readonly rawMegabits: number;
  readonly longestGapMs: number;
}

interface Stream {
  readonly seed: number;
  readonly bytes: number;
}

/** Carries that many bytes through Porthole over a line of that shape. */
export async function transferThrough(shape: Shape, stream: Stream): Promise<Taken> {
  return transferBy(portholeTransfer, shape, stream);
}

async function transferBy(
  transfer: typeof portholeTransfer,
  { conditions, mtuBytes = 1500 }: Shape,
  { seed, bytes }: Stream,
): Promise<Taken> {
  const pair = await startEmulatedPair({ seed, conditions, mtuBytes });
  try {
    return await transfer(pair, { seed, box: { kind: 'bytes', bytes, limitMs: LIMIT_MS } });
  } finally {
    await pair.stop();
  }
}

async function measureShape(shape: Shape, stream: Stream): Promise<ShapeRow> {
  const raw = await transferBy(rawTransfer, shape, stream);
  const porthole = await transferThrough(shape, stream);
  return {
    shape: shape.name,
    ending: porthole.ending,
    portholeMegabits: megabitsOf(porthole),
    rawMegabits: megabitsOf(raw),
    longestGapMs: porthole.longestGapMs,
  };
}

function megabitsOf({ bytes, countedMs }: Taken): number {
  return (bytes * 8) / 1000 / countedMs;
}

function figures({ portholeMegabits, rawMegabits }: ShapeRow): string {
  return `${portholeMegabits.toFixed(1)} / ${rawMegabits.toFixed(1)}`;
}

function sectionOf(rows: readonly ShapeRow[], bytes: number): ReportSection {
  const cells = rows.map((row) => [
    row.shape,
    row.ending === 'end' ? 'all right' : `**${row.ending}**`,
    figures(row),
    `${row.longestGapMs.toFixed(0)} ms`,
  ]);
  const broken = rows.filter(({ ending }) => ending !== 'end');
  return {
    title: 'Odd lines',
    text: `${bytes / 1024 / 1024} MiB through one connection over lines of 30 ms round trip and \
100 Mbit/s, where nothing else is said; packets that are reordered are up to ${LATE_MS} ms late. Speed \
is from the first connection to the last byte, slow start included, beside TCP with \`cubic\`. Asked \
for: every byte right, and a clean end behind the last.`,
    tables: [{ heads: ['line', 'bytes', 'Porthole / TCP Mbit/s', 'longest gap'], rows: cells }],
    rows,
    violations: broken.map(({ shape, ending }) => `${shape}: ${ending}`),
  };
}
