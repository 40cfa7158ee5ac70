/** Forwards that outlive links: their ports, what is stored of them, and what they do meanwhile. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ForwardEntry } from '../../src/engine/service/forward-plan.ts';
import type { Share } from '../../src/engine/service/share-book.ts';
import { Computer, joinComputers, type ComputerOptions } from '../support/computers.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { echo, TestServer } from '../support/servers.ts';
import { connectTo, dial, readBytes, readToEnd } from '../support/tcp.ts';

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

function computer(id: string, forwards: ComputerOptions['forwards'] = {}): Computer {
  const made = new Computer(id, { forwards });
  computers.push(made);
  return made;
}

async function serve(): Promise<TestServer> {
  const server = await TestServer.start(echo);
  servers.push(server);
  return server;
}

async function stop(made: Computer): Promise<void> {
  computers.splice(computers.indexOf(made), 1);
  await made.close();
}

/** A port that was free a moment ago. */
async function someFreePort(): Promise<number> {
  const server = await TestServer.start();
  await server.close();
  return server.port;
}

function entryFor(share: Share, port: number): ForwardEntry {
  const { id, name, target } = share;
  return { share: id, name, port, sharedPort: target.port, loopback: true };
}

async function echoes(port: number): Promise<boolean> {
  const socket = await connectTo(port);
  socket.write('there?');
  const answer = await readBytes(socket, 6);
  socket.end();
  await readToEnd(socket, () => undefined);
  return String(answer) === 'there?';
}

async function isReset(port: number): Promise<boolean> {
  return (await readToEnd(dial(port), () => undefined)) === 'ECONNRESET';
}

async function isClosed(port: number): Promise<boolean> {
  return (await readToEnd(dial(port), () => undefined)) === 'ECONNREFUSED';
}

function portOf({ local }: { readonly local: string }): number {
  return Number(local.split(':')[1]);
}

describe('a forward', () => {
  it('keeps its port while the peer is away, resets what comes, and works again with the next link', async () => {
    const server = await serve();
    const [desk, laptop] = [computer('desk'), computer('laptop')];
    desk.share(server.port);
    const first = await joinComputers(desk, laptop);
    const port = await laptop.port();
    expect(await echoes(port)).toBe(true);
    first.sever();
    await laptop.until('the link to end', () => laptop.endings.length === 1);
    expect(laptop.forwards.states()).toMatchObject([{ state: 'waiting', down: false }]);
    expect(await isReset(port)).toBe(true);
    await desk.until('the other end, too', () => desk.endings.length === 1);
    await joinComputers(desk, laptop);
    expect(await laptop.port()).toBe(port);
    expect(await echoes(port)).toBe(true);
    expect(laptop.opened).toHaveLength(1);
    expect(laptop.failures).toEqual([]);
  });

  it('is taken over by a newer session, and the older one takes nothing with it', async () => {
    const server = await serve();
    const [desk, laptop] = [computer('desk'), computer('laptop')];
    desk.share(server.port);
    const old = await joinComputers(desk, laptop);
    const port = await laptop.port();
    await joinComputers(desk, laptop);
    old.sever();
    await laptop.until('the older link to end', () => laptop.endings.length === 1);
    expect(await echoes(port)).toBe(true);
  });

  it('stops listening when its share is gone, and comes back with it on the same port', async () => {
    const server = await serve();
    const [desk, laptop] = [computer('desk'), computer('laptop')];
    const share = desk.share(server.port);
    await joinComputers(desk, laptop);
    const port = await laptop.port();
    desk.book.remove(share.id);
    await laptop.until('the forward to close', () => laptop.closedForwards.length === 1);
    expect(await isClosed(port)).toBe(true);
    expect(laptop.forwards.states()).toMatchObject([{ share: share.id, state: 'waiting' }]);
    desk.book.add(share);
    expect(await laptop.port()).toBe(port);
    expect(await echoes(port)).toBe(true);
  });

  it('never has its target’s own port on this computer, and has it on another', async () => {
    const free = await someFreePort();
    const [desk, laptop] = [computer('desk'), computer('laptop')];
    desk.share(free);
    await joinComputers(desk, laptop);
    await laptop.port();
    expect(laptop.opened).toMatchObject([{ why: 'own-target' }]);
    expect(await laptop.port()).not.toBe(free);
    const far = computer('far');
    await joinComputers(desk, far, 'network');
    expect(await far.port()).toBe(free);
    expect(far.opened).toMatchObject([{ why: 'same-port', sharedPort: free }]);
  });
});

describe('what is stored', () => {
  it('opens the ports before the peer is there, and they lead to it once it is', async () => {
    const server = await serve();
    const desk = computer('desk');
    const share = desk.share(server.port);
    const before = computer('laptop');
    await joinComputers(desk, before);
    const port = await before.port();
    const { entries } = before;
    expect(entries).toEqual([entryFor(share, port)]);
    await stop(before);

    const laptop = computer('laptop', { entries });
    await laptop.forwards.restore();
    expect(laptop.forwards.states()).toMatchObject([
      { local: `127.0.0.1:${port}`, state: 'waiting' },
    ]);
    expect(await isReset(port)).toBe(true);
    await joinComputers(desk, laptop);
    expect(await laptop.port()).toBe(port);
    expect(await echoes(port)).toBe(true);
    expect(laptop.opened).toHaveLength(1);
  });

  it('gives way to another port while its own is taken, and is not forgotten for it', async () => {
    const [server, taken] = [await serve(), await serve()];
    const desk = computer('desk');
    const share = desk.share(server.port);
    const entries = [entryFor(share, taken.port)];
    const laptop = computer('laptop', { entries });
    await laptop.forwards.restore();
    expect(laptop.opened).toMatchObject([{ why: 'taken' }]);
    expect(laptop.opened.map(portOf)).not.toContain(taken.port);
    await joinComputers(desk, laptop);
    expect(await echoes(await laptop.port())).toBe(true);
    expect(laptop.entries).toEqual([]);
    expect(taken.acceptedCount).toBe(0);
  });

  it('on the port of its own target makes way once the peer turns out to be on this computer', async () => {
    const free = await someFreePort();
    const desk = computer('desk');
    const share = desk.share(free);
    const laptop = computer('laptop', { entries: [entryFor(share, free)] });
    await laptop.forwards.restore();
    expect(laptop.opened.map(portOf)).toEqual([free]);
    await joinComputers(desk, laptop);
    await laptop.until('another port', () => laptop.opened.length === 2);
    expect(laptop.opened[1]).toMatchObject({ why: 'own-target' });
    expect(await isClosed(free)).toBe(true);
    expect(laptop.entries.map(({ port }) => port)).toEqual(laptop.opened.slice(1).map(portOf));
  });

  it('on the port of its own target makes way even if the link comes while it is being opened', async () => {
    const free = await someFreePort();
    const desk = computer('desk');
    const share = desk.share(free);
    const laptop = computer('laptop', { entries: [entryFor(share, free)] });
    const restored = laptop.forwards.restore();
    laptop.forwards.setLink({
      hasRoom: false,
      reach: 'this-computer',
      openSocket: () => undefined,
    });
    laptop.forwards.update(desk.book.announcedTo('laptop'));
    await restored;
    expect(laptop.opened).toMatchObject([{ why: 'own-target' }]);
    expect(laptop.opened.map(portOf)).not.toContain(free);
  });
});

async function chosen(options: ComputerOptions['forwards'] = { mode: 'chosen' }) {
  const [one, two] = [await serve(), await serve()];
  const desk = computer('desk');
  const shares = [
    desk.share(one.port, { name: 'web' }),
    desk.share(two.port, { name: 'db' }),
  ] as const;
  const laptop = computer('laptop', options);
  await joinComputers(desk, laptop);
  // The link, then the list.
  await laptop.until('the list', () => laptop.news === 2);
  return { desk, laptop, shares, one, two };
}

describe('choosing', () => {
  it('opens only what was asked for, by name, id or port, and remembers it', async () => {
    const { laptop, shares, two } = await chosen();
    await laptop.forwards.connect('web');
    const [web, db] = shares;
    const again = await laptop.forwards.connect(web.id);
    expect(again.share).toBe(web.id);
    expect(laptop.opened).toHaveLength(1);
    const forward = await laptop.forwards.connect(String(two.port));
    expect(forward.share).toBe(db.id);
    expect(await echoes(portOf(forward))).toBe(true);
    expect(laptop.entries.map(({ name }) => name)).toEqual(['web', 'db']);
    await expect(laptop.forwards.connect('nothing')).rejects.toMatchObject({
      code: 'E_SHARE_UNKNOWN',
    });
  });

  it('moves a forward to a port that is asked for, and leaves it alone when that is taken', async () => {
    const { laptop, one } = await chosen();
    const before = await laptop.forwards.connect('web');
    await expect(laptop.forwards.connect('web', one.port)).rejects.toMatchObject({
      code: 'E_PORT_BUSY',
    });
    expect(await echoes(portOf(before))).toBe(true);
    const free = await someFreePort();
    const moved = await laptop.forwards.connect('web', free);
    expect(moved).toMatchObject({ local: `127.0.0.1:${free}`, why: 'asked-for' });
    expect(await isClosed(portOf(before))).toBe(true);
    expect(laptop.entries.map(({ port }) => port)).toEqual([free]);
    expect(await laptop.forwards.connect('web', free)).toEqual(moved);
  });

  it('closes what is not wanted any more, by whatever it is called', async () => {
    const { laptop } = await chosen();
    for (const name of ['share', 'name', 'local', 'port'] as const) {
      const forward = await laptop.forwards.connect('web');
      const called = name === 'port' ? String(portOf(forward)) : forward[name];
      expect(laptop.forwards.disconnect(called)).toMatchObject(forward);
      expect(await isClosed(portOf(forward))).toBe(true);
      expect(laptop.forwards.states()).toEqual([]);
      expect([laptop.entries, laptop.declined]).toEqual([[], []]);
    }
    expect(() => laptop.forwards.disconnect('web')).toThrow(
      expect.objectContaining({ code: 'E_FORWARD_UNKNOWN' }),
    );
  });

  it('of all: what was declined stays closed until it is asked for', async () => {
    const { desk, laptop, shares } = await chosen({ mode: 'all' });
    const [web, db] = shares;
    await laptop.until('both', () => laptop.opened.length === 2);
    laptop.forwards.disconnect('web');
    expect(laptop.declined).toEqual([web.id]);
    desk.share(1, { name: 'third' });
    await laptop.until('the third', () => laptop.opened.length === 3);
    expect(laptop.forwards.states().map(({ name }) => name)).toEqual(['db', 'third']);
    const forward = await laptop.forwards.connect('web');
    expect(laptop.declined).toEqual([]);
    expect(await echoes(portOf(forward))).toBe(true);
    expect(laptop.entries.map(({ share }) => share)).toContain(db.id);
  });

  it('says when a name can mean two', async () => {
    const { desk, laptop, shares } = await chosen();
    const before = laptop.news;
    desk.share(2, { name: 'web' });
    await laptop.until('the new list', () => laptop.news > before);
    await expect(laptop.forwards.connect('web')).rejects.toMatchObject({ code: 'E_AMBIGUOUS' });
    expect(await laptop.forwards.connect(shares[0].id)).toMatchObject({ name: 'web' });
  });
});

describe('--local', () => {
  it('is the port of the single share, or the reason there is none', async () => {
    const server = await serve();
    const free = await someFreePort();
    const desk = computer('desk');
    desk.share(server.port);
    const laptop = computer('laptop', { localPort: free });
    await joinComputers(desk, laptop);
    expect(await laptop.port()).toBe(free);
    expect(laptop.opened).toMatchObject([{ why: 'asked-for' }]);
    desk.share(1);
    await laptop.until('the second share', () => laptop.opened.length === 2);

    const late = computer('late', { localPort: free });
    await joinComputers(desk, late);
    await late.until('a failure', () => late.failures.length === 1);
    expect(late.failures.map(({ code }) => code)).toEqual(['E_USAGE']);
    expect(late.opened).toEqual([]);
  });

  it('moves a forward that was stored, and is E_PORT_BUSY where somebody answers', async () => {
    const server = await serve();
    const [stored, free] = [await someFreePort(), await someFreePort()];
    const desk = computer('desk');
    const share = desk.share(server.port);
    const entries = [entryFor(share, stored)];
    const laptop = computer('laptop', { entries, localPort: free });
    await laptop.forwards.restore();
    await joinComputers(desk, laptop);
    await laptop.until('the move', () => laptop.opened.length === 2);
    expect(laptop.forwards.states()).toMatchObject([{ local: `127.0.0.1:${free}` }]);
    const other = computer('other', { localPort: server.port });
    await joinComputers(desk, other);
    await other.until('a failure', () => other.failures.length === 1);
    expect(other.failures.map(({ code }) => code)).toEqual(['E_PORT_BUSY']);
  });
});

describe('a peer that lists too much', () => {
  it('gets as many ports as a peer may have', async () => {
    const laptop = computer('laptop');
    const shares = Array.from({ length: 1000 }, (_, index) => ({
      id: Buffer.from([index >> 8, index & 255]),
      name: '',
      port: 1,
      loopback: true,
      down: false,
    }));
    laptop.forwards.setLink({
      hasRoom: false,
      reach: 'this-computer',
      openSocket: () => undefined,
    });
    laptop.forwards.update(shares);
    await laptop.until('all ports', () => laptop.opened.length === 256);
    laptop.forwards.update(shares.slice(500));
    await laptop.until('others', () => laptop.opened.length === 512);
    expect(laptop.closedForwards).toHaveLength(256);
    expect(laptop.entries).toHaveLength(256);
    expect(laptop.forwards.states()).toHaveLength(256);
  });
});
