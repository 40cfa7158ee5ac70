/** The feed of what happens, with a listener that is slow. */
import { describe, expect, test } from 'vitest';
import { activityFeed } from '../../../src/control/feeds.ts';
import type { CallTalk } from '../../../src/shared/calls/api.ts';
import type { Activity, LogEntry } from '../../../src/shared/contract.ts';
import { ACTIVITY_BATCH_MAX, LOG_ENTRIES_MAX, METRICS_MS } from '../../../src/shared/limits.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

class Log {
  readonly #listeners = new Set<(entry: LogEntry) => void>();
  readonly before: LogEntry[];

  constructor(before: number) {
    this.before = Array.from({ length: before }, (_none, index) => entry(`old ${index}`));
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  recent(): readonly LogEntry[] {
    return this.before;
  }

  subscribe(listener: (entry: LogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add(text: string): void {
    for (const listener of this.#listeners) listener(entry(text));
  }
}

function entry(text: string): LogEntry {
  return { at: '2026-11-21T00:00:00.000Z', level: 'info', text };
}

function nothing(): void {}

/** What a turn of the feed awaits are promises that are settled already. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** A listener that takes one batch each time `more` is called. */
function listen(log: Log) {
  const clock = new VirtualClock();
  const wish = new AbortController();
  const batches: Activity[] = [];
  let answer = nothing;
  const talk: CallTalk<'activity'> = {
    signal: wish.signal,
    emit: (batch) => batches.push(batch),
    nextInput: () =>
      new Promise((resolve, reject) => {
        answer = () => resolve('more');
        wish.signal.addEventListener('abort', () => reject(new Error('gone')), { once: true });
      }),
  };
  const over = activityFeed(talk, log, clock).catch((thrown: unknown) => String(thrown));
  return {
    batches,
    over,
    start: settle,
    pass: async (): Promise<void> => {
      await settle();
      clock.advance(METRICS_MS);
      await settle();
    },
    more: async (): Promise<void> => {
      answer();
      await settle();
    },
    leave: (): void => wish.abort(),
  };
}

describe('what happened', () => {
  test('comes oldest first, in batches, and what is new behind it', async () => {
    const log = new Log(ACTIVITY_BATCH_MAX + 50);
    const listener = listen(log);
    await listener.pass();
    expect(listener.batches[0]?.entries).toHaveLength(ACTIVITY_BATCH_MAX);
    await listener.more();
    await listener.pass();
    expect(listener.batches[1]?.entries.map(({ text }) => text)[0]).toBe('old 200');
    await listener.more();
    log.add('new');
    await listener.pass();
    expect(listener.batches[2]).toStrictEqual({ entries: [entry('new')], dropped: 0 });
    listener.leave();
    expect(await listener.over).toContain('gone');
    expect(log.listeners).toBe(0);
  });

  test('is dropped and counted where the listener is slow', async () => {
    const log = new Log(1);
    const listener = listen(log);
    await listener.pass();
    const surplus = 300;
    for (let count = 0; count < LOG_ENTRIES_MAX + surplus; count += 1) log.add(`line ${count}`);
    await listener.more();
    await listener.pass();
    const [, batch] = listener.batches;
    expect(batch?.dropped).toBe(surplus);
    expect(batch?.entries[0]?.text).toBe(`line ${surplus}`);
    expect(batch?.entries).toHaveLength(ACTIVITY_BATCH_MAX);
    listener.leave();
    await listener.over;
  });

  test('is waited for without a timer', async () => {
    const log = new Log(0);
    const listener = listen(log);
    await listener.pass();
    expect(listener.batches).toHaveLength(0);
    log.add('first');
    await listener.pass();
    expect(listener.batches[0]?.entries).toHaveLength(1);
    listener.leave();
    await listener.over;
  });
});
