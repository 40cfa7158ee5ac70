/**
 * The clock of one process in the simulation, over the one virtual clock of all: it can be stopped
 * (SIGSTOP: time goes on without it), put to sleep (its monotonic clock stands still, as Linux's
 * does) and killed.
 *
 * Invariant: nothing of a process runs while it is stopped, asleep or dead. What came due meanwhile
 * runs in a burst when it goes on, timers first, then what came from outside; of a dead one never.
 */
import type { CancelTimer, Clock } from '../../src/shared/clock.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';

type Life = 'running' | 'stopped' | 'asleep' | 'dead';

/** Any day will do. */
const WALL_AT_START_MS = Date.UTC(2025, 0, 1);

interface ProcessTimer {
  readonly at: number;
  readonly callback: () => void;
  cancel: CancelTimer;
}

export class DeviceClock implements Clock {
  readonly #virtual: VirtualClock;
  /** In the order they were set, which breaks ties. */
  readonly #timers = new Set<ProcessTimer>();
  #life: Life = 'running';
  #wallOffMs = 0;
  #asleepMs = 0;
  #pausedAt = 0;
  #soon: (() => void)[] = [];
  #mail: (() => void)[] = [];

  constructor(virtual: VirtualClock) {
    this.#virtual = virtual;
  }

  get life(): Life {
    return this.#life;
  }

  /** Timers that are neither run nor cancelled. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** The time of day, ms since 1970, as this computer believes it. */
  wallNow(): number {
    return WALL_AT_START_MS + this.#virtual.now() + this.#wallOffMs;
  }

  /** Somebody sets the time of day. */
  jumpWall(byMs: number): void {
    this.#wallOffMs += byMs;
  }

  now(): number {
    const at = this.#life === 'asleep' ? this.#pausedAt : this.#virtual.now();
    return at - this.#asleepMs;
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    if (this.#life === 'dead') return () => undefined;
    const timer: ProcessTimer = {
      at: this.now() + Math.max(0, delayMs),
      callback,
      cancel: () => undefined,
    };
    this.#timers.add(timer);
    if (this.#life === 'running') this.#arm(timer);
    return () => {
      this.#timers.delete(timer);
      timer.cancel();
    };
  }

  soon(callback: () => void): void {
    if (this.#life === 'running') this.#virtual.soon(() => this.#runSoon(callback));
    else if (this.#life !== 'dead') this.#soon.push(callback);
  }

  /** Something from outside (a message, an answer, an application) that this process reacts to. */
  deliver(callback: () => void): void {
    if (this.#life === 'running') callback();
    else if (this.#life !== 'dead') this.#mail.push(callback);
  }

  pause(how: 'stopped' | 'asleep'): void {
    if (this.#life !== 'running') return;
    this.#life = how;
    this.#pausedAt = this.#virtual.now();
    for (const timer of this.#timers) timer.cancel();
  }

  goOn(): void {
    if (this.#life !== 'stopped' && this.#life !== 'asleep') return;
    if (this.#life === 'asleep') this.#asleepMs += this.#virtual.now() - this.#pausedAt;
    this.#life = 'running';
    for (const timer of this.#byDueTime()) this.#arm(timer);
    const soon = this.#soon;
    this.#soon = [];
    for (const callback of soon) this.soon(callback);
    const mail = this.#mail;
    this.#mail = [];
    for (const callback of mail) this.after(0, callback);
  }

  kill(): void {
    this.#life = 'dead';
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#soon = [];
    this.#mail = [];
  }

  #arm(timer: ProcessTimer): void {
    timer.cancel = this.#virtual.after(timer.at - this.now(), () => {
      this.#timers.delete(timer);
      timer.callback();
    });
  }

  #byDueTime(): ProcessTimer[] {
    return [...this.#timers].toSorted((one, other) => one.at - other.at);
  }

  #runSoon(callback: () => void): void {
    if (this.#life === 'running') callback();
    else if (this.#life !== 'dead') this.#soon.push(callback);
  }
}
