import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { SocketBridge } from '../../../src/renderer/bridge/socket-bridge.ts';
import type { Socket } from '../../../src/renderer/bridge/socket-bridge.ts';
import { CallServer } from '../../../src/shared/calls/call-server.ts';
import { WEB_CLOSE_REFUSED } from '../../../src/shared/page-limits.ts';
import { FakePorthole } from '../../support/fake-porthole.ts';

const TOKEN = 'a secret';

/** What the daemon's web UI does, on a port of its own. */
class Door {
  readonly server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  readonly fake = new FakePorthole();
  readonly firsts: string[] = [];
  #port = 0;

  constructor() {
    this.server.on('listening', () => (this.#port = (this.server.address() as AddressInfo).port));
    this.server.on('connection', (socket) => {
      socket.once('message', (first: Buffer) => {
        this.firsts.push(first.toString());
        if (first.toString() !== JSON.stringify({ token: TOKEN })) {
          return socket.close(WEB_CLOSE_REFUSED);
        }
        const calls = new CallServer({
          handlers: this.fake.handlers,
          send: (message) => socket.send(message),
          sendLast: (message) => socket.send(message),
          onFault: () => {},
        });
        socket.on('message', (message: Buffer) => calls.onMessage(message.toString()));
        socket.on('close', () => calls.close());
        socket.send('{"ready":true}');
      });
    });
  }

  open(): Socket {
    return new WebSocket(`ws://127.0.0.1:${this.#port}/calls`) as unknown as Socket;
  }

  async close(): Promise<void> {
    for (const client of this.server.clients) client.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

let door: Door;
const bridges: SocketBridge[] = [];

beforeEach(async () => {
  door = new Door();
  await new Promise((resolve) => door.server.once('listening', resolve));
});

afterEach(async () => {
  for (const bridge of bridges.splice(0)) bridge.close();
  await door.close();
});

function bridgeWith(
  token: string | undefined,
  after: (ms: number, callback: () => void) => () => void,
): SocketBridge {
  const bridge = new SocketBridge({ token, open: () => door.open(), after });
  bridges.push(bridge);
  return bridge;
}

function never(): () => void {
  return () => {};
}

function until(bridge: SocketBridge, kind: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (bridge.connection.get().kind !== kind) return;
      stop();
      resolve();
    };
    const stop = bridge.connection.subscribe(look);
    look();
  });
}

const TALK = {
  signal: new AbortController().signal,
  emit: () => {},
  nextInput: () => new Promise<never>(() => {}),
};

describe('the bridge to a daemon', () => {
  it('tells its token first, then makes calls', async () => {
    const bridge = bridgeWith(TOKEN, never);
    await expect(bridge.api.call('status', {}, TALK)).rejects.toMatchObject({
      code: 'E_NO_DAEMON',
    });
    await until(bridge, 'ready');
    expect(door.firsts).toEqual([JSON.stringify({ token: TOKEN })]);
    const status = await bridge.api.call('status', {}, TALK);
    expect(status.deviceName).toBe('studio');
  });

  it('is refused with a wrong token, and does not try again', async () => {
    const waits: number[] = [];
    const bridge = bridgeWith('wrong', (ms) => {
      waits.push(ms);
      return () => {};
    });
    await until(bridge, 'refused');
    expect(waits).toEqual([]);
  });

  it('is refused without a token, and connects to nobody', () => {
    const bridge = bridgeWith(undefined, never);
    expect(bridge.connection.get()).toEqual({ kind: 'refused' });
    expect(door.firsts).toEqual([]);
  });

  it('rejects open calls when the connection ends, and comes back', async () => {
    const retries: (() => void)[] = [];
    const bridge = bridgeWith(TOKEN, (_ms, callback) => {
      retries.push(callback);
      return () => {};
    });
    await until(bridge, 'ready');
    const feed = bridge.api.call('watch', {}, TALK);
    const failed = feed.catch((thrown: unknown) => thrown);
    for (const client of door.server.clients) client.close(1001);
    await until(bridge, 'lost');
    expect(await failed).toMatchObject({ code: 'E_NO_DAEMON' });
    retries.shift()?.();
    await until(bridge, 'ready');
    expect((await bridge.api.call('status', {}, TALK)).device).toBe(door.fake.status.device);
  });

  it('waits longer and longer, up to a bound', async () => {
    await door.close();
    const waits: number[] = [];
    const enough = new Promise<void>((resolve) => {
      bridgeWith(TOKEN, (ms, callback) => {
        waits.push(ms);
        if (waits.length < 7) queueMicrotask(callback);
        else resolve();
        return () => {};
      });
    });
    await enough;
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    door = new Door();
  });
});
