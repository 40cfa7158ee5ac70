/**
 * What a paired computer reaches, and stops reaching: real services and connections, sessions joined
 * in memory. A canary listens where nobody may get; it must never see a connection.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { memoryCarrierPair } from '../../src/engine/carrier/memory.ts';
import { encodeHandshake } from '../../src/engine/link/handshake.ts';
import { encodeConnect, FRAME, parseClose, parseFrame } from '../../src/engine/protocol/frame.ts';
import { AuthSchema } from '../../src/engine/protocol/generated/session_pb.ts';
import { grant, revoke } from '../../src/engine/service/access.ts';
import type { Lookup } from '../../src/engine/service/dial-target.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import type { Access } from '../../src/shared/contract.ts';
import { ERRORS } from '../../src/shared/errors.ts';
import { REFUSED_OPENS_PER_MINUTE_MAX } from '../../src/shared/limits.ts';
import { seededRandom } from '../../src/shared/random.ts';
import { create } from '@bufbuild/protobuf';
import { HANDSHAKE } from '../support/attack.ts';
import { Computer, joinComputers, type ComputerOptions } from '../support/computers.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { echo, TestServer } from '../support/servers.ts';
import { connectTo, dial, readBytes, readToEnd, within, type Ending } from '../support/tcp.ts';

const STREAMS = 100;
const GUESSES = 65_536;
const NOBODY: Access = { kind: 'chosen', peers: [] };
const EVERYONE: Access = { kind: 'everyone', except: [] };

let expectNothingLeft: () => Promise<void>;
const computers: Computer[] = [];
const servers: TestServer[] = [];

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(async () => {
  await Promise.all(computers.splice(0).map(async (made) => made.close()));
  await Promise.all(servers.splice(0).map(async (server) => server.close()));
});
afterAll(async () => expectNothingLeft());

function computer(id: string, options: ComputerOptions = {}): Computer {
  const made = new Computer(id, options);
  computers.push(made);
  return made;
}

async function serve(handler = echo): Promise<TestServer> {
  const server = await TestServer.start(handler);
  servers.push(server);
  return server;
}

/** A desk that shares an echo service, a laptop that is joined to it, and the laptop's local port. */
async function echoPair() {
  const server = await serve();
  const [desk, laptop] = [computer('desk'), computer('laptop')];
  const share = desk.share(server.port);
  const joined = await joinComputers(desk, laptop);
  return { server, desk, laptop, share, joined, port: await laptop.port() };
}

/** A connection that has proved to carry bytes both ways, and how it ends once it does. */
async function running(
  port: number,
): Promise<{ readonly socket: Socket; readonly ending: Promise<Ending> }> {
  const socket = await connectTo(port);
  socket.write('there?');
  await readBytes(socket, 6);
  return { socket, ending: readToEnd(socket, () => undefined) };
}

describe('taking back', () => {
  it.each(['revoke', 'unshare'] as const)(
    '%s resets what is open, at both ends, at once',
    async (how) => {
      const { server, desk, laptop, share, port } = await echoPair();
      const streams = await Promise.all(Array.from({ length: STREAMS }, async () => running(port)));
      expect(server.openCount).toBe(STREAMS);
      const start = performance.now();
      if (how === 'revoke') desk.book.setAccess(share.id, revoke(share.access, 'laptop'));
      else desk.book.remove(share.id);
      const endings = await Promise.all(streams.map(async ({ ending }) => ending));
      await laptop.until('the forward to close', () => laptop.closedForwards.length === 1);
      const took = performance.now() - start;
      expect(new Set(endings)).toEqual(new Set(['ECONNRESET']));
      await within('the target', untilIdle(server));
      // Promised within a second; a busy machine gets five.
      expect(took).toBeLessThan(5000);
      expect(laptop.refused).toHaveLength(STREAMS);
      expect(new Set(laptop.refused)).toEqual(new Set(['E_NOT_ALLOWED']));
      // The link lives on, and a new grant comes back on the same port.
      expect(desk.endings).toEqual([]);
      if (how === 'unshare') return;
      desk.book.setAccess(share.id, grant(revoke(share.access, 'laptop'), 'laptop'));
      expect(await laptop.port()).toBe(port);
      const again = await running(port);
      again.socket.destroy();
      await again.ending;
    },
  );

  it('from one peer leaves the other alone', async () => {
    const { desk, laptop, share, port } = await echoPair();
    const phone = computer('phone');
    await joinComputers(desk, phone);
    const other = await running(await phone.port());
    const stream = await running(port);
    desk.book.setAccess(share.id, revoke(share.access, 'laptop'));
    expect(await stream.ending).toBe('ECONNRESET');
    await laptop.until('the forward to close', () => laptop.closedForwards.length === 1);
    other.socket.write('x');
    expect(phone.refused).toEqual([]);
    other.socket.end();
    expect(await other.ending).toBe('end');
  });

  it('row 22: a device that is forgotten loses all 100 streams, and hears of no share', async () => {
    const { server, desk, laptop, port } = await echoPair();
    const streams = await Promise.all(Array.from({ length: STREAMS }, async () => running(port)));
    const start = performance.now();
    for (const session of desk.sessions) session.close();
    const endings = await Promise.all(streams.map(async ({ ending }) => ending));
    await within('the target', untilIdle(server));
    expect(performance.now() - start).toBeLessThan(5000);
    expect(new Set(endings)).toEqual(new Set(['ECONNRESET']));
    // The port stays, and says so at once.
    await laptop.until('the link to end', () => laptop.endings.length === 1);
    expect(laptop.forwards.states()).toMatchObject([{ state: 'waiting' }]);
    expect(await readToEnd(dial(port), () => undefined)).toBe('ECONNRESET');
    expect(server.openCount).toBe(0);
  });

  it('row 22: who cannot prove to be a peer hears of no share', async () => {
    const desk = computer('desk');
    desk.share((await serve()).port);
    const [hello, , ready] = HANDSHAKE as [Uint8Array, Uint8Array, Uint8Array];
    const auth = encodeHandshake({ case: 'auth', value: create(AuthSchema) }, 1);
    const attack = attackOn(desk, [hello, auth, ready]);
    await attack.over;
    expect(attack.heard.length).toBeGreaterThan(0);
    expect(attack.heard.every((message) => message[0] === FRAME.HANDSHAKE)).toBe(true);
  });
});

/** Resolves when the target has no connection left. */
async function untilIdle(server: TestServer): Promise<void> {
  while (server.openCount > 0) await new Promise((resolve) => setImmediate(resolve));
}

/** The bare end of a carrier to a computer, for who sends what it likes. */
function attackOn(victim: Computer, messages: readonly Uint8Array[]) {
  const { ends } = memoryCarrierPair({ clock: systemClock, random: seededRandom(1) });
  const heard: Uint8Array[] = [];
  let onOver!: () => void;
  const over = new Promise<void>((resolve) => {
    onOver = resolve;
  });
  const closes = () => heard.map(parseFrame).filter(({ type }) => type === FRAME.CLOSE);
  const waiting = new Set<() => void>();
  ends[1].start({
    onMessage: (message) => {
      heard.push(message);
      for (const look of waiting) look();
    },
    onDrained: () => undefined,
    onClosed: () => onOver(),
  });
  victim.session(ends[0]).ready.catch(() => undefined);
  for (const message of messages) ends[1].send(message);
  const untilClosed = async (count: number): Promise<void> =>
    within(
      'CLOSE',
      new Promise((resolve) => {
        const look = (): void => {
          if (closes().length >= count) resolve();
        };
        waiting.add(look);
        look();
      }),
    );
  return {
    heard,
    over: within('the link ending', over),
    closes,
    untilClosed,
    end: () => ends[1].close(),
  };
}

describe('a peer that guesses', () => {
  it('row 6: is cut off after 100 refusals, and nothing was connected to', async () => {
    const canary = await serve();
    const desk = computer('victim');
    desk.share(canary.port, { access: grant(NOBODY, 'somebody else') });
    const revoked = desk.share(canary.port, { id: 'ff'.repeat(16) });
    desk.book.setAccess(revoked.id, revoke(EVERYONE, 'attacker'));
    const guesses = Array.from({ length: GUESSES }, (_, index) => {
      const shareId = Buffer.alloc(16);
      shareId.writeUInt16BE(index, 14);
      return encodeConnect(2 + 2 * index, { shareId, credit: 0 });
    });
    const attack = attackOn(desk, [...HANDSHAKE, ...guesses]);
    await attack.over;
    expect(desk.endings.map((cause) => cause?.code)).toEqual(['E_PROTOCOL']);
    expect(attack.closes()).toHaveLength(REFUSED_OPENS_PER_MINUTE_MAX + 1);
    expect(canary.acceptedCount).toBe(0);
  });

  it('row 7: hears the same of a share that is forbidden, revoked or not there', async () => {
    const canary = await serve();
    const desk = computer('victim');
    const other = desk.share(canary.port, { access: grant(NOBODY, 'somebody else') });
    const revoked = desk.share(canary.port, { id: 'ff'.repeat(16) });
    desk.book.setAccess(revoked.id, revoke(EVERYONE, 'attacker'));
    const ids = [other.id, revoked.id, 'ee'.repeat(16)].map((id) => Buffer.from(id, 'hex'));
    const connects = ids.map((shareId, index) =>
      encodeConnect(2 + 2 * index, { shareId, credit: 0 }),
    );
    const attack = attackOn(desk, [...HANDSHAKE, ...connects]);
    await attack.untilClosed(3);
    const answers = attack.closes().map(({ seq, payload }) => ({ seq, ...parseClose(payload) }));
    const { wire: reason } = ERRORS.E_NOT_ALLOWED;
    expect(answers).toEqual(ids.map(() => ({ seq: 0, reason, order: 'at-once', text: '' })));
    expect(canary.acceptedCount).toBe(0);
    attack.end();
  });
});

/** A resolver that says something else each time, the last thing for ever. */
function resolver(...answers: readonly (readonly string[])[]): {
  lookup: Lookup;
  asked: () => number;
} {
  let asked = 0;
  const lookup: Lookup = (_name, callback) => {
    const addresses = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    setImmediate(() =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
    );
  };
  return { lookup, asked: () => asked };
}

async function named(answers: readonly (readonly string[])[], change = {}) {
  const server = await serve();
  const { lookup, asked } = resolver(...answers);
  const desk = computer('desk', { lookup, ...change });
  const laptop = computer('laptop');
  desk.share(server.port, { target: { host: { name: 'app.test' }, port: server.port } });
  await joinComputers(desk, laptop);
  return { server, desk, laptop, asked, port: await laptop.port() };
}

describe('a target with a name', () => {
  it('that resolves to this computer is reached, without allow-lan', async () => {
    const { port } = await named([['192.0.2.1', '127.0.0.1']]);
    const { socket, ending } = await running(port);
    socket.end();
    expect(await ending).toBe('end');
  });

  it('that changes its mind is judged each time, and connected to where it was judged', async () => {
    const { port, asked, laptop, server } = await named([
      ['127.0.0.1'],
      ['169.254.169.254'],
      ['127.0.0.1'],
      ['192.0.2.1'],
      ['::ffff:169.254.169.254'],
    ]);
    const reached = async (): Promise<string> => {
      const socket = dial(port);
      socket.end('there?');
      let answer = '';
      const ending = await readToEnd(socket, (chunk) => (answer += String(chunk)));
      // Once for each connection: nothing is asked between the check and the connection.
      return `${ending} ${answer} ${asked()}`;
    };
    const seen = [];
    for (let count = 0; count < 5; count++) seen.push(await reached());
    expect(seen).toEqual([
      'end there? 1',
      'ECONNRESET  2',
      'end there? 3',
      'ECONNRESET  4',
      'ECONNRESET  5',
    ]);
    expect(laptop.refused).toEqual(Array.from({ length: 3 }, () => 'E_TARGET_UNREACHABLE'));
    expect(server.acceptedCount).toBe(2);
  });

  it('is refused at our own ports, wherever they were named', async () => {
    const own = await serve();
    const { lookup } = resolver(['127.0.0.1']);
    const desk = computer('desk', { lookup, ownPorts: new Set([own.port]) });
    const laptop = computer('laptop');
    desk.share(own.port, { target: { host: { name: 'app.test' }, port: own.port } });
    await joinComputers(desk, laptop);
    expect(await readToEnd(dial(await laptop.port()), () => undefined)).toBe('ECONNRESET');
    expect(laptop.refused).toEqual(['E_TARGET_UNREACHABLE']);
    expect(own.acceptedCount).toBe(0);
  });

  it('is judged for the person who shares it, too', async () => {
    const { lookup } = resolver(
      ['192.0.2.1'],
      ['192.0.2.1'],
      ['169.254.169.254'],
      [],
      ['127.0.0.1'],
    );
    const { book } = computer('desk', { lookup });
    const target = { host: { name: 'app.test' }, port: 80 };
    const check = async (lan: 'this-computer' | 'allow-lan') =>
      book.checkShareable({ target, lan });
    await expect(check('this-computer')).rejects.toMatchObject({ code: 'E_LAN_TARGET' });
    await expect(check('allow-lan')).resolves.toBeUndefined();
    await expect(check('allow-lan')).rejects.toMatchObject({ code: 'E_TARGET_FORBIDDEN' });
    await expect(check('this-computer')).resolves.toBeUndefined();
    await expect(check('this-computer')).resolves.toBeUndefined();
  });
});

describe('an address that became forbidden', () => {
  it('is refused at the connection, though it is shared', async () => {
    const server = await serve();
    const ownPorts = new Set<number>();
    const desk = computer('desk', { ownPorts });
    const laptop = computer('laptop');
    desk.share(server.port, { target: { host: { name: '0x7f.1' }, port: server.port } });
    await joinComputers(desk, laptop);
    const port = await laptop.port();
    const { socket, ending } = await running(port);
    socket.end();
    await ending;
    ownPorts.add(server.port);
    const refused = dial(port);
    await once(refused, 'connect');
    expect(await readToEnd(refused, () => undefined)).toBe('ECONNRESET');
    expect(laptop.refused).toEqual(['E_TARGET_UNREACHABLE']);
    expect(server.acceptedCount).toBe(1);
  });
});
