/** A net.Socket as a LocalConnection: what Node and libuv make of an end and a reset in one turn. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/engine/system-clock.ts';
import { TcpConnection } from '../../src/engine/tunnel/tcp-connection.ts';
import { listen, within } from '../support/tcp.ts';

async function openPair(): Promise<{ near: Socket; far: Socket; close: () => void }> {
  const server = createServer({ allowHalfOpen: true });
  const accepted = once(server, 'connection');
  const near = connect({ port: await listen(server), host: '127.0.0.1', allowHalfOpen: true });
  const [far] = (await accepted) as [Socket];
  return { near, far, close: () => server.close() };
}

describe('a reset right behind an end', () => {
  it('closes both sides', async () => {
    const { near, far, close } = await openPair();
    const closedNear = once(near, 'close');
    const closedFar = once(far, 'close');
    far.on('error', () => undefined).resume();
    const local = new TcpConnection(near, systemClock);
    let closes = 0;
    local.start({
      onData: () => undefined,
      onEnd: () => undefined,
      onReset: () => undefined,
      onWritten: () => undefined,
      onClosed: () => {
        closes += 1;
      },
    });
    local.end();
    // Now the FIN is being sent, which is when libuv refuses a reset.
    for (let tick = 0; tick < 2; tick += 1)
      await new Promise<void>((resolve) => process.nextTick(resolve));
    local.reset();
    await within('the near side to close', closedNear, 5000);
    far.end();
    await within('the far side to close', closedFar, 5000);
    expect(closes).toBe(1);
    close();
  });
});
