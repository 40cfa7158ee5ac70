/**
 * How many packets get lost on the way to a peer, measured by what its lanes have carried both ways.
 *
 * Invariant: nothing is said before enough was carried to say it; lanes may come and go.
 */
import { LANE_EVIDENCE_FRAMES } from '../../shared/limits.ts';
import type { Lane, LaneCounts } from './lane.ts';
import { lossOf } from './lane-plan.ts';

/** Weight of a new measure. */
const SMOOTHING = 0.3;
const NOTHING: LaneCounts = { bytes: 0, frames: 0, holes: 0 };

export class LossEstimate {
  readonly #seen = new WeakMap<Lane, LaneCounts>();
  #evidence: Pick<LaneCounts, 'frames' | 'holes'> = { frames: 0, holes: 0 };
  #loss: number | undefined;

  /** Part of the packets, 0 to 1; `undefined` while nothing was measured. */
  get loss(): number | undefined {
    return this.#loss;
  }

  /** The path is another one. */
  forget(): void {
    this.#loss = undefined;
  }

  /** Takes in what the lanes have carried since the last look; returns how much, bytes. */
  look(lanes: Iterable<Lane>): number {
    let bytes = 0;
    for (const lane of lanes) bytes += this.#lookAt(lane);
    this.#takeEvidence();
    return bytes;
  }

  #lookAt(lane: Lane): number {
    const counts = lane.counts;
    const before = this.#seen.get(lane) ?? NOTHING;
    this.#seen.set(lane, counts);
    this.#evidence = {
      frames: this.#evidence.frames + counts.frames - before.frames,
      holes: this.#evidence.holes + counts.holes - before.holes,
    };
    return counts.bytes - before.bytes;
  }

  #takeEvidence(): void {
    const { frames, holes } = this.#evidence;
    if (frames < LANE_EVIDENCE_FRAMES) return;
    this.#evidence = { frames: 0, holes: 0 };
    const before = this.#loss ?? 0;
    this.#loss = before + (lossOf(frames, holes) - before) * SMOOTHING;
  }
}
