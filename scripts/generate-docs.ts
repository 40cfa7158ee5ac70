/**
 * Generates what the documentation repeats from the code: docs/limits.md, and the blocks between
 * `<!-- generated:NAME -->` and `<!-- /generated -->` in docs/architecture.md, docs/protocol.md and
 * docs/security.md.
 *
 *   npx tsx scripts/generate-docs.ts           writes them
 *   npx tsx scripts/generate-docs.ts --check   exits 1 if one of them is stale
 *
 * Invariant: the same code gives the same text, formatted as oxfmt formats it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'oxfmt';
import { LINK_STATES } from '../src/engine/link/link-states.ts';
import type { LinkEvent, LinkState } from '../src/engine/link/link-states.ts';
import { initialWindow } from '../src/engine/protocol/credit.ts';
import { SOCKET_PHASES } from '../src/engine/tunnel/socket-phases.ts';
import type { SocketEvent, SocketPhase } from '../src/engine/tunnel/socket-phases.ts';
import { ERRORS } from '../src/shared/errors.ts';
import * as limits from '../src/shared/limits.ts';
import { provingTests, THREATS } from './threats.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VECTORS = 'test/vectors';
const KIB = 1024;
const MIB = KIB * KIB;
/** What Node reads from a connection at once, bytes. */
const NODE_READ_BYTES = 65_536;
/** FIN and CLOSE may go beyond UNACKED_FRAMES_MAX (src/engine/protocol/reassembly.ts). */
const LAST_FRAMES = 2;
/** Reason and flags of a CLOSE, bytes (src/engine/protocol/frame.ts). */
const CLOSE_FIXED_BYTES = 3;

// ── Limits ──────────────────────────────────────────────────────────────────────────────────────

interface Limit {
  readonly section: string;
  readonly name: string;
  readonly value: number;
  readonly why: string;
}

function readLimits(): Limit[] {
  const source = readText('src/shared/limits.ts');
  const values: Readonly<Record<string, number>> = { ...limits };
  const found: Limit[] = [];
  let section = '';
  let why = '';
  const tokens =
    /^\/\/ ── (?<heading>.+?) ─+$|^\/\*\* (?<comment>[\s\S]*?) ?\*\/$|^export const (?<name>\w+) =/gm;
  for (const { groups = {} } of source.matchAll(tokens)) {
    const { heading, comment, name } = groups;
    if (heading !== undefined) section = heading;
    if (comment !== undefined) why = comment.replaceAll(/\s*\n \*\s*/g, ' ').trim();
    if (name !== undefined) found.push({ section, name, value: valueOf(values, name), why });
  }
  if (found.length !== Object.keys(values).length) throw new Error('limits.ts: a limit is missed');
  return found;
}

function valueOf(values: Readonly<Record<string, number>>, name: string): number {
  const value = values[name];
  if (value === undefined) throw new Error(`limits.ts: ${name} has no value`);
  return value;
}

function withUnit({ name, value }: Limit): string {
  if (name.endsWith('_MS')) return time(value);
  if (name.includes('BYTES')) return size(value);
  if (name.endsWith('_FRACTION')) return `1/${value}`;
  return count(value);
}

function time(ms: number): string {
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000} min`;
  return ms >= 1000 && ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}

function size(bytes: number): string {
  if (bytes >= MIB && bytes % MIB === 0) return `${count(bytes / MIB)} MiB`;
  return bytes >= KIB && bytes % KIB === 0 ? `${count(bytes / KIB)} KiB` : `${count(bytes)} B`;
}

/** A size for reading, not for computing. */
function roughly(bytes: number): string {
  if (bytes >= 1024 * MIB) return `${(bytes / MIB / 1024).toFixed(1)} GiB`;
  return bytes >= MIB ? `${(bytes / MIB).toFixed(1)} MiB` : `${Math.ceil(bytes / KIB)} KiB`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function limitsPage(): string {
  const all = readLimits();
  const code = sourceText();
  const row = (limit: Limit): string[] => {
    const isUsed = new RegExp(`\\b${limit.name}\\b`).test(code);
    return [
      `\`${limit.name}\``,
      withUnit(limit),
      isUsed ? limit.why : `${limit.why} **Not enforced yet.**`,
    ];
  };
  const sections = [...new Set(all.map(({ section }) => section))].map((section) => {
    const rows = all.filter((limit) => limit.section === section).map(row);
    return `## ${section}\n\n${table(['name', 'value', 'why'], rows)}`;
  });
  return [
    '# Limits',
    'Generated from `src/shared/limits.ts` by `npm run docs`; edit there. KiB and MiB are powers of 1,024.',
    ...sections,
    memorySection(),
  ].join('\n\n');
}

/** All of src/ but the limits themselves. */
function sourceText(): string {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && path !== 'shared/limits.ts')
    .map((path) => readText(`src/${path}`))
    .join('\n');
}

// ── Memory ──────────────────────────────────────────────────────────────────────────────────────

/** First windows of so many sockets: the i-th oldest had at least i - 1 others beside it when it was opened. */
function firstWindows(sockets: number): number {
  let sum = 0;
  for (let index = 1; index <= sockets; index += 1) sum += initialWindow(index);
  return sum;
}

/** Pending bytes below the mark, the read that crossed it, and one more that Node may have made. */
const READ_AHEAD_AT_MOST = limits.READ_AHEAD_BYTES + 2 * NODE_READ_BYTES;

/** CLOSE frames far ahead of their turn: they cost no credit. */
const UNCREDITED_AT_MOST =
  (limits.UNACKED_FRAMES_MAX + LAST_FRAMES) *
  (limits.FRAME_HEADER_BYTES + CLOSE_FIXED_BYTES + limits.CLOSE_TEXT_BYTES_MAX);

function memorySection(): string {
  return [
    '## Memory',
    'What a peer, or a stalled application, can make this process hold at most. Counted are the bytes of frames; see the end of the section for what is not counted.',
    '### One socket',
    socketMemory(),
    '### One link',
    linkMemory(),
    '### One peer',
    peerMemory(),
    '### Not counted',
    notCounted(),
  ].join('\n\n');
}

function socketMemory(): string {
  return table(
    ['what', 'at most', 'constants'],
    [
      [
        'from the peer: waiting for earlier frames, for the target, or in the write buffer of the local connection',
        `its window: ${size(limits.EARLY_CREDIT_BYTES)} to ${size(limits.INITIAL_WINDOW_BYTES)} at first, ${size(limits.WINDOW_BYTES_MAX)} when grown`,
        'clamp(`EARLY_CREDIT_BYTES`, `INITIAL_WINDOWS_TOTAL_BYTES` / sockets, `INITIAL_WINDOW_BYTES`), `WINDOW_BYTES_MAX`',
      ],
      [
        'from the peer: frames that cost no credit and wait for earlier ones',
        roughly(UNCREDITED_AT_MOST),
        `(\`UNACKED_FRAMES_MAX\` + ${LAST_FRAMES}) × (\`FRAME_HEADER_BYTES\` + ${CLOSE_FIXED_BYTES} + \`CLOSE_TEXT_BYTES_MAX\`)`,
      ],
      [
        'from the local application: read, and not sent yet',
        roughly(READ_AHEAD_AT_MOST),
        `\`READ_AHEAD_BYTES\` + two reads of Node, ${size(NODE_READ_BYTES)} each`,
      ],
    ],
  );
}

function linkMemory(): string {
  const control = limits.CONTROL_WAITING_MAX * limits.CONTROL_BYTES_MAX;
  const buffered =
    limits.GATE_HIGH_WATER_BYTES + limits.FRAME_HEADER_BYTES + limits.DATACHANNEL_DATA_BYTES;
  return table(
    ['what', 'at most', 'constants'],
    [
      [
        'frames that overtook READY',
        size(limits.BEFORE_READY_BYTES_MAX),
        '`BEFORE_READY_BYTES_MAX`',
      ],
      [
        'CONTROL messages that wait for an earlier one',
        size(control),
        '`CONTROL_WAITING_MAX` × `CONTROL_BYTES_MAX`',
      ],
      [
        'DATA in the carrier, above SCTP',
        roughly(buffered),
        '`GATE_HIGH_WATER_BYTES` + one DATA frame',
      ],
      [
        'frames kept until acknowledged',
        `what the windows let be on its way; the session ends at ${size(limits.KEPT_BYTES_MAX)}`,
        '`KEPT_BYTES_MAX`',
      ],
      [
        'in SCTP, both directions',
        size(2 * limits.LANES_MAX * limits.SCTP_NEAR_BUFFER_BYTES),
        '2 × `LANES_MAX` × `SCTP_NEAR_BUFFER_BYTES`; on far paths four times as much',
      ],
      [
        'ids a peer left out',
        `${count(limits.SKIPPED_IDS_MAX)} numbers in a set`,
        '`SKIPPED_IDS_MAX`',
      ],
    ],
  );
}

function peerMemory(): string {
  const numbers = [1, 128, 1024, 4096, limits.SOCKETS_PER_PEER_MAX];
  const rows = numbers.map((sockets) => {
    const grown = Math.min(
      limits.GROWN_WINDOWS_TOTAL_BYTES,
      sockets * (limits.WINDOW_BYTES_MAX - initialWindow(sockets)),
    );
    const first = firstWindows(sockets);
    const ahead = sockets * READ_AHEAD_AT_MOST;
    return [count(sockets), size(initialWindow(sockets)), roughly(first)].concat(
      roughly(grown),
      roughly(ahead),
      roughly(first + grown + ahead),
    );
  });
  return [
    'One link, and its sockets: Σ first windows + grown windows + read ahead. A first window is set when its socket is opened and stays, so with many sockets the sum is more than `INITIAL_WINDOWS_TOTAL_BYTES`. All readers and all of the network must stall at once for it to be reached; idle sockets hold nothing of this.',
    table(
      ['sockets', 'first window of the last', 'Σ first', '+ grown', '+ read ahead', 'together'],
      rows,
    ),
    `A hostile peer can add the ${roughly(UNCREDITED_AT_MOST)} of frames without credit for each socket. What waits for CONNECTs is part of the windows, and at most \`EARLY_TOTAL_BYTES_MAX\` (${size(limits.EARLY_TOTAL_BYTES_MAX)}) in all.`,
  ].join('\n\n');
}

function notCounted(): string {
  return [
    '- Objects. A frame that waits costs some hundred bytes beside its payload, so a peer that sends a byte a frame to a reader that stalls makes a window cost several hundred times its size. Nothing bounds that yet.',
    '- Frames that pass the gate (CREDIT, ARRIVED, CONTROL, HANDSHAKE, CONNECT, CLOSE). They are small, but a peer that keeps sending and takes nothing can make their answers pile up in the carrier.',
    '- The kernel’s TCP buffers, and connections that were accepted and wait because `SOCKETS_PER_PEER_MAX` is reached: their number is bounded by the file descriptors of the process only.',
  ].join('\n');
}

// ── Blocks ──────────────────────────────────────────────────────────────────────────────────────

function phaseTable(): string {
  const phases = Object.keys(SOCKET_PHASES) as SocketPhase[];
  const events = Object.keys(SOCKET_PHASES.early) as SocketEvent[];
  const rows = events.map((event) => [
    `\`${event}\``,
    ...phases.map((phase) => stepText(phase, event)),
  ]);
  return table(['event', ...phases], rows);
}

function stepText(phase: SocketPhase, event: SocketEvent): string {
  const { act, to } = SOCKET_PHASES[phase][event];
  return to === phase ? act : `${act} → **${to}**`;
}

function linkStateTable(): string {
  const states = Object.keys(LINK_STATES) as LinkState[];
  const events = Object.keys(LINK_STATES.idle) as LinkEvent[];
  const rows = events.map((event) => [
    `\`${event}\``,
    ...states.map((state) => {
      const { to, act } = LINK_STATES[state][event];
      const does = act === 'none' ? '' : act;
      return to === state ? does : `${does} → **${to}**`.trim();
    }),
  ]);
  return table(['event', ...states], rows);
}

function errorTable(): string {
  const rows = Object.entries(ERRORS).map(([code, { wire, retry, sentence }]) => {
    return [`\`${code}\``, String(wire), retry === 'retry' ? 'yes' : 'no', sentence];
  });
  return table(['code', 'wire', 'retry', 'sentence'], rows);
}

function vectors(): string {
  const names = readdirSync(join(ROOT, VECTORS)).filter((name) => name.endsWith('.json'));
  return names
    .toSorted()
    .map((name) => `\`${VECTORS}/${name}\`\n\n${fenced('json', readText(`${VECTORS}/${name}`))}`)
    .join('\n\n');
}

function sessionProto(): string {
  return fenced('proto', readText('src/engine/protocol/session.proto'));
}

function threatTable(): string {
  const tests = provingTests(ROOT);
  const rows = THREATS.map(({ row, attacker, defence }) => {
    const files = (tests.get(row) ?? []).map((path) => `\`${path}\``);
    return [String(row), attacker, defence, files.length > 0 ? files.join(', ') : '**none yet**'];
  });
  return table(['#', 'attacker', 'defence', 'proved by'], rows);
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trim()}\n\`\`\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map(tableLine).join('\n');
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Replaces the marked blocks of a page; each must be there once. */
function withBlocks(path: string, blocks: Readonly<Record<string, () => string>>): string {
  let text = readText(path);
  for (const [name, make] of Object.entries(blocks)) {
    const start = `<!-- generated:${name} -->`;
    const [before, rest, ...more] = text.split(start);
    const end = rest?.indexOf('<!-- /generated -->') ?? -1;
    if (rest === undefined || end < 0 || more.length > 0) {
      throw new Error(`${path}: no single block ${name}`);
    }
    text = `${before}${start}\n\n${make()}\n\n${rest.slice(end)}`;
  }
  return text;
}

// ── Pages ───────────────────────────────────────────────────────────────────────────────────────

const PAGES: Readonly<Record<string, () => string>> = {
  'docs/limits.md': limitsPage,
  'docs/architecture.md': () =>
    withBlocks('docs/architecture.md', {
      phases: phaseTable,
      'link-states': linkStateTable,
    }),
  'docs/protocol.md': () =>
    withBlocks('docs/protocol.md', {
      'session-proto': sessionProto,
      errors: errorTable,
      vectors,
    }),
  'docs/security.md': () => withBlocks('docs/security.md', { threats: threatTable }),
};

function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** What stands in the file now; nothing where there is none. */
function currentText(path: string): string {
  try {
    return readText(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw thrown;
  }
}

async function formatted(path: string, text: string): Promise<string> {
  const { ignorePatterns: _ignored, ...options } = JSON.parse(readText('.oxfmtrc.json')) as Record<
    string,
    unknown
  >;
  const { code, errors } = await format(path, text, options);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  return code;
}

async function main(isCheck: boolean): Promise<void> {
  const stale: string[] = [];
  for (const [path, make] of Object.entries(PAGES)) {
    const text = await formatted(path, make());
    if (text === currentText(path)) continue;
    stale.push(path);
    if (!isCheck) writeFileSync(join(ROOT, path), text);
  }
  if (!isCheck || stale.length === 0) return;
  process.stderr.write(`stale: ${stale.join(', ')}\nRun: npm run docs\n`);
  process.exitCode = 1;
}

await main(process.argv.includes('--check'));
