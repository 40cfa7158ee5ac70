/**
 * One fault while a connection carries bytes both ways, and what applications saw of it.
 *
 * Invariant: a trial judges nothing. Bytes are compared at both ends as they come, and counted
 * against what the other end wrote.
 */
import type { Fault } from './faults.ts';
import type { Scene } from './scene.ts';
import type { EndOfStream, EndsOfStream, Stream } from './stream-pair.ts';
import { lasting } from './time.ts';

/** Longest wait for anything to come through after a fault. */
const BACK_MS = 90_000;
/** Longest wait for an old connection to be over, where its peer is another process now. */
const OVER_MS = 120_000;

/**
 * What became of the connection that was open. `ended`: one end saw a clean end, which is a lie;
 * `stuck`: it carries nothing any more, and nobody is told.
 */
type Fate = 'kept' | 'reset' | 'ended' | 'stuck';

export interface Trial {
  readonly fate: Fate;
  /** From the end of the fault to the first byte written after it that came, both ways; else null. */
  readonly backMs: number | null;
  /** Bytes that were wrong, lost or doubled, in a sentence. */
  readonly wrong: string | null;
}

/** The open connection is to survive; when it does not, a new one is what is measured. */
export async function tryToKeep(scene: Scene, fault: Fault, faultMs: number): Promise<Trial> {
  const stream = await scene.streams.open(scene.forwardPort);
  await fault.start();
  await lasting(faultMs);
  const endedAt = await fault.end();
  const over = stream.over(OVER_MS);
  const back = await Promise.race([
    stream.fresh(endedAt, BACK_MS).catch(() => null),
    over.then(() => null).catch(() => null),
  ]);
  if (back !== null) return keptTrial(await stream.finish(OVER_MS), back - endedAt);
  return lostTrial(scene, stream, { endedAt, judges: ['service', 'client'] });
}

/** The end of a connection whose Porthole lives on, and so can tell the truth. */
export type Survivor = keyof EndsOfStream;

/** The open connection cannot survive: a new one is measured, and how the old one ended. */
export async function tryToReplace(
  scene: Scene,
  fault: Fault,
  { faultMs, survivor }: { readonly faultMs: number; readonly survivor: Survivor },
): Promise<Trial> {
  const stream = await scene.streams.open(scene.forwardPort);
  await fault.start();
  await lasting(faultMs);
  return lostTrial(scene, stream, { endedAt: await fault.end(), judges: [survivor] });
}

interface Loss {
  readonly endedAt: number;
  /** The ends that can know of it. */
  readonly judges: readonly Survivor[];
}

async function lostTrial(scene: Scene, stream: Stream, { endedAt, judges }: Loss): Promise<Trial> {
  const back = await scene.streams.through(scene.forwardPort, BACK_MS).catch(() => null);
  const ends = await stream.over(OVER_MS).catch(() => null);
  const clean = judges.some((side) => ends?.[side].ending === 'end');
  return {
    fate: ends === null ? 'stuck' : clean ? 'ended' : 'reset',
    backMs: back === null ? null : back - endedAt,
    wrong: ends === null ? null : (ends.service.wrong ?? ends.client.wrong),
  };
}

/** It was ended by its client, and at last: then both ends see an end. */
function keptTrial(ends: EndsOfStream, backMs: number): Trial {
  const endings = [ends.service.ending, ends.client.ending];
  const fate = endings.every((ending) => ending === 'end') ? 'kept' : 'reset';
  return { fate, backMs, wrong: wrongOf(ends) };
}

function wrongOf({ service, client }: EndsOfStream): string | null {
  return (
    service.wrong ??
    client.wrong ??
    missing('to the client', service, client) ??
    missing('to the service', client, service)
  );
}

function missing(way: string, from: EndOfStream, to: EndOfStream): string | null {
  if (from.written === to.received) return null;
  return `${way} ${from.written} bytes were written, ${to.received} came`;
}
