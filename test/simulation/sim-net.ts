/**
 * The simulated network of two or three devices: which path is cut, who is stopped or dead, whether
 * signaling works, and the carriers there are.
 *
 * Invariant: it changes nothing by itself; every fault comes from the plan, every number from the
 * seed.
 */
import type { LanePurpose } from '../../src/engine/link/peer-link.ts';
import { portholeError, toPortholeError } from '../../src/shared/errors.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { DeviceClock } from './device-clock.ts';
import { SimChannel } from './sim-carrier.ts';
import type { PathShape, SimEnd, SimPath } from './sim-carrier.ts';

export interface SignalingShape {
  /** How long a call takes, ms. */
  readonly delayMs: readonly [least: number, largest: number];
  /** How long a call takes to fail, ms. */
  readonly failMs: readonly [least: number, largest: number];
  /** Share of calls that are lost; never more than two of a device in a row. */
  readonly loss: number;
}

export interface SimNetOptions {
  readonly virtual: VirtualClock;
  readonly random: () => number;
  readonly path: PathShape;
  readonly signaling: SignalingShape;
  readonly log: (text: string) => void;
}

/** A process that can be called. */
export interface Callable {
  readonly clock: DeviceClock;
  /** A carrier somebody called for; resolves when the peer on it is authenticated. */
  onCarrier(from: number, carrier: SimEnd, purpose: LanePurpose): Promise<void>;
}

/** One call of a process. */
export interface Call {
  readonly caller: Callable;
  readonly from: number;
  readonly to: number;
  readonly signal: AbortSignal;
  /** Lanes are agreed on over the link itself, whatever becomes of signaling. */
  readonly purpose: LanePurpose;
  /** The peer took the call; the carrier is on its way. */
  readonly onAnswered: () => void;
}

const LOST_CALLS_MAX = 2;

export class SimNet implements SimPath {
  readonly shape: PathShape;
  readonly channels: SimChannel[] = [];
  /** Promises settled since the last look: whoever turns the clock must let them go on. */
  settled = 0;
  readonly #options: SimNetOptions;
  /** `from>to`, with how many faults cut it. */
  readonly #cuts = new Map<string, number>();
  readonly #processes = new Map<number, Callable>();
  readonly #lostInRow = new Map<number, number>();
  #signalingFaults = 0;

  constructor(options: SimNetOptions) {
    this.#options = options;
    this.shape = options.path;
  }

  // ── Faults ──────────────────────────────────────────────────────────────────────────────────

  boot(device: number, process: Callable): void {
    this.#processes.set(device, process);
  }

  /** All its carriers vanish without a word. */
  crash(device: number): void {
    this.#processes.get(device)?.clock.kill();
    this.#processes.delete(device);
    for (const channel of this.channels) channel.vanish(device);
  }

  pause(device: number, how: 'stopped' | 'asleep'): void {
    this.#processes.get(device)?.clock.pause(how);
    this.#tellPaths();
  }

  goOn(device: number): void {
    this.#processes.get(device)?.clock.goOn();
    this.#tellPaths();
  }

  cut(from: number, to: number): void {
    this.#cuts.set(key(from, to), (this.#cuts.get(key(from, to)) ?? 0) + 1);
    this.#tellPaths();
  }

  heal(from: number, to: number): void {
    this.#cuts.set(key(from, to), Math.max(0, (this.#cuts.get(key(from, to)) ?? 0) - 1));
    this.#tellPaths();
  }

  breakSignaling(): void {
    this.#signalingFaults += 1;
  }

  mendSignaling(): void {
    this.#signalingFaults -= 1;
  }

  sever(one: number, other: number, which: 'both' | 0 | 1): void {
    for (const channel of this.#live()) {
      if (channel.joins(one) && channel.joins(other)) channel.sever(which);
    }
  }

  // ── Paths ───────────────────────────────────────────────────────────────────────────────────

  canPass(from: number, to: number): boolean {
    return (this.#cuts.get(key(from, to)) ?? 0) === 0 && this.#isAwake(from) && this.#isAwake(to);
  }

  // ── Signaling ───────────────────────────────────────────────────────────────────────────────

  /** Makes a carrier from one device to another; resolves when both ends have authenticated. */
  call(call: Call): Promise<void> {
    const { caller, from, to, signal, purpose, onAnswered } = call;
    const isLane = purpose !== 'call';
    return new Promise((resolve, reject) => {
      // A dead process hears no answer.
      const settle = (act: () => void): void => {
        signal.removeEventListener('abort', giveUp);
        caller.clock.deliver(() => {
          this.settled += 1;
          act();
        });
      };
      const fail = (reason: string): void =>
        settle(() => reject(portholeError('E_UNREACHABLE', { reason })));
      const isLost = !isLane && this.#losesCall(from);
      const [delayMs, failMs] = [this.#draw('delayMs'), this.#draw('failMs')];
      const give = isLost ? failMs : delayMs;
      const giveUp = (): void => fail('the call was given up');
      signal.addEventListener('abort', giveUp, { once: true });
      this.#options.virtual.after(give, () => {
        if (signal.aborted || caller.clock.life === 'dead') return;
        const callee = this.#processes.get(to);
        if (isLost) return fail('the call was lost');
        const isReached = isLane ? this.#isWhole(from, to) : this.#reaches(from, to);
        if (callee === undefined || !isReached) {
          this.#options.virtual.after(failMs, () => fail('nobody answered'));
          return;
        }
        caller.clock.deliver(onAnswered);
        this.#connect({ caller, callee, from, to, purpose }).then(
          () => settle(resolve),
          (thrown: unknown) => settle(() => reject(toPortholeError(thrown))),
        );
      });
    });
  }

  /** A carrier to `to` that no paired device made. */
  stranger(clock: DeviceClock, ends: { from: number; to: number }): SimChannel | undefined {
    const callee = this.#processes.get(ends.to);
    if (callee === undefined || callee.clock.life !== 'running') return undefined;
    const channel = this.#createChannel([clock, callee.clock], [ends.from, ends.to]);
    callee.onCarrier(ends.from, channel.ends[1], 'call').catch(() => undefined);
    return channel;
  }

  #connect(call: Omit<Call, 'signal' | 'onAnswered'> & { callee: Callable }): Promise<void> {
    const { caller, callee, from, to, purpose } = call;
    const channel = this.#createChannel([caller.clock, callee.clock], [from, to]);
    // What the other side wants is decided over there.
    const asked = purpose === 'call' ? 'call' : 'growth';
    // Both react when they can; a stopped one later.
    callee.clock.deliver(() => {
      callee.onCarrier(from, channel.ends[1], asked).catch(() => undefined);
    });
    return new Promise((resolve, reject) => {
      caller.clock.deliver(() => {
        caller.onCarrier(to, channel.ends[0], purpose).then(resolve, reject);
      });
    });
  }

  #createChannel(
    clocks: readonly [DeviceClock, DeviceClock],
    devices: readonly [number, number],
  ): SimChannel {
    const { virtual, random, log } = this.#options;
    const name = `${this.channels.length} (${devices[0]}>${devices[1]})`;
    log(`carrier ${name} made`);
    const channel = new SimChannel({ virtual, random, path: this, devices, clocks, log, name });
    this.channels.push(channel);
    return channel;
  }

  #losesCall(from: number): boolean {
    const lost = this.#lostInRow.get(from) ?? 0;
    const isLost = this.#options.random() < this.#options.signaling.loss && lost < LOST_CALLS_MAX;
    this.#lostInRow.set(from, isLost ? lost + 1 : 0);
    return isLost;
  }

  #reaches(from: number, to: number): boolean {
    return this.#signalingFaults === 0 && this.#isWhole(from, to);
  }

  #isWhole(from: number, to: number): boolean {
    return this.canPass(from, to) && this.canPass(to, from);
  }

  #draw(which: 'delayMs' | 'failMs'): number {
    const [least, largest] = this.#options.signaling[which];
    return least + this.#options.random() * (largest - least);
  }

  /** A dead process's path is fine: the machine answers, only nobody is there. */
  #isAwake(device: number): boolean {
    const life = this.#processes.get(device)?.clock.life;
    return life !== 'stopped' && life !== 'asleep';
  }

  #live(): SimChannel[] {
    return this.channels.filter((channel) => !channel.isGone);
  }

  #tellPaths(): void {
    for (const channel of this.#live()) channel.onPathChanged();
  }
}

function key(from: number, to: number): string {
  return `${from}>${to}`;
}
