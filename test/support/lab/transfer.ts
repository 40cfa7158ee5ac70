/**
 * One large transfer through one connection, and faults while it is under way: each begins when
 * another part of the bytes has come.
 *
 * Invariant: a fault that begins is ended; the digest to compare with is the service's own.
 */
import { fileURLToPath } from 'node:url';
import type { Network } from '../networks.ts';
import type { Child } from '../processes.ts';
import { within } from '../tcp.ts';
import type { Fault } from './faults.ts';
import type { Place } from './places.ts';
import { startPairing } from './scene.ts';
import type { Pairing } from './scene.ts';
import type { TransferRole } from './transfer-ends.ts';
import { lasting } from './time.ts';

const SCRIPT = fileURLToPath(new URL('transfer-ends.ts', import.meta.url));

/** Nobody waits for a transfer longer than this. */
const OVER_MS = 7_200_000;

export interface TransferOptions {
  readonly bytes: number;
  readonly seed: number;
  /** One for each but the last part. */
  readonly faults: (pairing: Pairing) => readonly TimedFault[];
  /** Longest wait for the end behind the last fault. */
  readonly lastPartMs: number;
}

export interface TimedFault {
  readonly fault: Fault;
  readonly ms: number;
}

export interface Transfer {
  /** `end`, or how the connection broke. */
  readonly ending: string;
  readonly received: number;
  readonly digest: 'equal' | 'different';
  /** Faults that were over before the connection was. */
  readonly faults: number;
}

/** Pairs there and transfers; takes the place along. */
export async function transferAt(place: Place, options: TransferOptions): Promise<Transfer> {
  const { bytes, seed } = options;
  const service = startEnd(place.desk.network, { role: 'serve', bytes, seed });
  let pairing: Pairing | undefined;
  let fetching: Child | undefined;
  try {
    const { port, sha256 } = await service.event('listening');
    pairing = await startPairing(place, Number(port));
    const faults = options.faults(pairing);
    const parts = faults.length + 1;
    const what = { role: 'fetch', bytes, seed, port: pairing.forwardPort, parts } as const;
    fetching = startEnd(place.laptop.network, what);
    const ending = fetching.event('over', undefined, OVER_MS);
    const survived = await duringParts(fetching, faults, ending);
    const over = await within('the last part', ending, options.lastPartMs);
    return {
      ending: String(over['ending']),
      received: Number(over['received']),
      digest: over['sha256'] === sha256 ? 'equal' : 'different',
      faults: survived,
    };
  } finally {
    await Promise.all([fetching?.stop('SIGKILL'), service.stop('SIGKILL')]);
    await (pairing ?? place).stop();
  }
}

/** Resolves with how many faults were over before the connection was. */
async function duringParts(
  fetching: Child,
  faults: readonly TimedFault[],
  ending: Promise<unknown>,
): Promise<number> {
  for (const [index, { fault, ms }] of faults.entries()) {
    const part = fetching.event('part', undefined, OVER_MS);
    if ((await Promise.race([ending.then(() => 'over'), part.then(() => 'part')])) === 'over') {
      return index;
    }
    await fault.start();
    await lasting(ms);
    await fault.end();
  }
  return faults.length;
}

function startEnd(network: Network, role: TransferRole): Child {
  return network.script(`to ${role.role}`, SCRIPT, JSON.stringify(role));
}
