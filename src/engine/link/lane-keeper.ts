/**
 * Keeps as many lanes as the path needs: looks every second at what they moved, lost and took,
 * and has lanes added, replaced or given up one at a time. Only the deciding side has one.
 *
 * Invariant: at most one lane is being made; nothing changes on a path that carries next to nothing,
 * but that what was added goes after a minute.
 */
import {
  LANE_BUSY_BYTES,
  LANE_REVIEW_MS,
  LANE_RETRY_MS,
  LANE_SURPLUS_MS,
} from '../../shared/limits.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import type { Lane } from './lane.ts';
import { planLanes } from './lane-plan.ts';
import type { LanePlan, PathKind } from './lane-plan.ts';
import { LossEstimate } from './loss-estimate.ts';

export interface LaneKeeperOptions {
  readonly clock: Clock;
  /** Lanes that are sent on. */
  readonly lanes: () => readonly Lane[];
  /** Makes one more, beside the others or in their place; resolves when it has joined. */
  readonly make: (path: PathKind, purpose: 'growth' | 'change') => Promise<void>;
  /** Gives one up. */
  readonly drop: (lane: Lane) => void;
}

export class LaneKeeper {
  readonly #options: LaneKeeperOptions;
  readonly #losses = new LossEstimate();
  #path: PathKind = 'near';
  #sessions = 0;
  #making: 'no' | 'yes' = 'no';
  #failedAt = Number.NEGATIVE_INFINITY;
  #neededAt = Number.NEGATIVE_INFINITY;
  #count = 0;
  #cancel: CancelTimer = () => {};

  constructor(options: LaneKeeperOptions) {
    this.#options = options;
  }

  /** The link is up: looks from now on. */
  start(): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(LANE_REVIEW_MS, () => this.#review());
  }

  /** The link is not up. What was learned of the path stays. */
  stop(): void {
    this.#cancel();
  }

  /** The session is new, and so are its lanes. */
  forget(): void {
    this.#sessions += 1;
    this.#path = 'near';
    this.#losses.forget();
  }

  #review(): void {
    this.start();
    const lanes = this.#options.lanes();
    const moved = this.#losses.look(lanes);
    const plan = planLanes(
      {
        roundTripMs: roundTripOf(lanes),
        loss: this.#losses.loss ?? 0,
        inFlightBytes: Math.max(0, ...lanes.map(({ gate }) => gate.path.inFlightLimit)),
      },
      this.#path,
    );
    const now = this.#options.clock.now();
    const isBusy = moved >= LANE_BUSY_BYTES;
    const isNeeded = isBusy && plan.lanes >= lanes.length;
    if (isNeeded || lanes.length > this.#count) this.#neededAt = now;
    this.#count = lanes.length;
    // On one computer nothing is lost, and what takes long is the processor.
    const isLocal = lanes.some(({ carrier }) => carrier.reach === 'this-computer');
    if (this.#making === 'yes' || isLocal) return;
    if (isBusy && now - this.#failedAt >= LANE_RETRY_MS) this.#pursue(plan, lanes.length);
    else if (lanes.length > 1 && now - this.#neededAt >= LANE_SURPLUS_MS) this.#dropOne(lanes);
  }

  #pursue(plan: LanePlan, count: number): void {
    if (plan.path !== this.#path) void this.#make(plan.path, 'change', 1);
    else if (plan.lanes > count) void this.#make(plan.path, 'growth', plan.lanes - count);
  }

  async #make(path: PathKind, purpose: 'growth' | 'change', count: number): Promise<void> {
    this.#making = 'yes';
    const session = this.#sessions;
    try {
      for (let made = 0; made < count; made += 1) await this.#options.make(path, purpose);
      if (session === this.#sessions) this.#path = path;
    } catch {
      // The lanes there are go on; a path that lets no more through is asked again later.
      this.#failedAt = this.#options.clock.now();
    } finally {
      this.#making = 'no';
    }
  }

  #dropOne(lanes: readonly Lane[]): void {
    const last = lanes.at(-1);
    if (last !== undefined) this.#options.drop(last);
  }
}

function roundTripOf(lanes: readonly Lane[]): number {
  const known = lanes.map(({ roundTripMs }) => roundTripMs ?? 0).filter((ms) => ms > 0);
  return known.length === 0 ? 0 : Math.min(...known);
}
