/**
 * How long pairing takes: from the line with the link on the standard input of `join` to its
 * `forward` event, both commands running, the numbers confirmed the moment they appear.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { command, end, eventOf } from './tunnel.ts';
import { Worker } from './worker.ts';

const LOAD = new URL('./load.ts', import.meta.url).pathname;

/** Until a command that was started waits for its input, with time to spare, ms. */
const STARTED_MS = 2000;

/** One pairing of two fresh devices, ms. */
async function pairOnce(target: number): Promise<number> {
  const share = command(['share', String(target), '--invite'], undefined);
  const join = command(['join'], undefined);
  const invited = eventOf<{ link: string }>(share, 'invite');
  const compared = [share, join].map(async (child) => {
    await eventOf(child, 'compare');
    child.stdin?.write('yes\n');
  });
  const forwarded = eventOf(join, 'forward');
  const { link } = await invited;
  await delay(STARTED_MS);
  const startedAt = performance.now();
  join.stdin?.write(`${link}\n`);
  await Promise.all([forwarded, ...compared]);
  const took = performance.now() - startedAt;
  await Promise.all([end(share), end(join)]);
  return took;
}

/** `times` pairings in turn, ms each. */
export async function measurePairings(times: number): Promise<number[]> {
  const server = new Worker(LOAD, {});
  const target = await server.ask<number>({ kind: 'serve', host: '127.0.0.1' });
  const samples: number[] = [];
  for (let turn = 0; turn < times; turn += 1) samples.push(await pairOnce(target));
  await server.stop();
  return samples;
}
