/**
 * Calls that never end by themselves: what there is, how much flows, what happens.
 *
 * Invariant: the next event is made only when the listener has asked for more, so a slow one gets
 * less, and what it has not taken yet is bounded.
 */
import type { CallTalk } from '../shared/calls/api.ts';
import type { Clock } from '../shared/clock.ts';
import type {
  Activity,
  CallEvent,
  CallName,
  EngineEvent,
  LogEntry,
  StatusView,
} from '../shared/contract.ts';
import { toError } from '../shared/errors.ts';
import {
  ACTIVITY_BATCH_MAX,
  LOG_ENTRIES_MAX,
  METRICS_MS,
  WATCH_LEAST_MS,
  WATCH_TICK_MS,
} from '../shared/limits.ts';

/** Tells everybody who listens. */
export interface EventHub {
  /** Returns how to stop listening. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
}

interface ToldLog {
  recent(): readonly LogEntry[];
  subscribe(listener: (entry: LogEntry) => void): () => void;
}

/**
 * What a feed waits for: a time, that something happens, or its end. One for each feed, and nothing of
 * a wait is left on the signal that lives as long as the feed.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #state: 'quiet' | 'rung' = 'quiet';
  #wake: () => void = () => {};

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Something has happened: ends the wait that goes on, or the next one, at once. */
  ring(): void {
    this.#state = 'rung';
    this.#wake();
  }

  /** Until it rings, after `ms` at the latest. */
  async wait(ms = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#state === 'quiet') await this.#pause(ms);
    this.#state = 'quiet';
  }

  /** For `ms`, whatever rings meanwhile. */
  async pass(ms: number): Promise<void> {
    const end = this.#clock.now() + ms;
    while (!this.#signal.aborted && this.#clock.now() < end) {
      await this.#pause(end - this.#clock.now());
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#signal.aborted) return resolve();
      const cancel = Number.isFinite(ms) ? this.#clock.after(ms, () => this.#wake()) : () => {};
      this.#wake = () => {
        this.#wake = () => {};
        cancel();
        resolve();
      };
    });
  }
}

/** Emits what `next` brings, each time the listener has asked for more; rejects when it has gone. */
export async function feed<Name extends CallName>(
  talk: CallTalk<Name>,
  next: () => Promise<CallEvent<Name>>,
): Promise<never> {
  for (;;) {
    const event = await next();
    if (talk.signal.aborted) throw toError(talk.signal.reason);
    talk.emit(event);
    await talk.nextInput();
  }
}

export interface Watched {
  readonly look: () => StatusView;
  /** Tells when it may be another one. */
  readonly changes: EventHub;
  readonly clock: Clock;
}

/** The state, whenever it is another one; at once when something has happened. */
export async function watchFeed(
  talk: CallTalk<'watch'>,
  { look, changes, clock }: Watched,
): Promise<never> {
  let told = '';
  const alarm = new Alarm(clock, talk.signal);
  const stop = changes.subscribe(() => alarm.ring());
  const next = async (): Promise<StatusView> => {
    if (told !== '') await alarm.pass(WATCH_LEAST_MS);
    for (;;) {
      const status = look();
      const text = JSON.stringify(status);
      if (text !== told || talk.signal.aborted) {
        told = text;
        return status;
      }
      await alarm.wait(WATCH_TICK_MS);
    }
  };
  return await feed(talk, next).finally(stop);
}

/** A sample of the counters every METRICS_MS. */
export async function metricsFeed(
  talk: CallTalk<'metrics'>,
  sample: () => CallEvent<'metrics'>,
  clock: Clock,
): Promise<never> {
  const alarm = new Alarm(clock, talk.signal);
  let isFirst = true;
  return await feed(talk, async () => {
    if (!isFirst) await alarm.pass(METRICS_MS);
    isFirst = false;
    return sample();
  });
}

/** What happened lately, then what happens, in batches. */
export async function activityFeed(
  talk: CallTalk<'activity'>,
  log: ToldLog,
  clock: Clock,
): Promise<never> {
  const waiting: LogEntry[] = [...log.recent()];
  const alarm = new Alarm(clock, talk.signal);
  let dropped = 0;
  const stop = log.subscribe((entry) => {
    waiting.push(entry);
    if (waiting.length > LOG_ENTRIES_MAX) {
      waiting.shift();
      dropped += 1;
    }
    alarm.ring();
  });
  const next = async (): Promise<Activity> => {
    while (waiting.length === 0 && !talk.signal.aborted) await alarm.wait();
    // What comes in one burst goes in one batch.
    if (waiting.length < ACTIVITY_BATCH_MAX) await alarm.pass(METRICS_MS);
    const batch: Activity = { entries: waiting.splice(0, ACTIVITY_BATCH_MAX), dropped };
    dropped = 0;
    return batch;
  };
  return await feed(talk, next).finally(stop);
}
