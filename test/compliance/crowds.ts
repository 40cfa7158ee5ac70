/** Many connections: at once, and one after the other. */
import { describe, expect, test } from 'vitest';
import { echo } from '../support/servers.ts';
import { closed, connectTo, readBytes, readToEnd } from '../support/tcp.ts';
import type { TunnelUnderTest } from './tunnel-under-test.ts';

/** One request and its answer, different for each `index`. */
async function ask(tunnel: TunnelUnderTest, index: number): Promise<() => Promise<void>> {
  const client = tunnel.adopt(await connectTo(tunnel.port));
  const question = tunnel.up.slice(index * 1009, 1 + ((index * 37) % 8000));
  client.write(question);
  const answer = await readBytes(client, question.length);
  if (!answer.equals(question)) throw new Error(`connection ${index} got another's bytes`);
  return async () => {
    client.end();
    const ending = await readToEnd(client, (chunk) => {
      throw new Error(`connection ${index} got ${chunk.length} bytes too many`);
    });
    if (ending !== 'end') throw new Error(`connection ${index} ended with ${ending}`);
    await closed(client);
  };
}

export function describeCrowds(tunnel: () => TunnelUnderTest): void {
  describe('crowds', () => {
    test('many connections at once', async () => {
      const count = tunnel().capabilities.atOnce;
      tunnel().server.handle(echo);
      const ends = await Promise.all(
        Array.from({ length: count }, async (_, index) => ask(tunnel(), index)),
      );
      expect(tunnel().server.openCount).toBe(count);
      await Promise.all(ends.map(async (end) => end()));
      await tunnel().server.untilIdle();
      await tunnel().expectNothingHeld();
    }, 120_000);

    test('many connections one after the other', async () => {
      const before = tunnel().server.acceptedCount;
      const count = tunnel().capabilities.oneAfterTheOther;
      tunnel().server.handle(echo);
      for (let index = 0; index < count; index++) {
        const end = await ask(tunnel(), index);
        await end();
      }
      expect(tunnel().server.acceptedCount - before).toBe(count);
      await tunnel().server.untilIdle();
      await tunnel().expectNothingHeld();
    }, 300_000);

    test('connections given up while they open hurt no other', async () => {
      const before = tunnel().server.acceptedCount;
      tunnel().server.handle(echo);
      for (let index = 0; index < 200; index++) {
        const hasty = await tunnel().connect();
        if (index % 2 === 0) hasty.write('never answered');
        hasty.resetAndDestroy();
        await closed(hasty);
      }
      const end = await ask(tunnel(), 7);
      await end();
      await tunnel().expectNothingHeld();
      expect(tunnel().server.acceptedCount).toBeGreaterThan(before);
    }, 60_000);
  });
}
