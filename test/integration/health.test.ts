/** A service that stops and starts, as its own computer and its peer see it: real listeners, real time. */
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Computer, joinComputers } from '../support/computers.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { closed, connectTo, dial, listen, readToEnd, within } from '../support/tcp.ts';

let expectNothingLeft: () => Promise<void>;
const computers: Computer[] = [];
let server: Server | undefined;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(async () => {
  await Promise.all(computers.splice(0).map(async (made) => made.close()));
  server?.close();
  server = undefined;
});
afterAll(async () => expectNothingLeft());

/** What each connection to the service was: how many bytes came, and how it ended. */
interface Visit {
  bytes: number;
  ending: Promise<string>;
}

async function startService(visits: Visit[], port = 0): Promise<number> {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.write('hello, who is there?');
    const visit: Visit = {
      bytes: 0,
      ending: readToEnd(socket, (chunk) => (visit.bytes += chunk.length)).finally(() =>
        socket.end(),
      ),
    };
    visits.push(visit);
  });
  if (port === 0) return listen(server);
  server.listen({ port, host: '127.0.0.1' });
  await within('listening again', once(server, 'listening'));
  return (server.address() as AddressInfo).port;
}

async function stopService(): Promise<void> {
  const stopping = server as Server;
  stopping.close();
  await within('the service stopping', once(stopping, 'close'));
}

function computer(id: string, probes: 'on' | 'off'): Computer {
  const made = new Computer(id, { probes });
  computers.push(made);
  return made;
}

describe('a service', () => {
  it('stops and starts: both computers know, and connections work as soon as it is back', async () => {
    const visits: Visit[] = [];
    const service = await startService(visits);
    const [desk, laptop] = [computer('desk', 'on'), computer('laptop', 'off')];
    const share = desk.share(service);
    await joinComputers(desk, laptop);
    const port = await laptop.port();
    await desk.until('the first look', () => desk.health.length === 1);
    expect(desk.book.healthOf(share.id)).toBe('up');
    // A look is a connection without a byte that ends as any client's does.
    const [first] = visits as [Visit];
    expect(await first.ending).toBe('end');
    expect(first.bytes).toBe(0);

    await stopService();
    // Somebody tries: from then on it is looked at every second.
    expect(await readToEnd(dial(port), () => undefined)).toBe('ECONNRESET');
    await desk.until('it is down', () => desk.health.length === 2);
    expect(desk.book.healthOf(share.id)).toBe('down');
    await laptop.until('the peer knows', () => laptop.forwards.states()[0]?.down === true);

    await startService(visits, service);
    // Nothing is refused because of what was known.
    const back = await connectTo(port);
    let greeting = '';
    back.end();
    await readToEnd(back, (chunk) => (greeting += String(chunk)));
    expect(greeting).toBe('hello, who is there?');
    await closed(back);
    await desk.until('it is up', () => desk.health.length === 3);
    expect(desk.health).toEqual(['up', 'down', 'up']);
    await laptop.until('the peer knows', () => laptop.forwards.states()[0]?.down === false);
  });

  it('that is not there yet is down, and up by itself once it is', async () => {
    const visits: Visit[] = [];
    const service = await startService(visits);
    await stopService();
    const desk = computer('desk', 'on');
    desk.share(service);
    await desk.until('it is down', () => desk.health.length === 1);
    await startService(visits, service);
    await desk.until('it is up', () => desk.health.length === 2);
    expect(desk.health).toEqual(['down', 'up']);
    for (const { bytes, ending } of visits) expect([bytes, await ending]).toEqual([0, 'end']);
  });
});
