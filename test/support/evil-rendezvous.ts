/**
 * A rendezvous server that does what it wants: a real WebSocket server that speaks the framing of
 * hosts, with a hook in every message's way.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';

import { type RawData, WebSocket, WebSocketServer } from 'ws';

import {
  encodeHostFrame,
  type HostFrame,
  parseHostFrame,
} from '../../src/engine/signaling/host-frame.ts';
import { closeLater, portOf, Queue } from './pairing-computers.ts';

export type Data = Buffer | string;

/** A guest as the server sees it, with the host of its room. */
export interface EvilGuest {
  readonly id: number;
  readonly path: string;
  readonly socket: WebSocket;
  readonly host: WebSocket;
}

export interface Passage {
  readonly direction: 'to-host' | 'to-guest';
  /** Counts the messages of this direction and guest from 0. */
  readonly index: number;
  readonly guest: EvilGuest;
  readonly data: Data;
  /** Sends to whom this message was meant. */
  readonly forward: (data: Data) => void;
  /** Sends back to where it came from. */
  readonly reflect: (data: Data) => void;
}

/** What the server does with each message. */
export type Evil = (passage: Passage) => Promise<void> | void;

export class EvilRendezvous {
  readonly port: number;
  readonly hosts = new Map<string, WebSocket>();
  readonly guests = new Queue<EvilGuest>();
  /** Hosts as they come, again and again. */
  readonly arrivals = new Queue<WebSocket>();
  readonly #evil: Evil;

  private constructor(server: WebSocketServer, evil: Evil) {
    this.#evil = evil;
    this.port = portOf(server.address());
    server.on('connection', (socket, upgrade) => this.#onConnection(socket, upgrade));
  }

  static async start(evil: Evil = honest): Promise<EvilRendezvous> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    closeLater(async () => {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, 'close');
    });
    return new EvilRendezvous(server, evil);
  }

  #onConnection(socket: WebSocket, upgrade: IncomingMessage): void {
    socket.on('error', () => {});
    const url = upgrade.url ?? '';
    const path = url.replace(/^\/host/, '');
    if (path !== url) {
      this.hosts.set(path, socket);
      this.arrivals.push(socket);
      return;
    }
    const host = this.hosts.get(path);
    if (host === undefined) socket.terminate();
    else this.#welcome({ path, socket, host, id: this.guests.all.length + 1 });
  }

  #welcome(guest: EvilGuest): void {
    const { socket, host, id } = guest;
    tell(host, { kind: 'opened', guest: id });
    const toHost = (data: Data): void => tell(host, { kind: 'message', guest: id, data });
    const toGuest = (data: Data): void => socket.send(data, () => {});
    let received = 0;
    let sent = 0;
    socket.on('message', (raw: RawData, isBinary) => {
      const data = dataOf(raw, isBinary);
      const index = received++;
      const ways = { forward: toHost, reflect: toGuest };
      void this.#evil({ direction: 'to-host', index, guest, data, ...ways });
    });
    host.on('message', (raw: RawData) => {
      const frame = parseHostFrame(bytesOf(raw));
      if (frame?.guest !== id) return;
      if (frame.kind === 'closed') socket.close();
      if (frame.kind !== 'message') return;
      const data = typeof frame.data === 'string' ? frame.data : Buffer.from(frame.data);
      const ways = { forward: toGuest, reflect: toHost };
      void this.#evil({ direction: 'to-guest', index: sent++, guest, data, ...ways });
    });
    socket.on('close', () => tell(host, { kind: 'closed', guest: id }));
    this.guests.push(guest);
  }
}

/** Sends a frame to a host. */
export function tell(host: WebSocket, frame: HostFrame): void {
  if (host.readyState === WebSocket.OPEN) host.send(encodeHostFrame(frame), () => {});
}

function honest({ data, forward }: Passage): void {
  forward(data);
}

function dataOf(raw: RawData, isBinary: boolean): Data {
  return isBinary ? bytesOf(raw) : bytesOf(raw).toString();
}

function bytesOf(raw: RawData): Buffer {
  if (!Buffer.isBuffer(raw)) throw new TypeError('not one buffer');
  return raw;
}
