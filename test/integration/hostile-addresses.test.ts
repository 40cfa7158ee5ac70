/**
 * A call of a paired device some of whose remembered addresses belong to others by now: whatever
 * those answer, the call goes on at the address where the device is.
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { callPeer } from '../../src/engine/peers/call-peer.ts';
import { Connectors } from '../../src/engine/peers/connectors.ts';
import { releaseDataChannels } from '../../src/engine/carrier/native-channel.ts';
import { packDescription, unpackDescription } from '../../src/engine/pairing/description.ts';
import { createIdentity } from '../../src/engine/pairing/identity.ts';
import { PeerRoom } from '../../src/engine/peers/peer-room.ts';
import { Secret } from '../../src/engine/pairing/secret.ts';
import type { Endpoint } from '../../src/engine/signaling/endpoint.ts';
import { systemClock as clock } from '../../src/engine/system-clock.ts';
import { CALL_TIMEOUT_MS } from '../../src/shared/limits.ts';
import { watchForLeaks } from '../support/leaks.ts';
import {
  closeAll,
  closeLater,
  endpointOf,
  portOf,
  Queue,
  settled,
  startServer,
  startSharer,
  startTcp,
  Joiner,
} from '../support/pairing-computers.ts';
import { within } from '../support/tcp.ts';

let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(closeAll);
afterAll(async () => {
  releaseDataChannels();
  await expectNothingLeft();
});

const envelope = (fill: number): Buffer => {
  const message = Buffer.alloc(200, fill);
  message[0] = 1;
  message.writeUInt32BE(0, 17);
  return message;
};

/** Servers that are none of ours, by what they do with whoever comes. */
const STRANGERS: Readonly<Record<string, () => Promise<Endpoint>>> = {
  'accepts and is silent': async () => endpointOf(await startTcp(() => {})),
  'hangs up': async () => endpointOf(await startTcp((socket) => socket.destroy())),
  'talks no HTTP': async () =>
    endpointOf(await startTcp((socket) => void socket.write('SSH-2.0-OpenSSH_9.2p1\r\n'))),
  'drips HTTP': async () => endpointOf(await startTcp(drip)),
  'sends HTTP without end': async () => endpointOf(await startTcp(flood)),
  'answers 200': async () => endpointOf(await startHttp(200)),
  'redirects to itself': async () => endpointOf(await startHttp(302, { location: '/' })),
  'has another day': async () =>
    endpointOf(await startHttp(404, { date: 'Thu, 01 Jan 2099 00:00:00 GMT' })),
  'opens and is silent': async () => startWebSocket(() => {}),
  'opens and closes': async () => startWebSocket((socket) => socket.close()),
  'opens and refuses': async () => startWebSocket((socket) => socket.send('{"error":"used"}')),
  'opens and sends nonsense': async () => startWebSocket((socket) => socket.send('what?')),
  'opens and seals with no key': async () =>
    startWebSocket((socket) => socket.on('message', () => socket.send(envelope(7)))),
  'opens and sends too much': async () =>
    startWebSocket((socket) => socket.send(Buffer.alloc(100_000))),
  'sends back what it gets': async () =>
    startWebSocket((socket) => socket.on('message', (data) => socket.send(data))),
};

function drip(socket: Parameters<Parameters<typeof startTcp>[0]>[0]): void {
  socket.write('HTTP/1.1 101 Switching');
  const timer = setInterval(() => socket.write('x'), 100);
  socket.once('close', () => clearInterval(timer));
}

function flood(socket: Parameters<Parameters<typeof startTcp>[0]>[0]): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write('x'.repeat(65_536)));
  };
  socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 100000000000\r\n\r\n');
  socket.on('drain', more);
  more();
}

async function startHttp(status: number, headers: Record<string, string> = {}): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(status, headers).end('<html>');
  });
  server.on('upgrade', (_request, socket) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.on('error', () => {});
    socket.end(`HTTP/1.1 ${status} x\r\n${lines.join('')}content-length: 0\r\n\r\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return portOf(server.address());
}

async function startWebSocket(onOpen: (socket: WebSocket) => void): Promise<Endpoint> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    onOpen(socket);
  });
  closeLater(async () => {
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  return endpointOf(portOf(server.address()));
}

/** A device that waits for its peer, and the call of that peer. */
class Waiting {
  readonly pairKey = new Secret(new Uint8Array(32).fill(5));
  readonly #caller = createIdentity();
  readonly answers = new Queue<true>();

  /** At the rooms of a new server. */
  async open(): Promise<Endpoint> {
    const server = await startServer();
    const connectors = new Connectors({ clock, iceServers: [] });
    closeLater(() => connectors.close());
    const room = new PeerRoom({
      pairKey: this.pairKey,
      publicKey: this.#caller.publicKey,
      clock,
      rooms: server,
      timeOfDay: Date.now,
      makeOffer: async () => {
        const connector = connectors.create('offerer', 'live');
        return {
          description: packDescription(await connector.describe()),
          onAnswer: (answer) => {
            connector.accept(unpackDescription(answer));
            this.answers.push(true);
          },
          onWithdrawn: () => connector.close(),
        };
      },
      onFailed: () => {},
    });
    closeLater(() => room.close());
    return endpointOf(server.port);
  }

  /** Resolves when the channel to the device is open. */
  async call(endpoints: readonly Endpoint[]): Promise<void> {
    const connectors = new Connectors({ clock, iceServers: [] });
    closeLater(() => connectors.close());
    await callPeer({
      record: { pairKey: this.pairKey },
      endpoints,
      identity: this.#caller,
      name: 'the caller',
      clock,
      connectors,
      signal: new AbortController().signal,
      timeOfDay: Date.now,
      useCarrier: async (carrier) => carrier.close(),
    });
  }
}

describe('a stranger at a remembered address', () => {
  test.each(Object.entries(STRANGERS))(
    '%s: the call goes on where the device is',
    async (_what, start) => {
      const device = new Waiting();
      const [stranger, own] = [await start(), await device.open()];
      const begun = performance.now();
      // The device is slower than any stranger.
      await within('the call', device.call([stranger, own]), CALL_TIMEOUT_MS);
      expect(device.answers.all).toHaveLength(1);
      expect(performance.now() - begun).toBeLessThan(CALL_TIMEOUT_MS / 2);
    },
  );

  test('all of them together', async () => {
    const device = new Waiting();
    const strangers = await Promise.all(Object.values(STRANGERS).map((start) => start()));
    const own = await device.open();
    await within('the call', device.call([...strangers, own]), CALL_TIMEOUT_MS);
    expect(device.answers.all).toHaveLength(1);
  });

  test(
    'alone: nothing final',
    async () => {
      const calls = Object.entries(STRANGERS).map(async ([what, start]) => {
        const error = await settled(new Waiting().call([await start()]));
        return [what, error] as const;
      });
      for (const [what, error] of await Promise.all(calls)) {
        expect([what, error]).toEqual([what, expect.objectContaining({ code: 'E_UNREACHABLE' })]);
      }
    },
    2 * CALL_TIMEOUT_MS,
  );
});

describe('a stranger at an address of an invite', () => {
  test('refuses: the invite is used all the same, where it is', async () => {
    const sharer = await startSharer();
    const stranger = await STRANGERS['opens and refuses']?.();
    const endpoints = [stranger as Endpoint, endpointOf(sharer.server.port)];
    await new Joiner().claim({ ...sharer.invite, endpoints });
    expect((await sharer.answers.next()).answer).toBe('answer to offer 1');
  });

  test('a refusal is told when nobody else says anything', async () => {
    const sharer = await startSharer();
    const stranger = await STRANGERS['opens and refuses']?.();
    const silent = await STRANGERS['accepts and is silent']?.();
    const endpoints = [stranger as Endpoint, silent as Endpoint];
    await expect(new Joiner().claim({ ...sharer.invite, endpoints })).rejects.toMatchObject({
      code: 'E_INVITE_USED',
    });
  });
});
