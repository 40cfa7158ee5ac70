/**
 * The faults of the lab, each at a stage (a place with two paired computers) where it can happen.
 *
 * Invariant: cases of one stage follow each other in one scene; each leaves it as it was.
 */
import {
  AddressChange,
  killed,
  linkDown,
  natForgets,
  rendezvousRestarts,
  stopped,
} from '../../test/support/lab/faults.ts';
import type { Fault } from '../../test/support/lab/faults.ts';
import { Homes, Lan } from '../../test/support/lab/places.ts';
import { startScene } from '../../test/support/lab/scene.ts';
import type { Scene } from '../../test/support/lab/scene.ts';
import type { Survivor } from '../../test/support/lab/trial.ts';

interface AnyCase {
  readonly name: string;
  readonly fault: Fault;
  readonly faultMs: number;
}

/** `fate`: what has to become of the connection that was open. */
export type FaultCase =
  | (AnyCase & { readonly fate: 'kept' })
  | (AnyCase & { readonly fate: 'reset'; readonly survivor: Survivor });

export interface RunningStage {
  readonly scene: Scene;
  readonly cases: readonly FaultCase[];
}

/** Faults that last are no longer than `faultMsMax`. */
export type Stage = (faultMsMax: number) => Promise<RunningStage>;

/** One cable. */
async function cableStage(faultMsMax: number): Promise<RunningStage> {
  const scene = await startScene(await Lan.start());
  const { place, desk, laptop } = scene;
  const addresses = { from: '198.51.100.2/24', to: '198.51.100.3/24' };
  const lengths = [1, 10, 45].filter((seconds) => seconds * 1000 <= faultMsMax);
  const stopMs = Math.min(30_000, faultMsMax);
  const cases: FaultCase[] = [
    ...lengths.map((seconds) => ({
      name: `link down ${seconds} s`,
      fault: linkDown(place.laptop),
      faultMs: seconds * 1000,
      fate: 'kept' as const,
    })),
    kept('another address', new AddressChange(place.laptop, addresses)),
    kept(`SIGSTOP ${stopMs / 1000} s, using side`, stopped(laptop), stopMs),
    kept(`SIGSTOP ${stopMs / 1000} s, sharing side`, stopped(desk), stopMs),
    reset('SIGKILL and start, sharing side', killed(desk), 'client'),
    reset('SIGKILL and start, using side', killed(laptop), 'service'),
  ];
  return { scene, cases };
}

/** Two homes whose NATs keep ports. */
async function homesStage(): Promise<RunningStage> {
  const scene = await startScene(await Homes.start({ desk: 'easy', laptop: 'easy' }));
  const cases = [
    kept('NAT forgets', natForgets(scene.place.laptop)),
    kept('rendezvous restarted', rendezvousRestarts(scene.place), 2000),
  ];
  return { scene, cases };
}

/** A NAT that takes a port at random for each flow: what it forgot comes from another one. */
async function hardStage(): Promise<RunningStage> {
  const scene = await startScene(await Homes.start({ desk: 'open', laptop: 'hard' }));
  return { scene, cases: [kept('NAT forgets, then another port', natForgets(scene.place.laptop))] };
}

export const STAGES: readonly Stage[] = [cableStage, homesStage, hardStage];

function kept(name: string, fault: Fault, faultMs = 0): FaultCase {
  return { name, fault, faultMs, fate: 'kept' };
}

function reset(name: string, fault: Fault, survivor: Survivor): FaultCase {
  return { name, fault, faultMs: 0, fate: 'reset', survivor };
}
