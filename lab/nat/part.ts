/**
 * The NAT grid: every kind of home with every other, which way two paired computers find to each
 * other, how long it takes, and what a person reads where there is none.
 *
 * Invariant: where a relay is needed and Porthole knows none, the cell says so and breaks nothing.
 */
import { canMakeGrid } from '../../test/support/lab/capability.ts';
import { HOME_KINDS, joinInVain, Wanderers, wayBetween } from '../../test/support/lab/nat-cells.ts';
import type { Cell, CellKinds, Refusal, Way } from '../../test/support/lab/nat-cells.ts';
import { spreadOf } from '../faults/spread.ts';
import type { LabOptions, LabPart, ReportSection, Row } from '../part.ts';

const TRIALS = 3;
/** Several times what the slowest way back took; where there is none this is waited for in vain. */
const CONNECT_MS = 30_000;
/** Longer than `join` may take to say that there is no way. */
const JOIN_MS = 120_000;

/** The least that shows each kind of way, and the message where there is none. */
const QUICK_CELLS: readonly CellKinds[] = [
  { desk: 'easy', laptop: 'easy' },
  { desk: 'hard', laptop: 'open' },
  { desk: 'hard', laptop: 'hard' },
  { desk: 'udp-blocked', laptop: 'open' },
];
const ALL_CELLS: readonly CellKinds[] = HOME_KINDS.flatMap((desk) =>
  HOME_KINDS.map((laptop) => ({ desk, laptop })),
);

interface TriedCell {
  readonly kinds: CellKinds;
  readonly wanted: Way;
  readonly cell: Cell;
  /** Where no way was wanted or found. */
  readonly refusal: Refusal | null;
}

export const natPart: LabPart = { name: 'nat', run: runGrid };

async function runGrid(options: LabOptions): Promise<ReportSection> {
  const { can, note } = await canMakeGrid();
  if (!can) return section([], [`the NAT grid was not tried${note}`]);
  const wanderers = await Wanderers.start();
  try {
    const tried: TriedCell[] = [];
    for (const kinds of options.quick ? QUICK_CELLS : ALL_CELLS) {
      tried.push(await tryCell(wanderers, { kinds, wanted: wayBetween(kinds) }, options));
    }
    return section(tried, tried.flatMap(violations));
  } finally {
    await wanderers.remove();
  }
}

async function tryCell(
  wanderers: Wanderers,
  { kinds, wanted }: { readonly kinds: CellKinds; readonly wanted: Way },
  { quick, trials = quick ? 1 : TRIALS, say }: LabOptions,
): Promise<TriedCell> {
  const cell = await wanderers.try(kinds, { times: trials, ms: CONNECT_MS });
  const refusal = cell.way === 'none' ? await joinInVain(kinds, JOIN_MS) : null;
  say(`${kinds.desk} and ${kinds.laptop}: ${inWords(cell)}`);
  return { kinds, wanted, cell, refusal };
}

function inWords({ way, connectMs }: Cell): string {
  if (connectMs.length === 0) return way;
  return `${way}, ${Math.round(spreadOf(connectMs).p50)} ms`;
}

function violations({ kinds, wanted, cell, refusal }: TriedCell): readonly string[] {
  const name = `${kinds.desk} and ${kinds.laptop}`;
  const said: string[] = [];
  if (cell.way !== wanted) said.push(`${name}: the way is ${cell.way}, wanted ${wanted}`);
  if (refusal?.code === null) said.push(`${name}: join said nothing for ${JOIN_MS / 1000} s`);
  if (refusal?.code === 0) said.push(`${name}: join succeeded where the daemons found no way`);
  return said;
}

function rowOf({ kinds, wanted, cell, refusal }: TriedCell): Row {
  const { connectMs } = cell;
  return {
    desk: kinds.desk,
    laptop: kinds.laptop,
    needs: wayBetween(kinds),
    wanted,
    way: cell.way,
    connectP50Ms: connectMs.length > 0 ? Math.round(spreadOf(connectMs).p50) : null,
    connectMaxMs: connectMs.length > 0 ? Math.round(spreadOf(connectMs).max) : null,
    refusedAfterMs: refusal === null ? null : Math.round(refusal.afterMs),
    refusal: refusal === null ? null : refusal.words,
  };
}

function section(tried: readonly TriedCell[], broken: readonly string[]): ReportSection {
  return {
    title: 'NAT grid',
    text: `Two computers paired elsewhere, each behind a router of a kind: **open** without NAT; **easy** with one outside port for a flow wherever it leads (endpoint independent mapping), and a strict filter; **hard** with another port for each destination; **udp-blocked** easy, without UDP. Rendezvous, STUN and TURN (coturn) are in the internet between. The way is what packets went there; the time is from the second daemon's start to its link, p50 of ${TRIALS} starts, or of as many as were asked for.`,
    tables: [gridOf(tried), refusalsOf(tried)],
    rows: tried.map(rowOf),
    violations: broken,
  };
}

function gridOf(tried: readonly TriedCell[]): ReportSection['tables'][number] {
  const cellOf = (kinds: CellKinds): string => {
    const found = tried.find(
      ({ kinds: { desk, laptop } }) => desk === kinds.desk && laptop === kinds.laptop,
    );
    return found === undefined ? '–' : inWords(found.cell);
  };
  return {
    heads: ['called ↓, calling →', ...HOME_KINDS],
    rows: HOME_KINDS.map((desk) => [desk, ...HOME_KINDS.map((laptop) => cellOf({ desk, laptop }))]),
  };
}

/** Each message once, with the longest time somebody waited for it. */
function refusalsOf(tried: readonly TriedCell[]): ReportSection['tables'][number] {
  const byWords = new Map<string, number>();
  for (const { refusal } of tried) {
    if (refusal === null) continue;
    const words = refusal.code === null ? 'nothing' : refusal.words.replaceAll('\n', ' ');
    byWords.set(words, Math.max(byWords.get(words) ?? 0, refusal.afterMs));
  }
  return {
    caption: 'What `porthole join` says where there is no way, and after how long at most',
    heads: ['words', 'after'],
    rows: [...byWords].map(([words, ms]) => [words, `${(ms / 1000).toFixed(1)} s`]),
  };
}
