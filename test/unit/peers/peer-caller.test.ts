import { expect, test } from 'vitest';
import { PeerCaller } from '../../../src/engine/peers/peer-caller.ts';
import { CALL_BACKOFF_FIRST_MS, CALL_BACKOFF_MAX_MS } from '../../../src/shared/limits.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

class Scene {
  readonly clock = new VirtualClock();
  readonly signals: AbortSignal[] = [];
  readonly #ends: ((how: 'reached' | 'failed') => void)[] = [];
  readonly caller = new PeerCaller({
    clock: this.clock,
    random: () => 1,
    attempt: (signal) => {
      this.signals.push(signal);
      return new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        this.#ends.push((how) => (how === 'reached' ? resolve() : reject(new Error(how))));
      });
    },
  });

  get tries(): number {
    return this.signals.length;
  }

  async end(how: 'reached' | 'failed'): Promise<void> {
    this.#ends.at(-1)?.(how);
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
  await scene.end('reached');
  scene.clock.advance(10 * CALL_BACKOFF_MAX_MS);
  expect(scene.tries).toBe(3);
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
  expect(scene.signals[0]?.aborted).toBe(false);
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
  expect(scene.signals[0]?.aborted).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  scene.clock.advance(CALL_BACKOFF_MAX_MS);
  expect(scene.tries).toBe(1);
  expect(scene.clock.pendingTimers).toBe(0);
});
