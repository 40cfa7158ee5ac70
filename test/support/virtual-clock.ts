/**
 * A clock turned by hand: time passes only in `advance()`, `runUntil()` and `runUntilIdle()`.
 *
 * Invariant: the order is a function of the calls alone. Timers run by time, then by age; what was
 * asked for `soon` runs behind all timers that are due, and before the next instant.
 */
import type { CancelTimer, Clock } from '../../src/shared/clock.ts';

interface Timer {
  readonly at: number;
  readonly age: number;
  callback: (() => void) | undefined;
}

/** Turns without time passing after which a run counts as a loop that never ends. */
const TURNS_MAX = 1_000_000;

export class VirtualClock implements Clock {
  #now = 0;
  #age = 0;
  #live = 0;
  #soon: (() => void)[] = [];
  /** A binary heap; cancelled timers stay in it, empty, until their time. */
  readonly #heap: Timer[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    const timer: Timer = { at: this.#now + Math.max(0, delayMs), age: this.#age++, callback };
    this.#live += 1;
    this.#insert(timer);
    return () => {
      if (timer.callback === undefined) return;
      timer.callback = undefined;
      this.#live -= 1;
    };
  }

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  /** Timers that are neither run nor cancelled. */
  get pendingTimers(): number {
    return this.#live;
  }

  /** Lets `ms` pass, running what falls due. */
  advance(ms: number): void {
    const end = this.#now + ms;
    this.#runDue();
    for (let next = this.#nextAt(); next !== undefined && next <= end; next = this.#nextAt()) {
      this.#now = next;
      this.#runDue();
    }
    this.#now = end;
  }

  /**
   * Runs what is due; then lets time pass to the next timer, when that is due by `end`, else to
   * `end`. For runs that must let promises go on between two instants.
   */
  step(end: number): 'more' | 'done' {
    this.#runDue();
    const next = this.#nextAt();
    const isMore = next !== undefined && next <= end;
    this.#now = isMore ? next : Math.max(end, this.#now);
    if (isMore) this.#runDue();
    return isMore ? 'more' : 'done';
  }

  /** Lets time jump without anything running meanwhile, as for a process that was stopped. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Runs until `done()` holds. Throws when it does not within `withinMs`. */
  runUntil(done: () => boolean, withinMs = 600_000): void {
    const end = this.#now + withinMs;
    this.#runDue();
    while (!done()) {
      const next = this.#nextAt();
      if (next === undefined || next > end) throw new Error(`not within ${withinMs} virtual ms`);
      this.#now = next;
      this.#runDue();
    }
  }

  /** Runs until no timer is left. Throws when there still are some after `withinMs`. */
  runUntilIdle(withinMs = 600_000): void {
    this.runUntil(() => this.#live === 0 && this.#soon.length === 0, withinMs);
  }

  #runDue(): void {
    for (let turns = 0; turns < TURNS_MAX; turns++) {
      this.#runTimers();
      if (this.#soon.length === 0) return;
      const batch = this.#soon;
      this.#soon = [];
      for (const callback of batch) callback();
    }
    throw new Error('the virtual clock stands still: something goes round in circles');
  }

  #runTimers(): void {
    for (let top = this.#top(); top !== undefined && top.at <= this.#now; top = this.#top()) {
      this.#removeTop();
      const { callback } = top;
      top.callback = undefined;
      this.#live -= 1;
      callback?.();
    }
  }

  #nextAt(): number | undefined {
    return this.#top()?.at;
  }

  #top(): Timer | undefined {
    while (this.#heap.length > 0 && this.#heap[0]?.callback === undefined) this.#removeTop();
    return this.#heap[0];
  }

  #insert(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent] as Timer, timer)) break;
      heap[at] = heap[parent] as Timer;
      at = parent;
    }
    heap[at] = timer;
  }

  #removeTop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Timer;
    const size = heap.length;
    if (size === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
      if (isBefore(last, heap[child] as Timer)) break;
      heap[at] = heap[child] as Timer;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.age < b.age);
}
