/**
 * What the faults of a run excuse: a restart ends the sessions of its device; a session may be lost
 * when two devices could not talk for as long as it is held.
 *
 * Invariant: a session counts as rightly lost only when both the faults were long enough and the
 * engine said that it was holding for that long.
 */
import type { PeerState } from './sim-device.ts';
import type { Fault } from './sim-plan.ts';

/** After a fault it may take this long until the link is up again, ms: two calls that are lost, with their waits, and the call. */
const SETTLE_MS = 20_000;
/** A reset waits for RESET_LINGER_MS; less than half of it is not long, ms. */
const LONG_MS = 4000;
/** Rounding, ms. */
const SLACK_MS = 1;

type Pair = readonly [number, number];

export interface StateChange {
  /** The device that says so, and its peer. */
  readonly pair: Pair;
  readonly state: PeerState;
  /** The session it is in, or was in last. */
  readonly session: string | undefined;
  readonly at: number;
}

export class FaultLedger {
  readonly #holdMs: readonly number[];
  readonly #faults: Fault[] = [];
  /** For `device>peer`: since when it holds. */
  readonly #heldSince = new Map<string, number>();
  /** By session: why it could not go on. */
  readonly #excuses = new Map<string, string>();

  /** Sessions that were held for long. */
  readonly #longHeld = new Set<string>();

  constructor(holdMs: readonly number[]) {
    this.#holdMs = holdMs;
  }

  add(fault: Fault): void {
    this.#faults.push(fault);
  }

  /** A process of this session has died. */
  onCrash(session: string | undefined): void {
    if (session !== undefined) this.#excuses.set(session, 'a process restarted');
  }

  /** A device's process is gone, and all that it held. */
  forget(device: number): void {
    for (const name of this.#heldSince.keys()) {
      if (name.startsWith(`${device}>`)) this.#heldSince.delete(name);
    }
  }

  onState({ pair, state, session, at }: StateChange): void {
    const name = pair.join('>');
    const since = this.#heldSince.get(name);
    if (state === 'held') {
      if (since === undefined) this.#heldSince.set(name, at);
      return;
    }
    this.#heldSince.delete(name);
    if (since === undefined || session === undefined) return;
    if (at - since >= LONG_MS) this.#longHeld.add(session);
    const hold = this.#hold(pair);
    const wasHeld = at - since >= hold - SLACK_MS;
    const outages = this.#outages(pair);
    const wasApart = outages.some(
      ([from, to]) => from <= at && at <= to && at - from >= hold - SLACK_MS,
    );
    if (wasHeld && wasApart) this.#excuses.set(session, 'the session was held for its time');
  }

  excuseFor(session: string): string | undefined {
    return this.#excuses.get(session);
  }

  /** Whether nothing may have got through for so long that a reset did not wait for the bytes before it. */
  wasLongApart(pair: Pair, session: string | undefined): boolean {
    if (session !== undefined && this.#longHeld.has(session)) return true;
    return this.#faults.some((fault) => concerns(fault, pair) && fault.forMs >= LONG_MS);
  }

  #hold([one, other]: Pair): number {
    return Math.min(this.#holdMs[one] as number, this.#holdMs[other] as number);
  }

  /** When two devices may have been apart: faults that follow each other closely are one outage. */
  #outages(pair: Pair): [number, number][] {
    const merged: [number, number][] = [];
    const faults = this.#faults.filter((fault) => concerns(fault, pair));
    for (const { at, forMs } of faults.toSorted((one, other) => one.at - other.at)) {
      const last = merged.at(-1);
      const end = at + forMs + SETTLE_MS;
      if (last !== undefined && at <= last[1]) last[1] = Math.max(last[1], end);
      else merged.push([at, end]);
    }
    return merged;
  }
}

function concerns(fault: Fault, pair: Pair): boolean {
  switch (fault.kind) {
    case 'cut':
    case 'sever':
      return pair.includes(fault.from) && pair.includes(fault.to);
    case 'crash':
    case 'pause':
      return pair.includes(fault.device);
    case 'signaling':
      return true;
    case 'nudge':
      return fault.devices.some((device) => pair.includes(device));
    case 'clock-jump':
    case 'lane':
    case 'stranger':
      return false;
  }
}
