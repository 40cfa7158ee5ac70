import { expect, test } from 'vitest';
import { type CallAttempt, PeerCaller } from '../../../src/engine/link/peer-caller.ts';
import {
  CALL_BACKOFF_FIRST_MS,
  CALL_BACKOFF_MAX_MS,
  CALL_BACKOFF_URGENT_MAX_MS,
  CALL_OVERLAP_MS,
  CALLS_AT_ONCE_MAX,
} from '../../../src/shared/limits.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

class Scene {
  readonly clock = new VirtualClock();
  readonly attempts: CallAttempt[] = [];
  readonly #ends: ((how: 'reached' | 'failed') => void)[] = [];
  urgency: 'patient' | 'urgent' = 'patient';
  failures = 0;
  readonly caller = new PeerCaller({
    clock: this.clock,
    random: () => 1,
    isUrgent: () => this.urgency === 'urgent',
    onFailed: () => (this.failures += 1),
    attempt: (attempt) => {
      this.attempts.push(attempt);
      const { signal } = attempt;
      return new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        this.#ends.push((how) => (how === 'reached' ? resolve() : reject(new Error(how))));
      });
    },
  });

  get tries(): number {
    return this.attempts.length;
  }

  get aborted(): boolean[] {
    return this.attempts.map(({ signal }) => signal.aborted);
  }

  /** Ends the last try, or that one. */
  async end(how: 'reached' | 'failed', at = -1): Promise<void> {
    this.#ends.at(at)?.(how);
    await this.settled();
  }

  async settled(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('tries again after each failure, later each time, until the peer is reached', async () => {
  const scene = new Scene();
  scene.caller.start(0);
  scene.clock.advance(0);
  expect(scene.tries).toBe(1);
  expect(scene.caller.isTrying).toBe(true);
  await scene.end('failed');
  scene.clock.advance(CALL_BACKOFF_FIRST_MS - 1);
  expect(scene.tries).toBe(1);
  scene.clock.advance(1);
  expect(scene.tries).toBe(2);
  await scene.end('failed');
  scene.clock.advance(2 * CALL_BACKOFF_FIRST_MS);
  expect(scene.tries).toBe(3);
  expect(scene.failures).toBe(2);
  await scene.end('reached');
  scene.clock.advance(10 * CALL_BACKOFF_MAX_MS);
  expect(scene.tries).toBe(3);
  expect(scene.failures).toBe(2);
  expect(scene.clock.pendingTimers).toBe(0);
});

test('a start while a try runs does not make a second one', async () => {
  const scene = new Scene();
  scene.caller.start(0);
  scene.clock.advance(0);
  scene.caller.start(0);
  scene.caller.startLater();
  scene.clock.advance(CALL_BACKOFF_MAX_MS);
  expect(scene.tries).toBe(1);
  await scene.end('reached');
});

test('a peer that came by itself lets the try end, and nothing follows', async () => {
  const scene = new Scene();
  scene.caller.start(0);
  scene.clock.advance(0);
  scene.caller.rest();
  expect(scene.aborted[0]).toBe(false);
  await scene.end('failed');
  scene.clock.advance(CALL_BACKOFF_MAX_MS);
  expect(scene.tries).toBe(1);
});

test('rest while waiting, then start: it goes on', () => {
  const scene = new Scene();
  scene.caller.start(1000);
  scene.caller.rest();
  scene.clock.advance(5000);
  expect(scene.tries).toBe(0);
  scene.caller.start(0);
  scene.clock.advance(0);
  expect(scene.tries).toBe(1);
});

test('stop aborts the try, and nothing follows', async () => {
  const scene = new Scene();
  scene.caller.start(0);
  scene.clock.advance(0);
  scene.caller.stop();
  expect(scene.aborted[0]).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  scene.clock.advance(CALL_BACKOFF_MAX_MS);
  expect(scene.tries).toBe(1);
  expect(scene.clock.pendingTimers).toBe(0);
});

test('a try that hangs is waited for while nobody waits for the link', async () => {
  const scene = new Scene();
  scene.caller.start(0);
  scene.clock.advance(10 * CALL_OVERLAP_MS);
  expect(scene.tries).toBe(1);
  await scene.end('reached');
});

test('while it is urgent a try that nobody answers gets company, and the oldest makes room', async () => {
  const scene = new Scene();
  scene.urgency = 'urgent';
  scene.caller.start(0);
  scene.clock.advance(0);
  for (let tries = 2; tries <= CALLS_AT_ONCE_MAX; tries++) {
    scene.clock.advance(CALL_OVERLAP_MS - 1);
    expect(scene.tries).toBe(tries - 1);
    scene.clock.advance(1);
    expect(scene.tries).toBe(tries);
  }
  expect(scene.aborted).not.toContain(true);
  scene.clock.advance(CALL_OVERLAP_MS);
  expect(scene.tries).toBe(CALLS_AT_ONCE_MAX + 1);
  expect(scene.aborted.filter(Boolean)).toHaveLength(1);
  expect(scene.aborted[0]).toBe(true);
  // The one that made room failed, but others run: nothing was lost yet.
  await scene.settled();
  expect(scene.failures).toBe(0);
  await scene.end('reached');
  expect(scene.aborted.filter(Boolean)).toHaveLength(CALLS_AT_ONCE_MAX);
  scene.clock.advance(CALL_BACKOFF_MAX_MS);
  expect([scene.tries, scene.failures]).toEqual([CALLS_AT_ONCE_MAX + 1, 0]);
  expect(scene.clock.pendingTimers).toBe(0);
});

test('a try that was answered gets no company', async () => {
  const scene = new Scene();
  scene.urgency = 'urgent';
  scene.caller.start(0);
  scene.clock.advance(0);
  scene.attempts[0]?.onAnswered();
  scene.clock.advance(10 * CALL_OVERLAP_MS);
  scene.caller.start(0);
  scene.clock.advance(10 * CALL_OVERLAP_MS);
  expect(scene.tries).toBe(1);
  await scene.end('failed');
  scene.clock.advance(CALL_BACKOFF_FIRST_MS);
  expect(scene.tries).toBe(2);
  await scene.end('reached');
});

test('a nudge while it is urgent begins a fresh try beside the one that hangs', async () => {
  const scene = new Scene();
  scene.urgency = 'urgent';
  scene.caller.start(0);
  scene.clock.advance(CALL_OVERLAP_MS / 2);
  scene.caller.start(0);
  scene.clock.advance(0);
  expect(scene.tries).toBe(2);
  await scene.end('failed', 0);
  expect(scene.failures).toBe(0);
  await scene.end('failed', 1);
  expect(scene.failures).toBe(1);
  scene.caller.stop();
});

test('while it is urgent the waits between tries stay short', async () => {
  const scene = new Scene();
  scene.urgency = 'urgent';
  scene.caller.start(0);
  scene.clock.advance(0);
  for (let round = 0; round < 10; round++) await failAndWait(scene, CALL_BACKOFF_URGENT_MAX_MS);
  expect(scene.tries).toBe(11);
  scene.urgency = 'patient';
  for (let round = 0; round < 10; round++) await failAndWait(scene, CALL_BACKOFF_MAX_MS);
  scene.caller.reset();
  await failAndWait(scene, CALL_BACKOFF_FIRST_MS);
  expect(scene.tries).toBe(22);
  scene.caller.stop();
});

async function failAndWait(scene: Scene, ms: number): Promise<void> {
  await scene.end('failed');
  scene.clock.advance(ms);
}
