/**
 * The stand-alone rendezvous server against hosts and guests, over real sockets.
 */
import { once } from 'node:events';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { roomPath } from '../../src/engine/signaling/endpoint.ts';
import { encodeHostFrame, REPLACED } from '../../src/engine/signaling/host-frame.ts';
import {
  RENDEZVOUS_FRAMES_PER_SECOND_MAX,
  RENDEZVOUS_GUESTS_MAX,
  RENDEZVOUS_GUESTS_PER_SECOND_MAX,
  RENDEZVOUS_PING_MS,
  SIGNALING_BYTES_MAX,
  SIGNALING_MESSAGES_MAX,
  SIGNALING_MESSAGES_PER_SECOND_MAX,
} from '../../src/shared/limits.ts';
import { watchForLeaks } from '../support/leaks.ts';
import {
  closeAll,
  closeLater,
  closeOf,
  HandClock,
  Queue,
  startRendezvous,
} from '../support/pairing-computers.ts';
import {
  BareHost,
  envelope,
  guestOf,
  room,
  statusOf,
  until,
} from '../support/rendezvous-strangers.ts';
import { within } from '../support/tcp.ts';

let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});

afterEach(closeAll);

afterAll(async () => {
  await expectNothingLeft();
});

/** Resolves when the server has read all that `guest` sent, or ended it. */
async function answered(guest: WebSocket): Promise<void> {
  if (guest.readyState !== WebSocket.OPEN) return;
  const over = Promise.race([once(guest, 'pong'), once(guest, 'close')]);
  guest.ping();
  await within('an answer to a ping', over);
}

describe('the server', () => {
  test('carries bytes and text, both ways, each guest for itself', async () => {
    const server = await startRendezvous();
    const host = await BareHost.open(server);
    const [first, second] = [guestOf(server), guestOf(server)];
    await Promise.all([once(first, 'open'), once(second, 'open')]);
    expect(await host.frames.next()).toEqual({ kind: 'opened', guest: 1 });
    expect(await host.frames.next()).toEqual({ kind: 'opened', guest: 2 });
    first.send(envelope(7));
    const frame = await host.frames.next();
    expect(frame).toEqual({ kind: 'message', guest: 1, data: envelope(7) });
    second.send('{"error":"used"}');
    expect(await host.frames.next()).toEqual({
      kind: 'message',
      guest: 2,
      data: '{"error":"used"}',
    });
    const toSecond = once(second, 'message');
    host.send({ kind: 'message', guest: 2, data: envelope(9) });
    expect(await toSecond).toEqual([envelope(9), true]);
    const closed = closeOf(first);
    host.send({ kind: 'message', guest: 1, data: '{"error":"expired"}' });
    host.send({ kind: 'closed', guest: 1 });
    expect(await closed).toBe(1000);
    expect(await host.frames.next()).toEqual({ kind: 'closed', guest: 1 });
    // What goes to one that is gone is no mistake.
    host.send({ kind: 'message', guest: 1, data: envelope(1) });
    host.send({ kind: 'closed', guest: 77 });
    second.close();
    expect(await host.frames.next()).toEqual({ kind: 'closed', guest: 2 });
  });

  test('without a host there is no room, and its Date tells the time', async () => {
    const server = await startRendezvous();
    const path = roomPath(room);
    expect(await statusOf(guestOf(server))).toBe(404);
    const host = await BareHost.open(server);
    expect(await statusOf(guestOf(server))).toBe(101);
    for (const odd of ['/', `${path}/`, `/x${path}`, `${path}?x`, path.slice(0, -1)]) {
      expect(await statusOf(guestOf(server, odd))).toBe(404);
    }
    host.socket.terminate();
    await until('the room closing', () => server.rooms === 0);
    expect(await statusOf(guestOf(server))).toBe(404);
  });

  test.each([
    '/host',
    '/host/',
    '/host/AAAAAAAAAAAAAAAAAAAAAB',
    '/host/AAAAAAAAAAAAAAAAAAAAA',
    '/host/AAAAAAAAAAAAAAAAAAAAAAA',
    '/host/AAAAAAAAAAAAAAAAAAAAAA/',
    '/HOST/AAAAAAAAAAAAAAAAAAAAAA',
  ])('%s is no room', async (path) => {
    const server = await startRendezvous();
    expect(await statusOf(guestOf(server, path))).toBe(404);
    expect(server.rooms).toBe(0);
  });

  test('a new host takes the place of the old one, and its guests go', async () => {
    const server = await startRendezvous();
    const old = await BareHost.open(server);
    const guest = guestOf(server);
    await once(guest, 'open');
    const [guestClosed, oldClosed] = [closeOf(guest), closeOf(old.socket)];
    const fresh = await BareHost.open(server);
    expect(await oldClosed).toBe(REPLACED);
    expect(await guestClosed).toBe(1000);
    const next = guestOf(server);
    await once(next, 'open');
    expect(await fresh.frames.next()).toEqual({ kind: 'opened', guest: 1 });
    expect(server.rooms).toBe(1);
  });

  test.each<[string, (socket: WebSocket) => void, number]>([
    ['text', (socket) => socket.send('hello'), 1006],
    ['no frame', (socket) => socket.send(Buffer.alloc(4)), 1006],
    ['an opening', (socket) => socket.send(encodeHostFrame({ kind: 'opened', guest: 1 })), 1006],
    [
      'what is no message',
      (socket) => socket.send(encodeHostFrame({ kind: 'message', guest: 1, data: 'hello' })),
      1006,
    ],
    ['too large a message', (socket) => socket.send(Buffer.alloc(SIGNALING_BYTES_MAX + 6)), 1009],
    [
      'a flood',
      (socket) => {
        const frame = encodeHostFrame({ kind: 'closed', guest: 5 });
        for (let sent = 0; sent <= RENDEZVOUS_FRAMES_PER_SECOND_MAX; sent++) socket.send(frame);
      },
      1006,
    ],
  ])('%s of a host ends its room only', async (_what, send, closeCode) => {
    const server = await startRendezvous({ clock: new HandClock() });
    const other = Buffer.alloc(16, 9);
    await BareHost.open(server, roomPath(other));
    const host = await BareHost.open(server);
    const closed = closeOf(host.socket);
    send(host.socket);
    expect(await closed).toBe(closeCode);
    await until('the room closing', () => server.rooms === 1);
    expect(await statusOf(guestOf(server, roomPath(other)))).toBe(101);
  });

  test('a host may say so much to one guest and no more', async () => {
    const server = await startRendezvous({ clock: new HandClock() });
    const host = await BareHost.open(server);
    const [guest, other] = [guestOf(server), guestOf(server)];
    await Promise.all([once(guest, 'open'), once(other, 'open')]);
    let received = 0;
    guest.on('message', () => received++);
    const closed = closeOf(guest);
    for (let sent = 0; sent <= SIGNALING_MESSAGES_MAX; sent++) {
      host.send({ kind: 'message', guest: 1, data: envelope(1) });
    }
    expect(await closed).toBe(1000);
    expect(received).toBe(SIGNALING_MESSAGES_MAX);
    expect(host.socket.readyState).toBe(WebSocket.OPEN);
    expect(other.readyState).toBe(WebSocket.OPEN);
  });

  test('a host that does not read: the guests that say more are cut off, not the host', async () => {
    const clock = new HandClock();
    const server = await startRendezvous({ clock });
    const host = await BareHost.open(server);
    const guests: WebSocket[] = [];
    const closes = new Queue<number>();
    for (let index = 0; index < RENDEZVOUS_GUESTS_MAX; index++) {
      if (index % RENDEZVOUS_GUESTS_PER_SECOND_MAX === 0) clock.turn(1000);
      const guest = guestOf(server, roomPath(room), `127.0.0.${10 + (index >> 2)}`);
      await once(guest, 'open');
      guest.once('close', (closeCode) => closes.push(closeCode));
      guests.push(guest);
    }
    const opened = host.frames.all;
    await until('all guests', () => opened.length === guests.length);
    host.socket.pause();
    const largest = envelope(1, SIGNALING_BYTES_MAX);
    // Past what the kernel holds for the host (some 10 MiB) it has to wait in the server.
    for (let second = 0; second < 6; second++) {
      for (const guest of guests) {
        for (let sent = 0; sent < SIGNALING_MESSAGES_PER_SECOND_MAX - 1; sent++)
          guest.send(largest);
      }
      await Promise.all(guests.map(async (guest) => answered(guest)));
      clock.turn(1000);
    }
    expect(await closes.next()).toBe(1000);
    expect(server.rooms).toBe(1);
    host.socket.resume();
    await until('all guests gone', () => {
      for (const guest of guests) guest.close();
      return host.frames.all.filter((frame) => frame?.kind === 'closed').length === guests.length;
    });
    expect(host.frames.all).not.toContain(undefined);
    clock.turn(1000);
    expect(await statusOf(guestOf(server))).toBe(101);
  });

  test('a room takes so many guests in a second', async () => {
    const clock = new HandClock();
    const server = await startRendezvous({ clock });
    await BareHost.open(server);
    for (let count = 0; count < RENDEZVOUS_GUESTS_PER_SECOND_MAX; count++) {
      const guest = guestOf(server);
      expect(await statusOf(guest)).toBe(101);
      const gone = server.connections;
      guest.terminate();
      await until('the guest leaving', () => server.connections < gone);
    }
    expect(await statusOf(guestOf(server))).toBe(503);
    clock.turn(1000);
    expect(await statusOf(guestOf(server))).toBe(101);
  });

  test('hosts are pinged, and a silent one loses its room', async () => {
    const clock = new HandClock();
    const server = await startRendezvous({ clock });
    const alive = await BareHost.open(server);
    const dead = await BareHost.open(server, roomPath(Buffer.alloc(16, 1)));
    // It reads pings and answers none.
    Reflect.set(dead.socket, '_autoPong', false);
    const closed = closeOf(dead.socket);
    for (let round = 0; round < 3; round++) {
      const pinged = Promise.all([once(alive.socket, 'ping'), once(dead.socket, 'ping')]);
      clock.turn(RENDEZVOUS_PING_MS);
      if (round < 2) await pinged;
      // A round trip: the pong before it has arrived.
      if (round < 2) {
        const guest = guestOf(server);
        await once(guest, 'open');
        await alive.frames.next();
        guest.terminate();
        await alive.frames.next();
      }
    }
    expect(await closed).toBe(1006);
    expect(server.rooms).toBe(1);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
  });

  test('its limits: connections, addresses, rooms', async () => {
    const limits = { connections: 4, connectionsPerAddress: 3, rooms: 2 };
    const server = await startRendezvous({ limits });
    const paths = [1, 2, 3].map((fill) => roomPath(Buffer.alloc(16, fill)));
    const [first = '', second = '', third = ''] = paths;
    await BareHost.open(server, first);
    await BareHost.open(server, second);
    expect(await statusOf(guestOf(server, `/host${third}`))).toBe(503);
    // One that is there already may be taken over.
    await BareHost.open(server, second);
    await until('the old host leaving', () => server.connections === 2);
    expect(await statusOf(guestOf(server, first))).toBe(101);
    expect(await statusOf(guestOf(server, first))).toBe(429);
    const from = async (localAddress: string): Promise<number> => {
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}${first}`, { localAddress });
      closeLater(() => socket.on('error', () => {}).terminate());
      return statusOf(socket);
    };
    expect(await from('127.0.0.2')).toBe(101);
    expect(await from('127.0.0.3')).toBe(503);
    expect(server.counts).toEqual({ hosts: 3, guests: 2, messages: 0, refused: 3 });
  });

  test('behind a proxy the last X-Forwarded-For address counts', async () => {
    const limits = { connections: 9, connectionsPerAddress: 1, rooms: 9 };
    const server = await startRendezvous({ limits, addresses: 'forwarded' });
    const status = async (fill: number, forwarded: string): Promise<number> => {
      const socket = new WebSocket(
        `ws://127.0.0.1:${server.port}/host${roomPath(Buffer.alloc(16, fill))}`,
        { headers: { 'X-Forwarded-For': forwarded } },
      );
      closeLater(() => socket.on('error', () => {}).terminate());
      return statusOf(socket);
    };
    expect(await status(1, '192.0.2.1')).toBe(101);
    expect(await status(2, '198.51.100.7, 192.0.2.1')).toBe(429);
    expect(await status(3, '192.0.2.1, 192.0.2.2')).toBe(101);
  });

  test('tells its health and nothing else', async () => {
    const server = await startRendezvous();
    await BareHost.open(server);
    const at = `http://127.0.0.1:${server.port}`;
    const health = await fetch(`${at}/health`);
    expect(health.status).toBe(200);
    expect(health.headers.get('content-type')).toBe('application/json');
    expect(await health.json()).toEqual({
      status: 'ok',
      rooms: 1,
      connections: 1,
      uptimeSeconds: expect.any(Number),
      version: '0.0.0-test',
    });
    const others = [
      '/',
      '/health/',
      '/health?x',
      '/host',
      roomPath(room),
      `/host${roomPath(room)}`,
    ];
    for (const path of others) {
      const answer = await fetch(at + path);
      expect([answer.status, await answer.text()]).toEqual([404, '']);
    }
    const posted = await fetch(`${at}/health`, { method: 'POST', body: 'x' });
    expect([posted.status, await posted.text()]).toEqual([404, '']);
  });

  test('says goodbye when it ends', async () => {
    const server = await startRendezvous();
    const host = await BareHost.open(server);
    const guest = guestOf(server);
    await once(guest, 'open');
    const closed = Promise.all([closeOf(host.socket), closeOf(guest)]);
    await within('the server ending', server.close());
    expect(await closed).toEqual([1001, 1001]);
  });
});
