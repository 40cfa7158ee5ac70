/**
 * Ten thousand idle connections in four processes (two of Porthole, one at either end), and a
 * cable that is out long enough for the link to be lost.
 */
import { fileURLToPath } from 'node:url';
import { residentBytes } from '../../test/support/cli-pair.ts';
import { canMakeFaults } from '../../test/support/lab/capability.ts';
import { linkDown } from '../../test/support/lab/faults.ts';
import { Lan } from '../../test/support/lab/places.ts';
import { startPairing } from '../../test/support/lab/scene.ts';
import type { Pairing } from '../../test/support/lab/scene.ts';
import type { Network } from '../../test/support/networks.ts';
import type { Child } from '../../test/support/processes.ts';
import type { LabOptions, LabPart, ReportSection } from '../part.ts';
import type { CrowdRole } from './crowd-ends.ts';
import { lasting } from '../../test/support/lab/time.ts';

const SCRIPT = fileURLToPath(new URL('crowd-ends.ts', import.meta.url));

/** Issue 4; a process may have 20,000 descriptors, and each of the two has one for a connection. */
const SOCKETS = 10_000;
const QUICK_SOCKETS = 500;
/** Longer than an idle link goes unsuspected (12 s), shorter than the hold. */
const CUT_MS = 25_000;
const QUICK_CUT_MS = 2000;
const SOCKET_BYTES_MAX = 40 * 1024;
/** Memory is measured when what opening left behind has had time to go. */
const SETTLING_MS = 10_000;
/** Longest wait for all connections to be there, and for all of them to carry a byte. */
const ALL_MS = 240_000;

interface Crowd {
  readonly opened: number;
  readonly echoed: number;
  /** Growth of the whole process for each connection, bytes: with all open, or after the cut. */
  readonly deskBytes: number;
  readonly laptopBytes: number;
}

interface Run {
  readonly sockets: number;
  readonly cutMs: number;
}

export const crowdPart: LabPart = { name: 'survival-crowd', run: runCrowd };

async function runCrowd({ quick, say }: LabOptions): Promise<ReportSection> {
  const { can, note } = await canMakeFaults();
  const run = quick
    ? { sockets: QUICK_SOCKETS, cutMs: QUICK_CUT_MS }
    : { sockets: SOCKETS, cutMs: CUT_MS };
  if (!can) return section(run, undefined, [`not tried${note}`]);
  const crowd = await crowdAt(await Lan.start(), run, say);
  return section(run, crowd, violations(crowd, run, quick ? 'small' : 'whole'));
}

/** Takes the place along. */
async function crowdAt(place: Lan, run: Run, say: LabOptions['say']): Promise<Crowd> {
  const service = startEnd(place.desk.network, { role: 'serve' });
  let pairing: Pairing | undefined;
  let holder: Child | undefined;
  try {
    const { port } = await service.event('listening');
    pairing = await startPairing(place, Number(port));
    const before = residents(pairing);
    const what = {
      role: 'hold',
      port: pairing.forwardPort,
      count: run.sockets,
      ms: ALL_MS,
    } as const;
    holder = startEnd(place.laptop.network, what);
    const { living } = await holder.event('held', undefined, ALL_MS);
    say(`${String(living)} of ${run.sockets} connections are open`);
    await lasting(SETTLING_MS);
    const grown = residents(pairing);
    await cut(pairing, run.cutMs);
    say(`the cable was out for ${run.cutMs / 1000} s`);
    const echoed = await echoedBy(holder);
    say(`${echoed} of ${run.sockets} connections carried a byte`);
    const after = residents(pairing);
    return {
      opened: Number(living),
      echoed,
      deskBytes: (Math.max(grown.desk, after.desk) - before.desk) / run.sockets,
      laptopBytes: (Math.max(grown.laptop, after.laptop) - before.laptop) / run.sockets,
    };
  } finally {
    await Promise.all([holder?.stop('SIGKILL'), service.stop('SIGKILL')]);
    await (pairing ?? place).stop();
  }
}

async function echoedBy(holder: Child): Promise<number> {
  holder.writeLine('echo');
  // The holder itself gives up first.
  const { echoed } = await holder.event('echoed', undefined, 2 * ALL_MS);
  return Number(echoed);
}

async function cut({ place }: Pairing, ms: number): Promise<void> {
  const fault = linkDown(place.laptop);
  await fault.start();
  await lasting(ms);
  await fault.end();
}

function residents({ desk, laptop }: Pairing): { readonly desk: number; readonly laptop: number } {
  return {
    desk: residentBytes(desk.daemon.pid).now,
    laptop: residentBytes(laptop.daemon.pid).now,
  };
}

function startEnd(network: Network, role: CrowdRole): Child {
  return network.script(`to ${role.role}`, SCRIPT, JSON.stringify(role));
}

/** A small crowd says nothing of memory: what a process takes once counts too much. */
function violations(crowd: Crowd, { sockets }: Run, size: 'small' | 'whole'): readonly string[] {
  const said: string[] = [];
  if (crowd.opened !== sockets) said.push(`${crowd.opened} of ${sockets} connections were opened`);
  if (crowd.echoed !== sockets) said.push(`${crowd.echoed} of ${sockets} were there afterwards`);
  if (size === 'small') return said;
  for (const side of ['desk', 'laptop'] as const) {
    const bytes = crowd[`${side}Bytes`];
    if (bytes > SOCKET_BYTES_MAX) said.push(`${side}: ${inKibibytes(bytes)} for a connection`);
  }
  return said;
}

function inKibibytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}

function section(
  { sockets, cutMs }: Run,
  crowd: Crowd | undefined,
  broken: readonly string[],
): ReportSection {
  const row = {
    sockets,
    cutMs,
    opened: crowd?.opened ?? null,
    echoed: crowd?.echoed ?? null,
    sharingSideBytes: crowd ? Math.round(crowd.deskBytes) : null,
    usingSideBytes: crowd ? Math.round(crowd.laptopBytes) : null,
  };
  const memory = crowd ? [crowd.deskBytes, crowd.laptopBytes].map(inKibibytes) : ['–', '–'];
  return {
    title: 'Idle connections',
    text: `${sockets} connections that carried one byte each and then nothing; the cable is out for ${cutMs / 1000} s; then each carries another byte. Memory is the growth of a whole Porthole process (RSS) over the number of connections, ${SETTLING_MS / 1000} s after the last was opened or after the cut, whichever is more. Wanted: all of them, and at most ${SOCKET_BYTES_MAX / 1024} KiB.`,
    tables: [
      {
        heads: ['opened', 'there afterwards', 'sharing side', 'using side'],
        rows: [[String(row.opened), String(row.echoed), ...memory]],
      },
    ],
    rows: [row],
    violations: broken,
  };
}
