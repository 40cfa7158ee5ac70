/**
 * The two computers of a pairing over real sockets on 127.0.0.1, strangers, and a clock turned by
 * hand, for the tests of signaling and pairing.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

import { WebSocket } from 'ws';

import {
  type ClaimedRoom,
  claimRoom,
  type ClaimOptions,
  type Room,
} from '../../src/engine/pairing/claim.ts';
import { createIdentity } from '../../src/engine/pairing/identity.ts';
import {
  InviteRoom,
  type InviteRoomOptions,
  type InviteWarning,
} from '../../src/engine/pairing/invite-room.ts';
import type { InviteEnd } from '../../src/engine/pairing/invite-state.ts';
import { createInvite, type Invite, refusedError } from '../../src/engine/pairing/invite.ts';
import { derivePairingKeys } from '../../src/engine/pairing/keys.ts';
import { type Endpoint, roomPath } from '../../src/engine/signaling/endpoint.ts';
import {
  RendezvousRooms,
  type RendezvousState,
} from '../../src/engine/signaling/rendezvous-rooms.ts';
import {
  RendezvousServer,
  type RendezvousServerOptions,
} from '../../src/engine/signaling/rendezvous-server.ts';
import { type RoomRegistry, SignalingServer } from '../../src/engine/signaling/server.ts';
import type { Clock } from '../../src/shared/clock.ts';
import type { PortholeError } from '../../src/shared/errors.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import { within } from './tcp.ts';

export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
export const text = (data: Uint8Array): string => Buffer.from(data).toString();

/** A clock a test turns by hand; what is due runs in order. */
export class HandClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  soon(callback: () => void): void {
    setImmediate(callback);
  }

  /** When the first timer is due. */
  next(): number | undefined {
    const due = [...this.#timers].map(({ at }) => at);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  turn(ms: number): void {
    this.#now += ms;
    const due = [...this.#timers].filter(({ at }) => at <= this.#now);
    for (const timer of due.toSorted((a, b) => a.at - b.at)) {
      if (this.#timers.delete(timer)) timer.callback();
    }
  }
}

/** Values that come one by one, for one who waits. */
export class Queue<T> {
  readonly #values: T[] = [];
  readonly #waiting: ((value: T) => void)[] = [];
  readonly all: T[] = [];

  push(value: T): void {
    this.all.push(value);
    const take = this.#waiting.shift();
    if (take === undefined) this.#values.push(value);
    else take(value);
  }

  async next(): Promise<T> {
    const ready = this.#values.shift();
    if (ready !== undefined) return ready;
    return within('an event', new Promise<T>((resolve) => this.#waiting.push(resolve)));
  }
}

const closers: (() => Promise<void> | void)[] = [];

/** Calls `close` in the next `closeAll()`, which goes backwards. */
export function closeLater(close: () => Promise<void> | void): void {
  closers.push(close);
}

/** Closes all that the helpers here opened since the last time. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).toReversed()) await close();
}

export async function startServer(clock: Clock = systemClock): Promise<SignalingServer> {
  const server = await SignalingServer.listen({ clock, host: '127.0.0.1' });
  closers.push(async () => server.close());
  return server;
}

/** Where a sharer waits: its rooms, and the port where joiners come. */
export interface MeetingPlace extends RoomRegistry {
  readonly port: number;
}

/** The rooms of one device at a rendezvous server. */
export class RemotePlace implements MeetingPlace {
  readonly port: number;
  readonly rooms: RendezvousRooms;
  readonly states = new Queue<RendezvousState>();

  /** `random`: [0, 1), for the waits. */
  constructor(
    server: Endpoint | number,
    clock: Clock = systemClock,
    random: () => number = () => 0,
  ) {
    const endpoint = typeof server === 'number' ? endpointOf(server) : server;
    this.port = endpoint.port;
    this.rooms = new RendezvousRooms({
      server: endpoint,
      clock,
      random,
      onState: (state) => this.states.push(state),
    });
    closers.push(async () => this.rooms.close());
  }

  openRoom(...room: Parameters<RoomRegistry['openRoom']>): () => void {
    return this.rooms.openRoom(...room);
  }
}

export async function startRendezvous(
  changes: Partial<RendezvousServerOptions> = {},
): Promise<RendezvousServer> {
  const server = await RendezvousServer.listen({
    clock: systemClock,
    host: '127.0.0.1',
    port: 0,
    version: '0.0.0-test',
    ...changes,
  });
  closers.push(async () => server.close());
  return server;
}

/** A sharer whose room at the rendezvous server is open. */
export async function startRemoteSharer(
  changes: Partial<InviteRoomOptions> = {},
): Promise<Sharer & { readonly server: RemotePlace }> {
  const { clock = systemClock } = changes;
  const rendezvous = await startRendezvous({ clock });
  return await remoteSharer(rendezvous.port, changes);
}

/** One at a server that runs; resolves when its room is open there. */
export async function remoteSharer(
  port: number,
  changes: Partial<InviteRoomOptions> = {},
): Promise<Sharer & { readonly server: RemotePlace }> {
  const place = new RemotePlace(port, changes.clock);
  const sharer = new Sharer(place, changes);
  expectState(await place.states.next(), 'open');
  return Object.assign(sharer, { server: place });
}

function expectState(state: RendezvousState, kind: RendezvousState['kind']): void {
  if (state.kind !== kind) throw new Error(`the rendezvous is ${state.kind}`);
}

/** What `promise` rejects with, or `undefined`; taken at once, so that nothing is unhandled. */
export async function settled(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error;
  }
}

export const endpointOf = (port: number): Endpoint => ({ host: '127.0.0.1', port });

function makeInvite(port: number): Invite {
  return createInvite({
    publicKey: createIdentity().publicKey,
    nowMs: Date.now(),
    name: 'sharer of tests',
    endpoints: [endpointOf(port)],
    trust: 'trust-invite',
  });
}

interface Answer {
  readonly by: Uint8Array;
  readonly answer: string;
}

/** A sharing computer with one invite; its offers are `offer N`. */
export class Sharer {
  readonly server: MeetingPlace;
  readonly invite: Invite;
  readonly room: InviteRoom;
  readonly answers = new Queue<Answer>();
  readonly withdrawn = new Queue<string>();
  readonly warnings = new Queue<InviteWarning>();
  readonly ends = new Queue<InviteEnd>();
  offers = 0;

  constructor(server: MeetingPlace, changes: Partial<InviteRoomOptions> = {}) {
    this.server = server;
    this.invite = changes.invite ?? makeInvite(server.port);
    this.room = new InviteRoom({
      invite: this.invite,
      clock: systemClock,
      rooms: server,
      makeOffer: async ({ publicKey }) => {
        const offer = `offer ${++this.offers}`;
        return {
          description: bytes(offer),
          onAnswer: (answer) => this.answers.push({ by: publicKey, answer: text(answer) }),
          onWithdrawn: () => this.withdrawn.push(offer),
        };
      },
      onWarning: (warning) => this.warnings.push(warning),
      onEnded: (how) => this.ends.push(how),
      ...changes,
    });
    closers.push(() => this.room.close());
  }
}

export async function startSharer(changes: Partial<InviteRoomOptions> = {}): Promise<Sharer> {
  return new Sharer(await startServer(changes.clock), changes);
}

/** A joining computer; it answers `offer N` with `answer to offer N`. */
export class Joiner {
  readonly identity = createIdentity();
  readonly offers = new Queue<string>();
  readonly refusals = new Queue<PortholeError>();

  async claim(invite: Invite, changes: Partial<ClaimOptions> = {}): Promise<ClaimedRoom> {
    const claimed = await claimRoom({
      room: roomOf(invite),
      identity: this.identity,
      name: 'joiner of tests',
      clock: systemClock,
      signal: new AbortController().signal,
      answerOffer: async (offer) => {
        this.offers.push(text(offer));
        return bytes(`answer to ${text(offer)}`);
      },
      onRefused: (error) => this.refusals.push(error),
      ...changes,
    });
    closers.push(() => claimed.close());
    return claimed;
  }
}

/** Where the inviting computer of `invite` is met. */
function roomOf(invite: Invite): Room {
  return {
    keys: derivePairingKeys(invite.secret),
    endpoints: invite.endpoints,
    sought: 'invite',
    refusal: (reason) => refusedError(reason, invite),
  };
}

export interface StrangerOptions {
  readonly path?: string;
  readonly origin?: string;
  readonly from?: string;
}

/** A WebSocket of no Porthole. */
export function openStranger(sharer: Sharer, options: StrangerOptions = {}): WebSocket {
  const path = options.path ?? roomPath(sharer.room.keys.room);
  const socket = new WebSocket(`ws://127.0.0.1:${sharer.server.port}${path}`, {
    ...(options.origin === undefined ? {} : { origin: options.origin }),
    ...(options.from === undefined ? {} : { localAddress: options.from }),
  });
  socket.on('error', () => {});
  closers.push(() => socket.terminate());
  return socket;
}

/** The HTTP status a stranger is turned away with; 101 when it is let in. */
export async function statusFor(sharer: Sharer, options: StrangerOptions = {}): Promise<number> {
  const socket = openStranger(sharer, options);
  const status = new Promise<number>((resolve) => {
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (clientRequest, response) => {
      resolve(response.statusCode ?? 0);
      clientRequest.destroy();
    });
  });
  return within('a status', status);
}

export async function closeOf(socket: WebSocket): Promise<number> {
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  return within('a close', closed);
}

/** The port of a server that listens. */
export function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return address.port;
}

/** A bare TCP server; returns its port. */
export async function startTcp(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).resume();
    onSocket(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return portOf(server.address());
}
