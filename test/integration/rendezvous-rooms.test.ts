/**
 * The rooms a device keeps at a rendezvous server, and pairings through them, over real sockets.
 */
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import {
  connectSignaling,
  SignalingFailure,
  type Sought,
} from '../../src/engine/signaling/client.ts';
import { combinedRooms } from '../../src/engine/signaling/combined-rooms.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import type { PortholeError } from '../../src/shared/errors.ts';
import {
  RENDEZVOUS_RETRY_MAX_MS,
  RENDEZVOUS_RETRY_MIN_MS,
  RENDEZVOUS_SILENCE_MS,
  RENDEZVOUS_STABLE_MS,
} from '../../src/shared/limits.ts';
import { EvilRendezvous } from '../support/evil-rendezvous.ts';
import { watchForLeaks } from '../support/leaks.ts';
import {
  closeAll,
  closeOf,
  endpointOf,
  HandClock,
  Joiner,
  openStranger,
  Queue,
  remoteSharer,
  RemotePlace,
  settled,
  Sharer,
  startRemoteSharer,
  startRendezvous,
  startServer,
  startSharer,
  statusFor,
} from '../support/pairing-computers.ts';
import { envelope, guestOf, room, until } from '../support/rendezvous-strangers.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});

afterEach(closeAll);

afterAll(async () => {
  await expectNothingLeft();
});

describe('a pairing through a rendezvous server', () => {
  test('claim, offer, answer, use, as with an embedded one', async () => {
    const sharer = await startRemoteSharer();
    const joiner = new Joiner();
    await joiner.claim(sharer.invite);
    const { by, answer } = await sharer.answers.next();
    expect(answer).toBe('answer to offer 1');
    expect(by).toEqual(joiner.identity.publicKey);
    sharer.room.use(by);
    await expect(new Joiner().claim(sharer.invite)).rejects.toEqual(code('E_INVITE_USED'));
  });

  test('a refusal arrives before the room is closed', async () => {
    const sharer = await startRemoteSharer();
    const joiner = new Joiner();
    await joiner.claim(sharer.invite);
    await sharer.answers.next();
    sharer.room.close();
    expect(await joiner.refusals.next()).toEqual(code('E_INVITE_CANCELLED'));
    await expect(joiner.claim(sharer.invite)).rejects.toEqual(code('E_UNREACHABLE'));
  });

  test('two rooms and their guests do not mix', async () => {
    const { port } = await startRendezvous();
    const [one, other] = [await remoteSharer(port), await remoteSharer(port)];
    const joiners = [new Joiner(), new Joiner()] as const;
    await Promise.all([joiners[0].claim(one.invite), joiners[1].claim(other.invite)]);
    expect((await one.answers.next()).by).toEqual(joiners[0].identity.publicKey);
    expect((await other.answers.next()).by).toEqual(joiners[1].identity.publicKey);
  });

  test('a room in an embedded server and at a rendezvous at once', async () => {
    const embedded = await startServer();
    const place = new RemotePlace((await startRendezvous()).port);
    const rooms = combinedRooms([embedded, place]);
    const sharer = new Sharer({
      port: embedded.port,
      openRoom: (...opening) => rooms.openRoom(...opening),
    });
    await place.states.next();
    const joiner = new Joiner();
    for (const port of [embedded.port, place.port]) {
      await joiner.claim({ ...sharer.invite, endpoints: [endpointOf(port)] });
      await sharer.answers.next();
    }
    sharer.room.close();
    expect(await statusFor(sharer)).toBe(404);
  });

  test('combined rooms open everywhere or nowhere', async () => {
    const open = new Set<number>();
    const place = (id: number) => ({
      openRoom: () => {
        open.add(id);
        return () => open.delete(id);
      },
    });
    const full = {
      openRoom: () => {
        throw new Error('full');
      },
    };
    const none = combinedRooms([place(1), full, place(2)]);
    expect(() => none.openRoom(room, () => {})).toThrow('full');
    expect(open.size).toBe(0);
    const leave = combinedRooms([place(1), place(2)]).openRoom(room, () => {});
    expect(open.size).toBe(2);
    leave();
    expect(open.size).toBe(0);
  });
});

async function nothing(): Promise<void> {}

async function attempt(port: number, sought: Sought): Promise<unknown> {
  const { signal } = new AbortController();
  const endpoints = [endpointOf(port)];
  return settled(
    connectSignaling({ endpoints, room, clock: systemClock, signal, sought, talk: nothing }),
  );
}

describe('the client, when the room is not there', () => {
  const servers: Record<string, () => Promise<{ readonly port: number }>> = {
    embedded: async () => startServer(),
    rendezvous: async () => startRendezvous(),
  };

  test.each(Object.entries(servers))(
    'learns the time of day from a server: %s',
    async (_, start) => {
      const { port } = await start();
      const error = (await attempt(port, 'invite')) as PortholeError;
      expect(error).toEqual(code('E_UNREACHABLE'));
      const { cause } = error;
      if (!(cause instanceof SignalingFailure)) throw new Error('no cause');
      expect(cause.cause).toMatchObject({ status: 404 });
      const [serverTime = 0] = cause.serverTimes;
      expect(Math.abs(Date.now() - serverTime)).toBeLessThan(60_000);
    },
  );

  test('says what it sought', async () => {
    const { port } = await startRendezvous();
    expect(String(await attempt(port, 'invite'))).toContain('this invite is not open there');
    expect(String(await attempt(port, 'device'))).toContain('the other computer is not waiting');
  });
});

/** Turns `clock` until `promise` settles: waits are jittered, and events come in between. */
async function turning<T>(clock: HandClock, ms: number, promise: Promise<T>): Promise<T> {
  const state = { isOver: false };
  const over = promise.finally(() => {
    state.isOver = true;
  });
  while (!state.isOver) {
    clock.turn(ms);
    await nextTurn();
  }
  return over;
}

describe('rooms of a device at a rendezvous server', () => {
  test('unreachable is told once, and open when it is back', async () => {
    const clock = new HandClock();
    const gone = await startRendezvous();
    const { port } = gone;
    await gone.close();
    const place = new RemotePlace(port, clock);
    const sharer = new Sharer(place);
    const state = await place.states.next();
    expect(state).toEqual({ kind: 'unreachable', error: code('E_RENDEZVOUS') });
    expect(state.kind === 'unreachable' && state.error.message).toContain(
      `ws://127.0.0.1:${port} (the connection was refused)`,
    );
    // A few failures more.
    for (let turn = 0; turn < 20; turn++) {
      clock.turn(RENDEZVOUS_RETRY_MIN_MS);
      await nextTurn();
    }
    await startRendezvous({ port });
    const opened = await turning(clock, RENDEZVOUS_RETRY_MIN_MS, place.states.next());
    expect(opened).toEqual({ kind: 'open' });
    expect(place.states.all).toHaveLength(2);
    await new Joiner().claim(sharer.invite);
    expect((await sharer.answers.next()).answer).toBe('answer to offer 1');
  });

  test('a server that ends and comes back', async () => {
    const clock = new HandClock();
    const server = await startRendezvous();
    const { port } = server;
    const sharer = await remoteSharer(port, { clock });
    await server.close();
    const { states } = sharer.server;
    const lost = await states.next();
    expect(lost.kind === 'unreachable' && lost.error.message).toContain('(it was stopped)');
    await startRendezvous({ port });
    await turning(clock, RENDEZVOUS_RETRY_MIN_MS, states.next());
    await new Joiner().claim(sharer.invite);
    expect((await sharer.answers.next()).answer).toBe('answer to offer 1');
  });

  test.each([
    ['an embedded server', async () => (await startServer()).port, 'it is no rendezvous server'],
    [
      'a full one',
      async () => {
        const limits = { connections: 9, connectionsPerAddress: 9, rooms: 0 };
        return (await startRendezvous({ limits })).port;
      },
      'too many computers',
    ],
  ])('%s: says why', async (_what, start, reason) => {
    const place = new RemotePlace(await start(), new HandClock());
    place.openRoom(room, (channel) => channel.close());
    const state = await place.states.next();
    expect(state.kind === 'unreachable' && state.error.message).toContain(reason);
  });

  test('waits double up to a bound, and are short again after a good while', async () => {
    const clock = new HandClock();
    const evil = await EvilRendezvous.start();
    // The longest waits there can be.
    const place = new RemotePlace(evil.port, clock, () => 1 - Number.EPSILON);
    place.openRoom(room, (channel) => channel.close());
    const waits: number[] = [];
    for (let loss = 0; loss < 9; loss++) {
      const host = await evil.arrivals.next();
      await until('the room being open', () => place.states.all.at(-1)?.kind === 'open');
      // The last one lasted.
      if (loss === 8) clock.turn(RENDEZVOUS_STABLE_MS);
      waits.push(await waitAfterLosing(host, { clock, place, evil }));
    }
    const [min, max] = [RENDEZVOUS_RETRY_MIN_MS, RENDEZVOUS_RETRY_MAX_MS];
    expect(waits).toEqual([2, 4, 8, 16, 32].map((by) => by * min).concat([max, max, max, 2 * min]));
  });

  test('a silent server is given up', async () => {
    const clock = new HandClock();
    const evil = await EvilRendezvous.start();
    const place = new RemotePlace(evil.port, clock);
    place.openRoom(room, (channel) => channel.close());
    const host = await evil.arrivals.next();
    await place.states.next();
    const pong = once(host, 'pong');
    clock.turn(RENDEZVOUS_SILENCE_MS - 1);
    host.ping();
    await pong;
    clock.turn(RENDEZVOUS_SILENCE_MS - 1);
    expect(place.states.all).toHaveLength(1);
    clock.turn(1);
    const state = await place.states.next();
    expect(state.kind === 'unreachable' && state.error.message).toContain('it fell silent');
  });

  test('a room that is left takes nobody, and keeps who is there', async () => {
    const server = await startRendezvous();
    const place = new RemotePlace(server.port);
    const closed = new Queue<string>();
    const leave = place.openRoom(room, (channel) =>
      channel.start({ onMessage: () => {}, onClosed: (reason) => closed.push(reason) }),
    );
    await place.states.next();
    const guest = guestOf(server);
    const open = once(guest, 'open');
    await open;
    // The host has heard of it when it answers the next thing.
    guest.send(envelope(1));
    await until('the guest arriving', () => server.counts.messages === 1);
    const pinged = once(guest, 'pong');
    guest.ping();
    await pinged;
    leave();
    expect(await closeOf(guestOf(server))).toBe(1000);
    expect(guest.readyState).toBe(WebSocket.OPEN);
    guest.close();
    await closed.next();
    await until('the room closing', () => server.rooms === 0);
    expect(place.states.all).toEqual([{ kind: 'open' }]);
  });

  test('nothing is left when they are closed, connected or waiting', async () => {
    const server = await startRendezvous();
    const gone = await startServer();
    const [up, down] = [new RemotePlace(server.port), new RemotePlace(gone.port)];
    await gone.close();
    for (const place of [up, down]) {
      place.openRoom(room, (channel) => channel.close());
      await place.states.next();
    }
    await Promise.all([up.rooms.close(), down.rooms.close()]);
    await until('the room closing', () => server.rooms === 0);
    expect(down.states.all).toHaveLength(1);
  });

  test('a guest is bounded in time as with an embedded server', async () => {
    const clock = new HandClock();
    const sharer = await startRemoteSharer({ clock });
    const embedded = await startSharer({ clock });
    for (const at of [sharer, embedded]) {
      const stranger = openStranger(at);
      await once(stranger, 'open');
      const closed = closeOf(stranger);
      clock.turn(10_000);
      expect(await closed).toBe(1006);
    }
  });
});

/** Ends a host's connection; how long the device waits before it comes again, ms. */
async function waitAfterLosing(
  host: WebSocket,
  at: { readonly clock: HandClock; readonly place: RemotePlace; readonly evil: EvilRendezvous },
): Promise<number> {
  host.terminate();
  await until('the loss', () => at.place.states.all.at(-1)?.kind === 'unreachable');
  const before = at.clock.now();
  const came = at.evil.arrivals.all.length;
  // Nothing but the wait is left on its clock.
  const due = at.clock.next();
  if (due === undefined) throw new Error('nobody waits');
  at.clock.turn(due - at.clock.now());
  await until('the next try', () => at.evil.arrivals.all.length > came);
  return Math.round(due - before);
}
