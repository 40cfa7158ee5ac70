/**
 * STUN and TURN servers in this process, over real UDP on loopback: live ones, dead ones, and ones
 * that answer wrongly.
 *
 * Invariant: `closeStunServers()` closes every one.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { IceServer, StunServer } from '../../src/engine/carrier/ice-server.ts';
import { Secret } from '../../src/engine/pairing/secret.ts';

const SUCCESS = 0x0101;
const UNAUTHENTICATED = 0x0113;
const COOKIE = 0x2112_a442;

const open = new Set<Socket>();

export function closeStunServers(): void {
  for (const socket of open) socket.close();
  open.clear();
}

/** What a server does with a request; returns what it sends back. */
export type Behaviour = (request: Buffer, port: number) => readonly Buffer[];

/** Answers as it should, a TURN server with the demand for a password. */
export const honest: Behaviour = (request, port) => [answerTo(request, port)];

/** Takes everything and says nothing. */
export const dead: Behaviour = () => [];

/** Answers some other request. */
export const confused: Behaviour = (request, port) => {
  const answer = answerTo(request, port);
  answer[8] = (answer[8] ?? 0) ^ 1;
  return [answer, Buffer.from('what?'), request];
};

/** Loses this many requests first. */
export function losing(count: number): Behaviour {
  let lost = 0;
  return (request, port) => (lost++ < count ? [] : honest(request, port));
}

function answerTo(request: Buffer, port: number): Buffer {
  const answer = Buffer.alloc(32);
  answer.writeUInt16BE(request.readUInt16BE(0) === 1 ? SUCCESS : UNAUTHENTICATED, 0);
  answer.writeUInt16BE(12, 2);
  request.copy(answer, 4, 4, 20);
  answer.writeUInt16BE(0x0020, 20);
  answer.writeUInt16BE(8, 22);
  answer.writeUInt16BE(1, 24);
  answer.writeUInt16BE(port ^ (COOKIE >>> 16), 26);
  // 127.0.0.1
  answer.writeUInt32BE((0x7f00_0001 ^ COOKIE) >>> 0, 28);
  return answer;
}

/** A STUN server that counts what it was asked. */
export interface TestServer {
  readonly server: StunServer;
  readonly requests: () => number;
}

export async function startStun(
  behaviour: Behaviour = honest,
  host: '127.0.0.1' | '::1' = '127.0.0.1',
): Promise<TestServer> {
  let requests = 0;
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4');
  socket.on('message', (request, { port, address }) => {
    requests += 1;
    for (const answer of behaviour(request, port)) socket.send(answer, port, address);
  });
  socket.bind(0, host);
  await once(socket, 'listening');
  open.add(socket);
  const server: StunServer = { kind: 'stun', host, port: socket.address().port };
  return { server, requests: () => requests };
}

/** The same server, asked to relay. */
export function asTurn({ host, port }: StunServer): IceServer {
  const password = new Secret(Buffer.from('a password'));
  return { kind: 'turn', host, port, username: 'somebody', password };
}
