/**
 * Rows 12 and 20 of the threat table, for signaling: web pages and floods at the door of an embedded
 * and of a stand-alone server, which is the same door.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';

import { roomPath } from '../../src/engine/signaling/endpoint.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import type { Clock } from '../../src/shared/clock.ts';
import {
  RENDEZVOUS_GUESTS_MAX,
  RENDEZVOUS_GUESTS_PER_SECOND_MAX,
  SIGNALING_CONNECTIONS_MAX,
  SIGNALING_CONNECTIONS_PER_ADDRESS_MAX,
  SIGNALING_FIRST_MESSAGE_MS,
  SIGNALING_TCP_PER_CONNECTION,
} from '../../src/shared/limits.ts';
import { watchForLeaks } from '../support/leaks.ts';
import {
  closeAll,
  closeLater,
  closeOf,
  HandClock,
  Joiner,
  openStranger,
  remoteSharer,
  type Sharer,
  startRendezvous,
  startSharer,
  statusFor,
} from '../support/pairing-computers.ts';
import { envelope, until } from '../support/rendezvous-strangers.ts';
import { within } from '../support/tcp.ts';

let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});

afterEach(closeAll);

afterAll(async () => {
  await expectNothingLeft();
});

/** As many connections as an embedded server takes, and one more for the host. */
const limits = {
  connections: SIGNALING_CONNECTIONS_MAX,
  connectionsPerAddress: SIGNALING_CONNECTIONS_PER_ADDRESS_MAX,
  rooms: 4,
};

const doors: Record<string, (clock?: Clock) => Promise<Sharer>> = {
  'an embedded server': async (clock = systemClock) => startSharer({ clock }),
  'a stand-alone server': async (clock = systemClock) => {
    const { port } = await startRendezvous({ clock });
    return remoteSharer(port, { clock });
  },
};

describe.each(Object.entries(doors))('row 12: %s', (_name, start) => {
  test('row 12: a browser is refused, whatever it knows', async () => {
    const sharer = await start();
    const room = roomPath(sharer.room.keys.room);
    for (const origin of ['http://localhost:3000', 'https://example.com', 'null', 'file://']) {
      for (const path of [room, `/host${room}`, '/', '/health']) {
        expect(await statusFor(sharer, { origin, path })).toBe(403);
      }
    }
    expect(await statusFor(sharer)).toBe(101);
  });

  test('row 12: an empty Origin is one too', async () => {
    const sharer = await start();
    const asked = request({
      host: '127.0.0.1',
      port: sharer.server.port,
      path: roomPath(sharer.room.keys.room),
      headers: {
        Origin: '',
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      },
    }).end();
    const [response] = await once(asked, 'response');
    expect(response.resume().statusCode).toBe(403);
    await once(response, 'end');
  });

  test('row 12: slow headers are cut off, and others get in meanwhile', async () => {
    const sharer = await start();
    const at = { port: sharer.server.port, host: '127.0.0.1', localAddress: '127.0.0.2' };
    const slow = connect(at).on('error', () => {});
    slow.resume().write('GET / HTTP/1.1\r\nHost: x\r\n');
    // One more header whenever the clock of a patient attacker says so.
    const drip = setInterval(() => slow.write('X-A: b\r\n'), 500);
    closeLater(() => clearInterval(drip));
    const cut = new Promise((resolve) => slow.once('close', resolve));
    await new Joiner().claim(sharer.invite);
    expect((await sharer.answers.next()).answer).toBe('answer to offer 1');
    await within('the slow one being cut off', cut, 3 * SIGNALING_FIRST_MESSAGE_MS);
  });

  test('row 12: the 33rd connection', async () => {
    const clock = new HandClock();
    const sharer = await start(clock);
    expect(RENDEZVOUS_GUESTS_MAX).toBe(SIGNALING_CONNECTIONS_MAX);
    for (let index = 0; index < RENDEZVOUS_GUESTS_MAX; index++) {
      if (index % RENDEZVOUS_GUESTS_PER_SECOND_MAX === 0) clock.turn(1000);
      expect(await statusFor(sharer, { from: `127.0.0.${10 + (index >> 2)}` })).toBe(101);
    }
    clock.turn(1000);
    expect(await statusFor(sharer)).toBe(503);
  });

  test('row 12: the fifth from one address', async () => {
    const sharer = await start();
    for (let index = 0; index < SIGNALING_CONNECTIONS_PER_ADDRESS_MAX; index++) {
      expect(await statusFor(sharer)).toBe(101);
    }
    expect(await statusFor(sharer)).toBe(429);
    expect(await statusFor(sharer, { from: '127.0.0.2' })).toBe(101);
  });

  test('row 12: a first message that is late', async () => {
    const clock = new HandClock();
    const sharer = await start(clock);
    const stranger = openStranger(sharer);
    await once(stranger, 'open');
    const closed = closeOf(stranger);
    clock.turn(SIGNALING_FIRST_MESSAGE_MS);
    expect(await closed).toBe(1006);
  });

  test.each<[string, (socket: WebSocket) => void]>([
    ['text', (socket) => socket.send('hello')],
    ['nothing', (socket) => socket.send(Buffer.alloc(0))],
    ['bytes', (socket) => socket.send(Buffer.alloc(60, 7))],
    ['what looks like an envelope', (socket) => socket.send(envelope(9))],
  ])('row 12: a first message of %s', async (_what, send) => {
    const sharer = await start();
    const stranger = openStranger(sharer);
    await once(stranger, 'open');
    const closed = closeOf(stranger);
    send(stranger);
    expect([1000, 1006]).toContain(await closed);
    expect(sharer.offers).toBe(0);
    await new Joiner().claim(sharer.invite);
    expect((await sharer.answers.next()).answer).toBe('answer to offer 1');
  });
});

const crowded: Record<string, () => Promise<Sharer>> = {
  'an embedded server': async () => startSharer(),
  'a stand-alone server': async () => remoteSharer((await startRendezvous({ limits })).port),
};

/** Opens connections that never get further than half a header; returns those still open. */
function openHalf(port: number, count: number): Set<Socket> {
  const open = new Set<Socket>();
  for (let index = 0; index < count; index++) {
    const localAddress = `127.0.1.${1 + (index % 100)}`;
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => {}).resume();
    socket.on('connect', () => socket.write('GET / HTTP/1.1\r\nHost:'));
    socket.on('close', () => open.delete(socket));
    closeLater(() => void socket.destroy());
    open.add(socket);
  }
  return open;
}

describe.each(Object.entries(crowded))('row 20: %s', (_name, start) => {
  test('row 20: a flood of half-opened connections is bounded, and passes', async () => {
    const sharer = await start();
    const earlier = openHalf(sharer.server.port, 1);
    const open = openHalf(sharer.server.port, 600);
    const most = SIGNALING_CONNECTIONS_MAX * SIGNALING_TCP_PER_CONNECTION;
    await until('the flood being bounded', () => open.size <= most);
    // Not by the time limit for headers, which is due first for the earlier one.
    expect(earlier.size).toBe(1);
    await until('the rest being cut off', () => open.size === 0);
    await new Joiner().claim(sharer.invite);
    expect((await sharer.answers.next()).answer).toBe('answer to offer 1');
  });

  test('row 20: one address alone does not keep others out', async () => {
    const sharer = await start();
    const earlier = openHalf(sharer.server.port, 1);
    const sockets = Array.from({ length: 200 }, () => connect(sharer.server.port, '127.0.0.1'));
    const open = new Set(sockets);
    for (const socket of sockets) {
      socket.on('error', () => {}).resume();
      socket.on('close', () => open.delete(socket));
      closeLater(() => void socket.destroy());
    }
    const most = SIGNALING_CONNECTIONS_PER_ADDRESS_MAX * SIGNALING_TCP_PER_CONNECTION;
    await until('the flood being bounded', () => open.size <= most);
    expect(earlier.size).toBe(1);
    expect(await statusFor(sharer, { from: '127.0.0.9' })).toBe(101);
  });
});
