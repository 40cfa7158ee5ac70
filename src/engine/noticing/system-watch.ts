/**
 * Notices what the operating system tells nobody: that this process was stopped or the computer
 * slept, and that its addresses are others now. A tick each second looks at two clocks and at the
 * interfaces.
 *
 * A computer that sleeps stops CLOCK_MONOTONIC on Linux, and with it the timers: the time of day
 * alone has gone on. A process that is stopped, and a computer elsewhere, finds its tick late. A time
 * of day that somebody set looks like sleep and is told as such: it costs one look at every link.
 *
 * Invariant: after `close()` nothing is told and no timer is left; a change of addresses is told at
 * once, and at most NETWORK_CHANGES_TOLD times and once more in each NETWORK_SETTLE_MS.
 */
import { networkInterfaces } from 'node:os';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import {
  NETWORK_CHANGES_TOLD,
  NETWORK_SETTLE_MS,
  SYSTEM_TICK_MS,
  WOKE_GAP_MS,
} from '../../shared/limits.ts';
import { isVirtual, type Interfaces } from '../signaling/endpoint.ts';

interface SystemEvents {
  /** For `gapMs`, as far as can be told, nothing ran here. What was to happen meanwhile did not. */
  onWoke(gapMs: number): void;
  /** An address came or went. Behind `onWoke` where both happened. */
  onNetworkChanged(): void;
}

export interface SystemWatchOptions {
  readonly clock: Clock;
  /** Time of day, ms since 1970. */
  readonly timeOfDay: () => number;
  readonly events: SystemEvents;
  /** @default os.networkInterfaces */
  readonly interfaces?: () => Interfaces;
}

/** Watches from the constructor on; see the module header. */
export class SystemWatch {
  readonly #options: SystemWatchOptions;
  #cancelTick: CancelTimer = () => {};
  #tickedAt: number;
  #timeOfDay: number;
  /** Of the last look. */
  #addresses: string;
  /** Of the last time a change was told. */
  #toldAddresses: string;
  #toldSince = Number.NEGATIVE_INFINITY;
  #told = 0;

  constructor(options: SystemWatchOptions) {
    this.#options = options;
    this.#tickedAt = options.clock.now();
    this.#timeOfDay = options.timeOfDay();
    this.#addresses = this.#look('');
    this.#toldAddresses = this.#addresses;
    this.#wait();
  }

  /** Whether any network but the loopback interface was up at the last look. */
  get isOnline(): boolean {
    return this.#addresses !== '';
  }

  close(): void {
    this.#cancelTick();
  }

  #wait(): void {
    this.#cancelTick = this.#options.clock.after(SYSTEM_TICK_MS, () => this.#tick());
  }

  #tick(): void {
    // First: what is told may close this watch.
    this.#wait();
    const { clock, timeOfDay, events } = this.#options;
    const passed = clock.now() - this.#tickedAt;
    const passedOutside = timeOfDay() - this.#timeOfDay;
    this.#tickedAt += passed;
    this.#timeOfDay += passedOutside;
    const isLate = passed - SYSTEM_TICK_MS > WOKE_GAP_MS;
    const hasDrifted = Math.abs(passedOutside - passed) > WOKE_GAP_MS;
    if (isLate || hasDrifted) events.onWoke(Math.max(passed, passedOutside) - SYSTEM_TICK_MS);
    this.#watchAddresses();
  }

  #watchAddresses(): void {
    const { clock, events } = this.#options;
    this.#addresses = this.#look(this.#addresses);
    if (this.#addresses === this.#toldAddresses) return;
    if (clock.now() - this.#toldSince >= NETWORK_SETTLE_MS) {
      this.#toldSince = clock.now();
      this.#told = 0;
    }
    if (this.#told === NETWORK_CHANGES_TOLD) return;
    this.#told += 1;
    this.#toldAddresses = this.#addresses;
    events.onNetworkChanged();
  }

  /** The addresses others may reach this computer at, as one text; `before` where the system says nothing. */
  #look(before: string): string {
    const { interfaces = networkInterfaces } = this.#options;
    try {
      return addressesIn(interfaces());
    } catch {
      return before;
    }
  }
}

/**
 * In one order, whatever the order of the system. Bridges of containers and link-local IPv6 addresses
 * (Apple's peer-to-peer Wi-Fi has nothing else) come and go and are no way anywhere.
 */
function addressesIn(interfaces: Interfaces): string {
  const found = Object.entries(interfaces)
    .filter(([name]) => !isVirtual(name))
    .flatMap(([name, infos = []]) => infos.map((info) => ({ name, ...info })))
    .filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address));
  return found
    .map(({ name, address }) => `${name} ${address}`)
    .toSorted()
    .join('\n');
}
