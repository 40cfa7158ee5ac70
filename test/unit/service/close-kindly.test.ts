/** How a look at a target ends, against real servers; the clock stands still unless it is turned. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closeKindly } from '../../../src/engine/service/close-kindly.ts';
import { HEALTH_PROBE_CLOSE_MS } from '../../../src/shared/limits.ts';
import { watchForLeaks } from '../../support/leaks.ts';
import { closed, connectTo, listen, within } from '../../support/tcp.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let expectNothingLeft: () => Promise<void>;
const opened: (Server | Socket)[] = [];

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(() => {
  for (const each of opened.splice(0))
    if ('destroy' in each) each.destroy();
    else each.close();
});
afterAll(async () => expectNothingLeft());

async function look(onVisitor: (visitor: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, (visitor) => {
    opened.push(visitor);
    onVisitor(visitor);
  });
  opened.push(server);
  const socket = await connectTo(await listen(server));
  const clock = new VirtualClock();
  closeKindly(socket, clock);
  return { socket, clock };
}

describe('the end of a look', () => {
  it('is a plain close for a server that speaks first: what it says is read', async () => {
    const ends: (string | undefined)[] = [];
    const { socket, clock } = await look((visitor) => {
      visitor.on('error', (error) => ends.push(error.message));
      visitor.on('data', () => ends.push('data'));
      visitor.on('end', () => {
        ends.push('end');
        visitor.end('goodbye');
      });
      visitor.write(Buffer.alloc(100_000));
    });
    await closed(socket);
    expect(ends).toEqual(['end']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('comes, for a server that never closes', async () => {
    const { socket, clock } = await look((visitor) => visitor.resume());
    await within('the end of the server', once(socket, 'finish'));
    expect(socket.destroyed).toBe(false);
    clock.advance(HEALTH_PROBE_CLOSE_MS);
    await closed(socket);
  });
});
