/**
 * The commands around `porthole up`: without one, beside a foreground command, with targets that come
 * and go or may not be shared, with a backup, and the end of each.
 */
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { linkOf } from '../support/command.ts';
import {
  done,
  endDaemons,
  eventsOf,
  expectFailure,
  expectNoWay,
  openEcho,
  portOf,
  startDaemon,
  startPair,
  untilEcho,
} from '../support/daemons.ts';
import { Home } from '../support/home.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { echo, TestServer } from '../support/servers.ts';
import { readToEnd, tame, within } from '../support/tcp.ts';

/** product.md: Ctrl+C ends everything in under a second; here beside other tests. */
const END_MS = 1500;
/** What is taken back is cut within a second. */
const CUT_MS = 1000;
const PASSPHRASE = 'correct horse battery staple';

// A dozen processes one after another, beside other tests.
vi.setConfig({ testTimeout: 120_000 });

let expectNothingLeft: () => Promise<void>;
/** What the desk shares. */
let echoes: TestServer;
const servers: Server[] = [];

beforeAll(async () => {
  expectNothingLeft = watchForLeaks();
  echoes = await TestServer.start(echo);
});
afterEach(async () => {
  await endDaemons();
  for (const server of servers.splice(0)) server.close();
  echoes.destroyAll();
});
afterAll(async () => {
  await echoes.close();
  await expectNothingLeft();
});

/** What a process that has ended must not leave: its lock, its control socket and file. */
function leftIn({ dataDir }: Home): readonly string[] {
  return readdirSync(dataDir).filter((name) => /lock|\.tmp|control/.test(name));
}

describe('without a daemon', () => {
  test('whatever needs one says how to start it', async () => {
    const alone = new Home('alone');
    const commands = ['status', 'logs', 'unshare x', 'grant x y', 'revoke x y', 'forget x'];
    for (const command of [...commands, 'disconnect x']) {
      const message = await expectFailure(alone, command.split(' '), 'E_NO_DAEMON');
      expect(message).toBe(
        'Porthole is not running for this data folder. Start it with: porthole up',
      );
    }
  });

  test('list and peers show what is stored', async () => {
    const { desk, laptop, atDesk, atLaptop, echoId, echoPort } = await startPair(echoes.port);
    await Promise.all([atDesk.endBy('SIGTERM'), atLaptop.endBy('SIGTERM')]);
    const shares = await done(desk, ['list']);
    expect(shares.events).toMatchObject([{ event: 'share', share: echoId, state: 'stopped' }]);
    expect(shares.stderr).toContain('Porthole is not running for this data folder.');
    const forwards = await done(laptop, ['list']);
    expect(forwards.events).toMatchObject([
      { event: 'forward', share: echoId, local: `127.0.0.1:${echoPort}`, state: 'waiting' },
    ]);
    const peers = await done(laptop, ['peers']);
    expect(peers.events).toMatchObject([
      { event: 'peer', name: 'desk', lastSeen: expect.stringMatching(/^\d{4}-.*Z$/) },
    ]);
  });
});

describe('the health of a target', () => {
  test('it stops and comes back: both are told, and connections are tried all the same', async () => {
    const { desk, laptop, atDesk, atLaptop } = await startPair(echoes.port);
    const target = await listenAt(0);
    const told = await done(desk, ['share', String(target.port), '--name', 'moody']);
    const [{ share } = {}] = eventsOf(told, 'share');
    const port = portOf(await atLaptop.eventWith('forward', { share }));
    await untilEcho(port);
    target.server.close();
    // Failing makes the desk look at once.
    await expectNoWay(port);
    await atDesk.printed(
      new RegExp(`Nothing answers on 127\\.0\\.0\\.1:${target.port}\\. Start your app`),
      'stderr',
    );
    await atLaptop.printed(
      new RegExp(`Nothing answers on desk’s port ${target.port}\\.`),
      'stderr',
    );
    const down = eventsOf(await done(desk, ['list']), 'share').find(({ name }) => name === 'moody');
    expect(down).toMatchObject({ health: 'down', state: 'live' });
    const { stdout } = await laptop.say(['list']);
    expect(stdout).toMatch(/moody +desk +nothing answers there/);
    await listenAt(target.port);
    await untilEcho(port);
    await atDesk.printed(/127\.0\.0\.1:\d+ \("moody"\) answers again\./, 'stderr');
    await atLaptop.printed(/desk’s port \d+ \("moody"\) answers again\./, 'stderr');
    const up = eventsOf(await done(laptop, ['list']), 'forward');
    expect(up.find(({ name }) => name === 'moody')).toMatchObject({ state: 'live' });
  });
});

async function listenAt(port: number): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    echo(tame(socket));
    socket.once('end', () => socket.end());
  });
  servers.push(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: address.port };
}

describe('targets that are not of this computer', () => {
  test.each([
    { target: '192.0.2.1:80', code: 'E_LAN_TARGET', says: /Add --allow-lan to share/ },
    { target: '169.254.169.254:80', code: 'E_TARGET_FORBIDDEN', says: /cannot be shared/ },
  ])('$target', async ({ target, code, says }) => {
    const home = new Home('desk');
    expect(await expectFailure(home, ['share', target], code)).toMatch(says);
    await startDaemon(home);
    expect(await expectFailure(home, ['share', target], code)).toMatch(says);
    expect(eventsOf(await done(home, ['list']), 'share')).toStrictEqual([]);
    const allowed = await home.ask(['share', target, '--allow-lan']);
    expect(allowed.code).toBe(code === 'E_LAN_TARGET' ? 0 : 1);
  });
});

describe('export and import', () => {
  test('the restored computer is known to its peer', async () => {
    const { desk, laptop, atLaptop, echoPort } = await startPair(echoes.port);
    const exported = await done(laptop, ['export'], PASSPHRASE);
    const backup = String(eventsOf(exported, 'backup')[0]?.['backup']);
    await atLaptop.endBy('SIGKILL');
    const fresh = new Home('fresh');
    const wrong = await fresh.ask(['import'], backup, 'another passphrase');
    expect(wrong.events.at(-1)).toMatchObject({ code: 'E_PASSPHRASE' });
    await done(fresh, ['import'], backup, PASSPHRASE);
    const again = await fresh.ask(['import'], backup, PASSPHRASE);
    expect(again.events.at(-1)).toMatchObject({ code: 'E_IDENTITY_EXISTS' });
    await done(fresh, ['import', '--replace'], backup, PASSPHRASE);
    const daemon = await startDaemon(fresh);
    expect(await daemon.event('status')).toMatchObject({ deviceName: 'laptop' });
    await daemon.eventWith('link', { state: 'up' });
    await untilEcho(echoPort);
    expect(eventsOf(await done(desk, ['peers']), 'peer')).toMatchObject([
      { name: 'laptop', state: 'up' },
    ]);
  });
});

describe('a share in the foreground', () => {
  test('answers other terminals, and its peer is cut by them', async () => {
    const [desk, laptop] = [new Home('desk'), new Home('laptop')];
    const args = ['--name', 'echo', '--invite', '--trust-invite'];
    const sharing = desk.script(['share', String(echoes.port), ...args]);
    const joined = laptop.script(['join', '--trust-invite']);
    joined.writeLine(await linkOf(sharing));
    const port = portOf(await joined.event('forward'));
    const client = await openEcho(port);
    expect((await done(desk, ['status'])).events).toMatchObject([
      { pid: sharing.pid, connections: 1 },
    ]);
    await done(desk, ['revoke', 'laptop', 'echo']);
    expect(
      await within(
        'the cut',
        readToEnd(client, () => undefined),
        CUT_MS,
      ),
    ).toBe('ECONNRESET');
    await expectNoWay(port);
    await done(desk, ['grant', 'laptop', 'echo']);
    await untilEcho(port);
    await done(desk, ['forget', 'laptop']);
    const { code } = await joined.end();
    expect(code).toBe(1);
    expect(joined.events().at(-1)).toMatchObject({ event: 'error', code: 'E_REMOVED' });
    expect(sharing.isRunning).toBe(true);
  });

  test('keeps its data folder: another command there is told whose it is', async () => {
    const desk = new Home('desk');
    const sharing = desk.script(['share', String(echoes.port)]);
    await sharing.event('share');
    for (const args of [['share', '9'], ['up'], ['connect', 'laptop', 'web']]) {
      const message = await expectFailure(desk, args, 'E_DATA_DIR_IN_USE');
      expect(message).toContain(`process ${sharing.pid}`);
    }
  });
});

describe('Ctrl+C', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s at both daemons leaves nothing', async (signal) => {
    const { desk, laptop, atDesk, atLaptop, echoPort } = await startPair(echoes.port);
    const client = await openEcho(echoPort);
    const reset = readToEnd(client, () => undefined);
    for (const daemon of [atDesk, atLaptop]) {
      const { code, ms, signal: by } = await daemon.endBy(signal);
      expect({ code, by }).toStrictEqual({ code: 0, by: null });
      expect(ms).toBeLessThan(END_MS);
    }
    expect(await reset).toBe('ECONNRESET');
    for (const home of [desk, laptop]) {
      expect(leftIn(home)).toStrictEqual([]);
    }
    await expectNoWay(echoPort);
  });

  test.each([['up'], ['share', '9'], ['invite'], ['invite', '--offline']])(
    '%s %s, alone',
    async (...args) => {
      const home = new Home('alone');
      const command = home.start(args);
      await command.printed(/Ctrl\+C/);
      const { code, ms } = await command.endBy('SIGINT');
      expect(code).toBe(0);
      expect(ms).toBeLessThan(END_MS);
      expect(leftIn(home)).toStrictEqual([]);
    },
  );

  test('connect, in the foreground, for a peer that is away', async () => {
    const { desk, laptop, atDesk, atLaptop, echoPort } = await startPair(echoes.port);
    await Promise.all([atDesk.endBy('SIGTERM'), atLaptop.endBy('SIGTERM')]);
    const connecting = laptop.script(['connect', 'desk', 'echo']);
    const forward = await connecting.event('forward');
    expect(forward).toMatchObject({ local: `127.0.0.1:${echoPort}` });
    await startDaemon(desk);
    await untilEcho(echoPort);
    const { code, ms } = await connecting.endBy('SIGINT');
    expect(code).toBe(0);
    expect(ms).toBeLessThan(END_MS);
  });
});
