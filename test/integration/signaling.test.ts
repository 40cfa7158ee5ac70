/**
 * The signaling server against strangers, and the client against servers, over real sockets.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';

import { connectSignaling } from '../../src/engine/signaling/client.ts';
import {
  type Endpoint,
  endpointsOfThisComputer,
  roomPath,
} from '../../src/engine/signaling/endpoint.ts';
import { SignalingServer } from '../../src/engine/signaling/server.ts';
import type { Clock } from '../../src/shared/clock.ts';
import {
  INVITE_INVALID_ATTEMPTS_WARN,
  SIGNALING_BYTES_MAX,
  SIGNALING_CLOSE_MS,
  SIGNALING_CONNECT_TIMEOUT_MS,
  SIGNALING_CONNECTIONS_MAX,
  SIGNALING_CONNECTIONS_PER_ADDRESS_MAX,
  SIGNALING_FIRST_MESSAGE_MS,
  SIGNALING_MESSAGES_MAX,
  SIGNALING_MESSAGES_PER_SECOND_MAX,
  SIGNALING_ROOMS_MAX,
} from '../../src/shared/limits.ts';
import { watchForLeaks } from '../support/leaks.ts';
import {
  closeAll,
  closeLater,
  closeOf,
  endpointOf,
  settled,
  HandClock,
  Joiner,
  openStranger,
  portOf,
  Queue,
  Sharer,
  startServer,
  startSharer,
  startTcp,
  statusFor,
} from '../support/pairing-computers.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import { within } from '../support/tcp.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const nobodysRoom = new Uint8Array(16).fill(7);

let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});

afterEach(closeAll);

afterAll(async () => {
  await expectNothingLeft();
});

describe('strangers at the server', () => {
  test('a web page is refused, whatever it knows', async () => {
    const sharer = await startSharer();
    for (const origin of ['http://localhost:3000', 'https://example.com', 'null']) {
      expect(await statusFor(sharer, { origin })).toBe(403);
    }
    expect(await statusFor(sharer, { origin: 'https://example.com', path: '/' })).toBe(403);
  });

  test('a room that is not there', async () => {
    const sharer = await startSharer();
    const room = roomPath(sharer.room.keys.room);
    for (const path of ['/', `${room}/`, `${room}?x`, room.slice(0, -1), '/'.repeat(3000)]) {
      expect(await statusFor(sharer, { path })).toBe(404);
    }
    expect(await statusFor(sharer)).toBe(101);
  });

  test('plain HTTP learns nothing', async () => {
    const sharer = await startSharer();
    const { port } = sharer.server;
    const path = roomPath(sharer.room.keys.room);
    const asked = request({ host: '127.0.0.1', port, path, agent: false }).end();
    const closed = once(asked, 'close');
    const answered = new Promise((resolve) => {
      asked.once('response', (response) => resolve(response.resume().statusCode));
    });
    expect(await answered).toBe(426);
    await closed;
  });

  test('too long a header', async () => {
    const sharer = await startSharer();
    expect(await statusFor(sharer, { path: `/${'a'.repeat(8000)}` })).toBe(431);
  });

  test('a header that never ends is cut off', async () => {
    const sharer = await startSharer();
    const socket = connect(sharer.server.port, '127.0.0.1');
    socket.on('error', () => {}).resume();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
    const closed = once(socket, 'close');
    await expect(within('the end', closed, 3 * SIGNALING_FIRST_MESSAGE_MS)).resolves.toBeDefined();
  });

  test('too many from one address', async () => {
    const sharer = await startSharer();
    const statuses: number[] = [];
    for (let index = 0; index <= SIGNALING_CONNECTIONS_PER_ADDRESS_MAX; index++) {
      statuses.push(await statusFor(sharer));
    }
    const letIn = Array.from({ length: SIGNALING_CONNECTIONS_PER_ADDRESS_MAX }, () => 101);
    expect(statuses).toEqual([...letIn, 429]);
    // Another address is not concerned.
    expect(await statusFor(sharer, { from: '127.0.0.2' })).toBe(101);
  });

  test('too many in all', async () => {
    const sharer = await startSharer();
    for (let index = 0; index < SIGNALING_CONNECTIONS_MAX; index++) {
      const from = `127.0.0.${10 + (index >> 2)}`;
      expect(await statusFor(sharer, { from })).toBe(101);
    }
    expect(await statusFor(sharer)).toBe(503);
  });

  test('a flood of bare connections from one address is cut off', async () => {
    const sharer = await startSharer();
    const sockets = Array.from({ length: 40 }, () => connect(sharer.server.port, '127.0.0.1'));
    for (const socket of sockets) {
      socket.on('error', () => {}).resume();
      closeLater(() => void socket.destroy());
    }
    let left = sockets.length;
    const bounded = new Promise<void>((resolve) => {
      for (const socket of sockets) {
        socket.once('close', () => {
          left--;
          if (left === 2 * SIGNALING_CONNECTIONS_PER_ADDRESS_MAX) resolve();
        });
      }
    });
    await within('the flood being cut', bounded);
    expect(await statusFor(sharer, { from: '127.0.0.3' })).toBe(101);
  });

  test('a slow first message', async () => {
    const clock = new HandClock();
    const sharer = await startSharer({ clock });
    const socket = openStranger(sharer);
    await once(socket, 'open');
    const closed = closeOf(socket);
    clock.turn(SIGNALING_FIRST_MESSAGE_MS);
    expect(await closed).toBe(1006);
    expect(sharer.warnings.all).toEqual([]);
  });

  test.each<[string, (socket: WebSocket) => void, number]>([
    ['too large a message', (socket) => socket.send(Buffer.alloc(SIGNALING_BYTES_MAX + 1)), 1009],
    ['a fragmented one that is too large', fragments, 1009],
    ['text', (socket) => socket.send('hello'), 1006],
    ['a refusal', (socket) => socket.send('{"error":"used"}'), 1000],
    ['an empty message', (socket) => socket.send(Buffer.alloc(0)), 1006],
    ['another version', (socket) => socket.send(Buffer.alloc(60, 2)), 1006],
    ['an envelope of someone else', (socket) => socket.send(Buffer.alloc(60, 1)), 1000],
    [
      'a flood of pings',
      (socket) => {
        for (let count = 0; count <= SIGNALING_MESSAGES_PER_SECOND_MAX; count++) socket.ping();
      },
      1006,
    ],
  ])('%s ends that connection only', async (_what, send, closeCode) => {
    const sharer = await startSharer();
    const socket = openStranger(sharer);
    await once(socket, 'open');
    const closed = closeOf(socket);
    send(socket);
    expect(await closed).toBe(closeCode);
    await new Joiner().claim(sharer.invite);
    expect((await sharer.answers.next()).answer).toBe('answer to offer 1');
  });

  test('invalid attempts are reported once, and the room keeps waiting', async () => {
    const sharer = await startSharer();
    for (let count = 0; count < INVITE_INVALID_ATTEMPTS_WARN + 3; count++) {
      const socket = openStranger(sharer);
      await once(socket, 'open');
      const closed = closeOf(socket);
      socket.send(Buffer.alloc(60, 1));
      await closed;
    }
    expect(sharer.warnings.all).toEqual([
      { kind: 'invalid-attempts', count: INVITE_INVALID_ATTEMPTS_WARN },
    ]);
    await new Joiner().claim(sharer.invite);
    expect((await sharer.answers.next()).answer).toBe('answer to offer 1');
  });

  test('pings count as messages', async () => {
    const clock = new HandClock();
    const sharer = await startSharer({ clock });
    const socket = openStranger(sharer);
    await once(socket, 'open');
    const closed = closeOf(socket);
    for (let count = 0; count < SIGNALING_MESSAGES_MAX; count++) {
      const pong = once(socket, 'pong');
      socket.ping();
      await pong;
      clock.turn(1000 / SIGNALING_MESSAGES_PER_SECOND_MAX);
    }
    socket.ping();
    expect(await closed).toBe(1006);
  });

  test('one that never says goodbye is cut off', async () => {
    const clock = new HandClock();
    const sharer = await startSharer({ clock });
    const socket = connect(sharer.server.port, '127.0.0.1');
    socket.on('error', () => {});
    closeLater(() => void socket.destroy());
    const headers = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
    const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
    socket.write(`GET ${roomPath(sharer.room.keys.room)} HTTP/1.1\r\n${headers}${key}\r\n`);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain(' 101 ');
    const closed = within('the end', once(socket, 'close'));
    sharer.room.cancel();
    clock.turn(SIGNALING_CLOSE_MS);
    await closed;
  });

  test('rooms are bounded', async () => {
    const server = await startServer();
    const open = (room: number): void => {
      const tag = Buffer.alloc(16);
      tag.writeUInt32BE(room);
      server.openRoom(tag, (channel) => channel.close());
    };
    for (let room = 0; room < SIGNALING_ROOMS_MAX; room++) open(room);
    expect(() => open(SIGNALING_ROOMS_MAX)).toThrow(code('E_INTERNAL'));
  });
});

function fragments(socket: WebSocket): void {
  for (let part = 0; part < 4; part++) {
    socket.send(Buffer.alloc(SIGNALING_BYTES_MAX / 2), { fin: part === 3 });
  }
}

async function attempt(
  endpoints: readonly Endpoint[],
  clock: Clock = systemClock,
): Promise<unknown> {
  const { signal } = new AbortController();
  const channel = await connectSignaling({
    endpoints,
    room: nobodysRoom,
    clock,
    signal,
    sought: 'invite',
    talk: async (opened) => opened,
  });
  closeLater(() => channel.close());
  return channel;
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server.address());
  server.close();
  await once(server, 'close');
  return port;
}

describe('the client', () => {
  test('finds the one endpoint that answers', async () => {
    const sharer = await startSharer();
    const silent = await startTcp(() => {});
    const endpoints = [
      endpointOf(silent),
      endpointOf(await unusedPort()),
      { host: 'no-such-host.invalid', port: 1 },
      endpointOf(sharer.server.port),
    ];
    await new Joiner().claim({ ...sharer.invite, endpoints });
    expect((await sharer.answers.next()).answer).toBe('answer to offer 1');
  });

  test('says why when none answers', async () => {
    const refused = [endpointOf(await unusedPort())];
    await expect(attempt(refused)).rejects.toEqual(code('E_UNREACHABLE'));
    await expect(attempt(refused)).rejects.toThrow('the connection was refused');
    await expect(attempt([])).rejects.toThrow('the invite names no address');
    const server = await startServer();
    const both = [...refused, endpointOf(server.port)];
    await expect(attempt(both)).rejects.toThrow('this invite is not open there any more');
  });

  test('gives up after a while', async () => {
    const clock = new HandClock();
    const arrived = new Queue<Socket>();
    const silent = await startTcp((socket) => arrived.push(socket));
    const claim = attempt([endpointOf(silent)], clock);
    const failure = settled(claim);
    const socket = await arrived.next();
    const ended = once(socket, 'close');
    clock.turn(SIGNALING_CONNECT_TIMEOUT_MS);
    expect(await failure).toEqual(code('E_UNREACHABLE'));
    expect(String(await failure)).toContain('no answer within 10 s');
    await ended;
  });

  test('keeps one connection of several that open', async () => {
    const sharer = await startSharer();
    const endpoint = endpointOf(sharer.server.port);
    await new Joiner().claim({ ...sharer.invite, endpoints: [endpoint, endpoint, endpoint] });
    await sharer.answers.next();
    expect(sharer.warnings.all).toEqual([]);
    expect(sharer.offers).toBe(1);
  });

  test('reaches a server on all interfaces', async () => {
    const server = await SignalingServer.listen({ clock: systemClock });
    closeLater(async () => server.close());
    const sharer = new Sharer(server);
    const endpoints = endpointsOfThisComputer(server.port);
    const joiner = new Joiner();
    for (const endpoint of endpoints) {
      const claimed = await joiner.claim({ ...sharer.invite, endpoints: [endpoint] });
      await sharer.answers.next();
      claimed.close();
    }
    expect(sharer.answers.all).toHaveLength(endpoints.length);
  });
});
