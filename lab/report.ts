/**
 * The page of the lab's results, docs/reliability.md: one marked block for each part.
 *
 * Invariant: what is outside a part's block stays as it is; a block that is not there yet is added
 * at the end, in the order the parts run.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'oxfmt';
import type { ReportSection, ReportTable } from './part.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = 'docs/reliability.md';
const END = '<!-- /generated -->';
const SKELETON = `# Reliability

What Porthole survives, and how well, measured by \`npm run lab\` (Linux, root, gcc) between real
processes in network namespaces. Each part says when, where, from which commit and with which seed it
was made; \`npm run lab -- PART\` makes it again. Only runs of the whole size write here; \`--quick\`
makes minutes of hours and judges no speed.

## The emulated line

Kernels without \`netem\` need a line of the project's own:
[lab/emulator/link.c](../lab/emulator/link.c) joins two namespaces by two TUN devices. In each
direction a packet first waits for the bottleneck (rate, and a queue of so many bytes that drops at
its tail), then may be lost or doubled, and then takes the delay. Jitter moves the delay up and down,
from one random value to the next every 20 ms, and keeps the order, as a busy radio does; reordering
is a condition of its own, by which a share of the packets is late by up to a given time. What becomes
of a direction's n-th packet depends on the seed and n alone, so the same seed loses the same packets
of the same traffic. A packet is late by up to 0.1 ms more than asked for, and 200 Mbit/s cost about
half a processor core. Conditions can change, and the line be cut and mended, while it runs. TCP uses
\`cubic\` by a property of its route: a namespace may not choose what its machine keeps from users.
`;

/** Markdown of what a part found. */
export function markdownOf({ title, text, tables, violations }: ReportSection): string {
  const verdict =
    violations.length === 0
      ? ['All of it was met.']
      : ['Not met:', violations.map((violation) => `- ${violation}`).join('\n')];
  return [`## ${title}`, text.trim(), ...tables.map(tableOf), ...verdict].join('\n\n');
}

/** Date, commit, machine and seed of a run that begins now, as a sentence. */
export function circumstances(seed: number): string {
  const processors = cpus();
  const machine = `${processors.length} × ${processors[0]?.model ?? 'unknown processor'}`;
  const day = new Date().toISOString().slice(0, 10);
  return `_${day}, commit ${commit()}, seed ${seed}, ${machine}, Linux ${release()}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)} before._`;
}

/** Puts a part's Markdown into the page, in place of what it found before. */
export async function writeSection(name: string, markdown: string): Promise<void> {
  const path = join(ROOT, PAGE);
  const page = existsSync(path) ? readFileSync(path, 'utf8') : SKELETON;
  const options = JSON.parse(readFileSync(join(ROOT, '.oxfmtrc.json'), 'utf8')) as {
    readonly printWidth: number;
    readonly singleQuote: boolean;
  };
  const { code, errors } = await format(PAGE, withBlock(page, name, markdown), options);
  if (errors.length > 0) throw new Error(`${PAGE}: ${errors[0]?.message}`);
  writeFileSync(path, code);
}

/** The page with `markdown` as the block of that name. */
export function withBlock(page: string, name: string, markdown: string): string {
  const start = `<!-- generated:lab:${name} -->`;
  const block = `${start}\n\n${markdown}\n\n${END}`;
  const from = page.indexOf(start);
  if (from < 0) return `${page.trimEnd()}\n\n${block}\n`;
  const to = page.indexOf(END, from);
  if (to < 0) throw new Error(`${PAGE}: the block ${name} has no end`);
  return page.slice(0, from) + block + page.slice(to + END.length);
}

function tableOf({ caption, heads, rows }: ReportTable): string {
  const lines = [heads, heads.map(() => '---'), ...rows].map(lineOf).join('\n');
  return caption === undefined ? lines : `${caption}\n\n${lines}`;
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
}

/** A `+` behind it says that files differ from it. */
function commit(): string {
  const isChanged = git('status', '--porcelain', '--', 'src', 'lab', 'test/support') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? '+' : ''}`;
}
