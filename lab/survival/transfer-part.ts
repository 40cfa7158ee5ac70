/** One large transfer through one connection, and dozens of cables pulled meanwhile. */
import { seededRandom } from '../../src/shared/random.ts';
import { canMakeFaults } from '../../test/support/lab/capability.ts';
import { linkDown } from '../../test/support/lab/faults.ts';
import { Lan } from '../../test/support/lab/places.ts';
import type { Pairing } from '../../test/support/lab/scene.ts';
import { transferAt } from '../../test/support/lab/transfer.ts';
import type { TimedFault, Transfer } from '../../test/support/lab/transfer.ts';
import type { LabOptions, LabPart, ReportSection } from '../part.ts';

interface Amount {
  readonly mebibytes: number;
  readonly faults: number;
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Issue 4. */
const WHOLE: Amount = { mebibytes: 1024, faults: 50, leastMs: 1000, mostMs: 20_000 };
const QUICK: Amount = { mebibytes: 32, faults: 3, leastMs: 1000, mostMs: 3000 };
/** The last part and the longest hold. */
const LAST_PART_MS = 600_000;

export const transferPart: LabPart = { name: 'survival-transfer', run: runTransfer };

async function runTransfer(options: LabOptions): Promise<ReportSection> {
  const { can, note } = await canMakeFaults();
  const amount = options.quick ? QUICK : WHOLE;
  if (!can) return section(amount, options, undefined, [`not tried${note}`]);
  const transfer = await transferAt(await Lan.start(), {
    bytes: amount.mebibytes * 1024 * 1024,
    seed: options.seed,
    lastPartMs: LAST_PART_MS,
    faults: (pairing) => cables(pairing, amount, options),
  });
  return section(amount, options, transfer, violations(transfer, amount));
}

/** Cables of either side, for times that the seed says. */
function cables(
  { place }: Pairing,
  { faults, leastMs, mostMs }: Amount,
  { seed, say }: LabOptions,
): readonly TimedFault[] {
  const random = seededRandom(seed);
  return Array.from({ length: faults }, (_nothing, index) => {
    const side = random() < 0.5 ? 'desk' : 'laptop';
    const ms = Math.round(leastMs + random() * (mostMs - leastMs));
    const down = linkDown(place[side]);
    const start = async (): Promise<void> => {
      say(`fault ${index + 1} of ${faults}: the ${side}'s cable, ${ms} ms`);
      await down.start();
    };
    return { fault: { start, end: async () => down.end() }, ms };
  });
}

function violations(transfer: Transfer, amount: Amount): readonly string[] {
  const { ending, received, digest, faults } = transfer;
  const said: string[] = [];
  if (ending !== 'end') said.push(`the connection ended by ${ending} after ${received} bytes`);
  if (digest !== 'equal') said.push('SHA-256 of what came is not that of what was sent');
  if (faults < amount.faults) said.push(`it was over after ${faults} of ${amount.faults} faults`);
  return said;
}

function section(
  amount: Amount,
  { seed }: LabOptions,
  transfer: Transfer | undefined,
  broken: readonly string[],
): ReportSection {
  const { mebibytes, leastMs, mostMs } = amount;
  const row = {
    bytes: mebibytes * 1024 * 1024,
    seed,
    faults: transfer?.faults ?? null,
    received: transfer?.received ?? null,
    ending: transfer?.ending ?? null,
    digest: transfer?.digest ?? null,
  };
  return {
    title: 'A transfer through faults',
    text: `${mebibytes} MiB through one connection on one cable; whenever another ${amount.faults + 1}th of it has come, the interface of one side, drawn by lot, is down for ${leastMs / 1000} to ${mostMs / 1000} s. Wanted: no reset, and SHA-256 equal.`,
    tables: [
      {
        heads: ['bytes', 'faults', 'received', 'ending', 'SHA-256'],
        rows: [
          [row.bytes, row.faults, row.received, row.ending, row.digest].map((cell) => String(cell)),
        ],
      },
    ],
    rows: [row],
    violations: broken,
  };
}
