/**
 * What one seed does: the network, the faults, the applications. All of it is drawn beforehand, so
 * that a change of the engine does not change the plan of a seed.
 *
 * Invariant: the plan is a function of the seed alone; its last fault is over at `healedAt`.
 */
import { seededRandom } from '../../src/shared/random.ts';
import type { ReaderPace } from '../support/fake-local.ts';
import type { PathShape } from './sim-carrier.ts';
import type { SignalingShape } from './sim-net.ts';

/** Virtual times are ms from the start. */
export type Fault =
  /** Nothing gets through, both ways or one way. */
  | {
      readonly kind: 'cut';
      readonly at: number;
      readonly forMs: number;
      readonly from: number;
      readonly to: number;
      readonly ways: 'both' | 'one';
    }
  /** The carriers between two devices break; one end may hear of it much later. */
  | {
      readonly kind: 'sever';
      readonly at: number;
      readonly forMs: 0;
      readonly from: number;
      readonly to: number;
      readonly which: 'both' | 0 | 1;
    }
  | {
      readonly kind: 'crash';
      readonly at: number;
      readonly forMs: number;
      readonly device: number;
    }
  | {
      readonly kind: 'pause';
      readonly at: number;
      readonly forMs: number;
      readonly device: number;
      readonly how: 'stopped' | 'asleep';
    }
  | { readonly kind: 'signaling'; readonly at: number; readonly forMs: number }
  | {
      readonly kind: 'nudge';
      readonly at: number;
      readonly forMs: 0;
      readonly devices: readonly number[];
    }
  | {
      readonly kind: 'clock-jump';
      readonly at: number;
      readonly forMs: 0;
      readonly device: number;
      readonly byMs: number;
    }
  /** Of a link that is up: one more carrier, to be used beside the others or in their place. */
  | {
      readonly kind: 'lane';
      readonly at: number;
      readonly forMs: 0;
      /** The one that decides. */
      readonly from: number;
      readonly to: number;
      readonly purpose: 'growth' | 'change';
    }
  /** Somebody who is not paired calls and speaks out of turn. */
  | {
      readonly kind: 'stranger';
      readonly at: number;
      readonly forMs: 0;
      readonly device: number;
      readonly as: number;
    };

type Ending = 'finish' | 'abort' | 'finish-then-abort';

export interface ActPlan {
  readonly pieces: readonly { readonly at: number; readonly length: number }[];
  readonly ending: Ending;
  readonly endsAt: number;
  /** Between FIN and RST of `finish-then-abort`, ms. */
  readonly abortsAfterMs: number;
  readonly reader: ReaderPace;
  /** When the reader reads all there is, at the latest. */
  readonly readsAt: number;
}

export interface ConversationPlan {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly fate: 'connects' | 'refused' | 'not-allowed';
  readonly dialMs: number;
  readonly opener: ActPlan;
  readonly target: ActPlan;
}

export interface Plan {
  readonly seed: number;
  readonly devices: 2 | 3;
  readonly holdMs: readonly number[];
  readonly path: PathShape;
  readonly signaling: SignalingShape;
  readonly duplicates: number;
  readonly faults: readonly Fault[];
  readonly conversations: readonly ConversationPlan[];
  readonly healedAt: number;
  /** Whether somebody tells the engine that the network is back. */
  readonly nudgesWhenHealed: boolean;
}

/** How long an outage lasts, ms, by theme. */
const OUTAGES = {
  blips: [50, 3000],
  short: [500, 12_000],
  long: [8000, 40_000],
} as const;

/** What an application's part is fitted into. */
interface Script {
  readonly at: number;
  readonly faults: readonly Fault[];
  readonly span: number;
  readonly healedAt: number;
}

type Theme = 'quiet' | 'blips' | 'short' | 'long' | 'restarts' | 'sleep' | 'mixed';

const THEMES: readonly (readonly [Theme, number])[] = [
  ['quiet', 0.03],
  ['blips', 0.25],
  ['short', 0.27],
  ['long', 0.12],
  ['restarts', 0.13],
  ['sleep', 0.08],
  ['mixed', 0.12],
];

export function drawPlan(seed: number): Plan {
  return new Planner(seed).draw();
}

class Planner {
  readonly #seed: number;
  readonly #random: () => number;
  readonly #devices: 2 | 3;
  readonly #theme: Theme;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.#devices = this.#chance(0.15) ? 3 : 2;
    this.#theme = this.#weighted(THEMES);
  }

  draw(): Plan {
    const span = this.#between(4000, 20_000);
    const faults = this.#faults(span);
    const scriptEnd = Math.max(span, ...faults.map(({ at, forMs }) => at + forMs));
    const count = this.#chance(0.05) ? 30 : 3 + this.#below(12);
    const healedAt = scriptEnd + 500;
    const conversations = Array.from({ length: count }, () =>
      this.#conversation(faults, { span, healedAt }),
    );
    return {
      seed: this.#seed,
      devices: this.#devices,
      holdMs: this.#holds(),
      path: this.#path(),
      signaling: this.#signaling(),
      duplicates: this.#chance(0.5) ? this.#random() * 0.3 : 0,
      faults,
      conversations,
      healedAt,
      nudgesWhenHealed: this.#chance(0.5),
    };
  }

  // ── The network ─────────────────────────────────────────────────────────────────────────────

  #path(): PathShape {
    const least = this.#random() * 30;
    const spread = this.#chance(0.7) ? this.#random() * 80 : 0;
    return {
      delayMs: [least, least + spread],
      bytesPerSecond: this.#chance(0.5) ? this.#between(500_000, 20_000_000) : undefined,
    };
  }

  #signaling(): SignalingShape {
    const least = this.#between(10, 150);
    return {
      delayMs: [least, least + this.#between(0, this.#chance(0.25) ? 2000 : 400)],
      failMs: [200, this.#between(300, 2500)],
      loss: this.#chance(0.5) ? this.#random() * 0.5 : 0,
    };
  }

  #holds(): number[] {
    const usual = this.#chance(0.7) ? 60_000 : 1000 * this.#below(25);
    return Array.from({ length: this.#devices }, () =>
      this.#chance(0.9) ? usual : 1000 * this.#below(90),
    );
  }

  // ── Faults ──────────────────────────────────────────────────────────────────────────────────

  #faults(span: number): Fault[] {
    if (this.#theme === 'quiet') return [];
    const count = 1 + this.#below(this.#theme === 'long' ? 2 : 5);
    const faults = Array.from({ length: count }, () => this.#fault(this.#between(600, span)));
    const extras: Fault[] = [];
    for (const fault of faults) {
      const { at } = fault;
      // Faults come in groups: the network changes, and somebody says so, or calls back at once.
      const later = at + this.#random() * 1500;
      if (fault.kind === 'sever' && this.#chance(0.4)) extras.push(this.#glare(fault));
      if (this.#chance(0.3)) extras.push(this.#nudge(later));
      if (this.#chance(0.15)) extras.push(this.#sever(later));
      if (this.#chance(0.15)) extras.push(this.#lane(at - 100 + this.#random() * 1000));
    }
    return [...faults, ...extras].toSorted((one, other) => one.at - other.at);
  }

  #fault(at: number): Fault {
    const draw = this.#random();
    if (draw < 0.04) return this.#stranger(at);
    if (draw < 0.08) return this.#clockJump(at);
    if (draw < 0.16) return this.#lane(at);
    switch (this.#theme) {
      case 'quiet':
      case 'blips':
        return this.#linkFault(at, OUTAGES.blips);
      case 'short':
        return this.#linkFault(at, OUTAGES.short);
      case 'long':
        return this.#linkFault(at, OUTAGES.long);
      case 'restarts':
        return this.#chance(0.6) ? this.#crash(at) : this.#linkFault(at, OUTAGES.short);
      case 'sleep':
        return this.#chance(0.6) ? this.#pause(at) : this.#linkFault(at, OUTAGES.blips);
      case 'mixed':
        return this.#mixed(at);
    }
  }

  #mixed(at: number): Fault {
    const draw = this.#random();
    if (draw < 0.15) return this.#crash(at);
    if (draw < 0.35) return this.#pause(at);
    return this.#linkFault(at, this.#chance(0.8) ? OUTAGES.short : OUTAGES.long);
  }

  #linkFault(at: number, range: readonly [number, number]): Fault {
    const draw = this.#random();
    if (draw < 0.3) return this.#sever(at);
    if (draw < 0.4) return { kind: 'signaling', at, forMs: this.#between(...range) };
    if (draw < 0.5) return this.#nudge(at);
    const [from, to] = this.#pair();
    const ways = this.#chance(0.6) ? 'both' : 'one';
    return { kind: 'cut', at, forMs: this.#between(...range), from, to, ways };
  }

  #sever(at: number): Fault {
    const [from, to] = this.#pair();
    const draw = this.#random();
    const which = draw < 0.6 ? 'both' : draw < 0.8 ? 0 : 1;
    return { kind: 'sever', at, forMs: 0, from, to, which };
  }

  #crash(at: number): Fault {
    const forMs = this.#between(50, this.#chance(0.7) ? 3000 : 25_000);
    return { kind: 'crash', at, forMs, device: this.#below(this.#devices) };
  }

  #pause(at: number): Fault {
    const forMs = this.#between(500, this.#chance(0.6) ? 10_000 : 35_000);
    const how = this.#chance(0.5) ? 'stopped' : 'asleep';
    return { kind: 'pause', at, forMs, device: this.#below(this.#devices), how };
  }

  /** Of both at once: each calls the other. */
  #nudge(at: number): Fault {
    const devices = this.#chance(0.5) ? this.#pair() : [this.#below(this.#devices)];
    return { kind: 'nudge', at, forMs: 0, devices };
  }

  #lane(at: number): Fault {
    const [one, other] = this.#pair();
    const purpose = this.#chance(0.5) ? 'growth' : 'change';
    return {
      kind: 'lane',
      at,
      forMs: 0,
      from: Math.min(one, other),
      to: Math.max(one, other),
      purpose,
    };
  }

  /** Both are told at once that something has changed, and both call. */
  #glare({ at, from, to }: Extract<Fault, { kind: 'sever' }>): Fault {
    return { kind: 'nudge', at: at + this.#random() * 400, forMs: 0, devices: [from, to] };
  }

  #clockJump(at: number): Fault {
    const byMs = this.#chance(0.5) ? 3_600_000 : -3_600_000;
    return { kind: 'clock-jump', at, forMs: 0, device: this.#below(this.#devices), byMs };
  }

  #stranger(at: number): Fault {
    const [device, as] = this.#pair();
    return { kind: 'stranger', at, forMs: 0, device, as };
  }

  // ── Applications ────────────────────────────────────────────────────────────────────────────

  #conversation(
    faults: readonly Fault[],
    script: { span: number; healedAt: number },
  ): ConversationPlan {
    const at = this.#moment(faults, script.span, 300);
    const [from, to] = this.#pair();
    const draw = this.#random();
    return {
      at,
      from,
      to,
      fate: draw < 0.9 ? 'connects' : draw < 0.95 ? 'refused' : 'not-allowed',
      dialMs: this.#chance(0.9) ? this.#random() * 60 : this.#random() * 3000,
      opener: this.#act({ at, faults, ...script }),
      target: this.#act({ at, faults, ...script }),
    };
  }

  #act(when: Script): ActPlan {
    const { at, faults, span, healedAt } = when;
    const endsAt = Math.max(at, this.#actEnd(when));
    const draw = this.#random();
    const ending = draw < 0.74 ? 'finish' : draw < 0.92 ? 'abort' : 'finish-then-abort';
    return {
      pieces: this.#pieces(at, endsAt),
      ending,
      endsAt,
      abortsAfterMs: this.#random() * (this.#chance(0.5) ? 100 : 4000),
      reader: this.#reader(),
      readsAt: Math.min(healedAt + 4000, this.#moment(faults, span, at) + 2000),
    };
  }

  #actEnd({ at, faults, span, healedAt }: Script): number {
    const draw = this.#random();
    if (draw < 0.25) return at + this.#random() * 400;
    if (draw < 0.65) return this.#moment(faults, span, at);
    return healedAt + this.#random() * 3000;
  }

  #pieces(from: number, to: number): { at: number; length: number }[] {
    const draw = this.#random();
    if (draw < 0.03) return this.#spread(400, from, from + 60, 1);
    if (draw < 0.06) return this.#spread(50, from, from + 20, 40_000);
    if (draw < 0.2) return this.#spread(this.#below(40), from, from + 20, 20_000);
    if (draw < 0.4) return this.#spread(1 + this.#below(3), from, to, 2000);
    return this.#spread(this.#below(40), from, to, this.#chance(0.5) ? 400 : 9000);
  }

  #spread(count: number, from: number, to: number, lengthMax: number) {
    return Array.from({ length: count }, (_, piece) => ({
      at: from + ((to - from) * piece) / count,
      length: 1 + this.#below(lengthMax),
    }));
  }

  #reader(): ReaderPace {
    const draw = this.#random();
    if (draw < 0.75) return 'at-once';
    return draw < 0.93 ? { bytesPerMs: 10 + this.#random() * 200 } : 'never';
  }

  /** Things happen where it hurts: around a fault, its end, or what follows it. */
  #moment(faults: readonly Fault[], span: number, notBefore: number): number {
    const fault = faults[this.#below(faults.length)];
    const draw = this.#random();
    if (fault === undefined || draw < 0.3) return notBefore + this.#random() * span;
    const around = draw < 0.6 ? fault.at : fault.at + fault.forMs * this.#random();
    const shift = this.#random() * (this.#chance(0.6) ? 250 : 5000) - 120;
    return Math.max(notBefore, around + shift);
  }

  // ── Numbers ─────────────────────────────────────────────────────────────────────────────────

  #pair(): [number, number] {
    const one = this.#below(this.#devices);
    const other = (one + 1 + this.#below(this.#devices - 1)) % this.#devices;
    return [one, other];
  }

  #weighted<T>(table: readonly (readonly [T, number])[]): T {
    let draw = this.#random();
    for (const [value, share] of table) {
      draw -= share;
      if (draw < 0) return value;
    }
    return (table.at(-1) as readonly [T, number])[0];
  }

  #between(least: number, largest: number): number {
    return least + this.#random() * (largest - least);
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }
}
