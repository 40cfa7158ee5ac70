/**
 * Hosts and guests at a rendezvous server that are no Porthole.
 */
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { WebSocket } from 'ws';

import { roomPath } from '../../src/engine/signaling/endpoint.ts';
import {
  encodeHostFrame,
  type HostFrame,
  parseHostFrame,
} from '../../src/engine/signaling/host-frame.ts';
import { closeLater, Queue } from './pairing-computers.ts';
import { within } from './tcp.ts';

/** Where they meet unless a test says otherwise. */
export const room = Uint8Array.from({ length: 16 }, (_, index) => index);

/** A host that is no Porthole. */
export class BareHost {
  readonly socket: WebSocket;
  readonly frames = new Queue<HostFrame | undefined>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('message', (data: Buffer) => this.frames.push(parseHostFrame(data)));
    closeLater(() => socket.terminate());
  }

  static async open(server: { readonly port: number }, path = roomPath(room)): Promise<BareHost> {
    const host = new BareHost(new WebSocket(`ws://127.0.0.1:${server.port}/host${path}`));
    await within('a host connecting', once(host.socket, 'open'));
    return host;
  }

  send(frame: HostFrame): void {
    this.socket.send(encodeHostFrame(frame));
  }
}

export function guestOf(
  server: { readonly port: number },
  path = roomPath(room),
  from = '127.0.0.1',
): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { localAddress: from });
  socket.on('error', () => {});
  closeLater(() => socket.terminate());
  return socket;
}

export async function statusOf(socket: WebSocket): Promise<number> {
  const status = new Promise<number>((resolve) => {
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
  });
  return within('a status', status);
}

/** What looks like an envelope and is none. */
export const envelope = (fill: number, size = 60): Buffer => Buffer.alloc(size, fill).fill(1, 0, 1);

/** Turns of the event loop until `isSo`. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const turns = async (): Promise<void> => {
    while (!isSo()) await nextTurn();
  };
  await within(what, turns());
}
