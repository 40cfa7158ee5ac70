/**
 * `porthole up` on two computers, and every command that talks to it: what they change takes effect
 * at once, what is kept survives any end, and nothing is asked twice.
 */
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Command } from '../support/command.ts';
import { linkOf } from '../support/command.ts';
import {
  done,
  endDaemons,
  eventsOf,
  expectEcho,
  expectFailure,
  expectNoWay,
  keep,
  openEcho,
  portOf,
  startDaemon,
  startDaemons,
  startPair,
  untilEcho,
} from '../support/daemons.ts';
import type { Home } from '../support/home.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { needs, runProgram } from '../support/programs.ts';
import { echo, TestServer } from '../support/servers.ts';
import { connectTo, freePort, readBytes, readToEnd, within } from '../support/tcp.ts';

/** product.md: Ctrl+C ends everything in under a second; here beside other tests. */
const END_MS = 1500;
/** `revoke`, `unshare` and `forget` take effect within a second. */
const CUT_MS = 1000;

const noCurl = needs('curl');
// A dozen processes one after another, beside other tests.
vi.setConfig({ testTimeout: 120_000 });

let expectNothingLeft: () => Promise<void>;
/** What the desk shares: one echoes, the other answers every request with a page without end. */
let echoes: TestServer;
let endless: TestServer;

beforeAll(async () => {
  expectNothingLeft = watchForLeaks();
  echoes = await TestServer.start(echo);
  endless = await TestServer.start(pour);
});
afterEach(async () => {
  await endDaemons();
  echoes.destroyAll();
  endless.destroyAll();
});
afterAll(async () => {
  await Promise.all([echoes.close(), endless.close()]);
  await expectNothingLeft();
});

function pour(socket: Socket): void {
  const chunk = Buffer.alloc(16_384, 'x');
  const fill = (): void => {
    while (socket.writable && socket.write(chunk));
  };
  socket.once('data', () => {
    socket.write('HTTP/1.0 200 OK\r\n\r\n');
    socket.on('drain', fill);
    fill();
  });
  // A look at whether it answers, say.
  socket.once('end', () => socket.destroy());
  socket.resume();
}

/** Shares the page without end too; returns its port at the laptop. */
async function shareEndless(desk: Home, atLaptop: Command): Promise<number> {
  const told = await done(desk, ['share', String(endless.port), '--name', 'endless']);
  const [{ share } = {}] = eventsOf(told, 'share');
  return portOf(await atLaptop.eventWith('forward', { share }));
}

/** Downloads without end, by hand and with a real program; `cut` tells how both ended. */
async function startDownloads(port: number) {
  const client = keep(await connectTo(port));
  client.write('GET / HTTP/1.0\r\n\r\n');
  await readBytes(client, 1_048_576);
  const curl = noCurl.missing
    ? undefined
    : runProgram('curl', ['-sS', '-o', '/dev/null', `http://127.0.0.1:${port}/`]);
  const downloads = curl === undefined ? 1 : 2;
  await expect.poll(() => endless.openCount, { timeout: 20_000 }).toBe(downloads);
  return { cut: Promise.all([readToEnd(client, () => undefined), curl?.then(({ code }) => code)]) };
}

/** CURLE_RECV_ERROR: "Connection reset by peer". */
const CURL_RESET = 56;

describe('two daemons', () => {
  test('pair by comparing, while commands only talk to them', async () => {
    const { desk, laptop, atDesk, atLaptop } = await startDaemons();
    const sharing = desk.script(['share', String(echoes.port), '--invite']);
    const joined = laptop.script(['join']);
    joined.writeLine(await linkOf(sharing));
    const [here, there] = await Promise.all([sharing.event('compare'), joined.event('compare')]);
    expect(here['digits']).toBe(there['digits']);
    sharing.writeLine('yes');
    joined.writeLine('yes');
    for (const { code, signal } of [await sharing.end(), await joined.end()]) {
      expect({ code, signal }).toStrictEqual({ code: 0, signal: null });
    }
    expect(sharing.events().map(({ event }) => event)).toStrictEqual([
      'share',
      'invite',
      'compare',
      'paired',
    ]);
    const forward = await joined.event('forward').catch(() => joined.events().at(-1));
    expect(forward).toMatchObject({ event: 'forward', local: expect.any(String), state: 'live' });
    await openEcho(portOf(forward));
    await Promise.all([atDesk, atLaptop].map(async (at) => at.eventWith('link', { state: 'up' })));
    for (const daemon of [atDesk, atLaptop]) {
      expect(daemon.stdout).not.toMatch(/compare|porthole:\/\//);
    }
  });

  test('no said to one of them leaves nothing in either', async () => {
    const { desk, laptop } = await startDaemons();
    const sharing = desk.script(['share', String(echoes.port), '--invite']);
    const joined = laptop.script(['join']);
    joined.writeLine(await linkOf(sharing));
    await Promise.all([sharing.event('compare'), joined.event('compare')]);
    joined.writeLine('no');
    for (const { code, stdout } of [await sharing.end(), await joined.end()]) {
      expect(code).toBe(1);
      expect(stdout).toContain('"code":"E_DIGITS_DIFFER"');
    }
    for (const home of [desk, laptop]) {
      expect(home.storedPeers()).toStrictEqual([]);
      expect(eventsOf(await done(home, ['peers']), 'peer')).toStrictEqual([]);
    }
  });

  test('list, peers, status and logs tell what is there', async () => {
    const { desk, laptop, echoPort, echoId } = await startPair(echoes.port);
    await openEcho(echoPort);
    const [mine, theirs] = await Promise.all([done(desk, ['list']), done(laptop, ['list'])]);
    expect(eventsOf(mine, 'share')).toMatchObject([{ share: echoId, name: 'echo', state: 'live' }]);
    expect(eventsOf(theirs, 'forward')).toMatchObject([
      { share: echoId, local: `127.0.0.1:${echoPort}`, name: 'echo', state: 'live' },
    ]);
    const [deskPeers, laptopPeers] = [await done(desk, ['peers']), await done(laptop, ['peers'])];
    expect(deskPeers.events).toMatchObject([{ event: 'peer', name: 'laptop', state: 'up' }]);
    expect(laptopPeers.events).toMatchObject([{ event: 'peer', name: 'desk', state: 'up' }]);
    const status = await done(laptop, ['status']);
    expect(status.events).toMatchObject([
      { event: 'status', device: expect.any(String), deviceName: 'laptop', connections: 1 },
    ]);
    const texts = eventsOf(await done(laptop, ['logs']), 'log').map(({ text }) => text);
    expect(texts).toContain('Paired with desk.');
    expect(texts).toContain('Connected to desk (datachannel).');
    const { stdout } = await laptop.say(['list']);
    expect(stdout).toMatch(new RegExp(`127\\.0\\.0\\.1:${echoPort} +echo +desk +live`));
  });

  test('logs -f goes on until Ctrl+C', async () => {
    const { desk, laptop, echoPort } = await startPair(echoes.port);
    const following = laptop.script(['logs', '-f']);
    await following.eventWith('log', { text: 'Paired with desk.' });
    await done(desk, ['unshare', 'echo']);
    await following.eventWith('log', { text: `127.0.0.1:${echoPort} was closed.` });
    const { code, ms } = await following.endBy('SIGINT');
    expect(code).toBe(0);
    expect(ms).toBeLessThan(END_MS);
  });

  test('disconnect closes a port for good, connect opens one', async () => {
    const { desk, laptop, atLaptop, echoPort, echoId } = await startPair(echoes.port);
    const client = await openEcho(echoPort);
    await done(laptop, ['disconnect', 'echo']);
    await expectNoWay(echoPort);
    // Nobody took the connection back: it goes on to its own end.
    await expectEcho(client, 'still there');
    expect(eventsOf(await done(laptop, ['list']), 'forward')).toStrictEqual([]);
    // It stays closed, whatever the desk announces.
    await shareEndless(desk, atLaptop);
    expect(eventsOf(await done(laptop, ['list']), 'forward')).toHaveLength(1);
    const wished = await freePort(createServer());
    const args = ['connect', 'desk', 'echo', '--local', String(wished)];
    const [forward] = eventsOf(await done(laptop, args), 'forward');
    expect(forward).toMatchObject({ share: echoId, local: `127.0.0.1:${wished}` });
    await openEcho(wished);
    await expectFailure(laptop, ['connect', 'desk', 'nothing'], 'E_SHARE_UNKNOWN');
    await expectFailure(laptop, ['connect', 'nobody', 'echo'], 'E_PEER_UNKNOWN');
    await expectFailure(laptop, ['disconnect', 'nothing'], 'E_FORWARD_UNKNOWN');
  });
});

describe('what is taken back is cut at once, and the rest goes on', () => {
  test.each([
    { what: 'revoke', args: ['revoke', 'laptop', 'endless'] },
    { what: 'unshare', args: ['unshare', 'endless'] },
  ])('$what', async ({ args }) => {
    const { desk, atLaptop, echoPort } = await startPair(echoes.port);
    const port = await shareEndless(desk, atLaptop);
    const other = await openEcho(echoPort);
    const { cut } = await startDownloads(port);
    await done(desk, args);
    expect(await within('the cut', cut, CUT_MS)).toStrictEqual([
      'ECONNRESET',
      noCurl.missing ? undefined : CURL_RESET,
    ]);
    await expectNoWay(port);
    await expect.poll(() => endless.openCount, { timeout: 5000 }).toBe(0);
    await expectEcho(other, 'still there');
    await openEcho(echoPort);
  });

  test('grant gives back what revoke took, under the same id, on the same port', async () => {
    const { desk, atLaptop, echoPort, echoId } = await startPair(echoes.port);
    await done(desk, ['revoke', 'laptop', 'echo']);
    await expectNoWay(echoPort);
    const count = atLaptop.events().filter(({ event }) => event === 'forward').length;
    await done(desk, ['grant', 'laptop', 'echo']);
    const forward = await atLaptop.event('forward', count + 1);
    expect(forward).toMatchObject({ share: echoId, local: `127.0.0.1:${echoPort}` });
    await untilEcho(echoPort);
  });

  test('forget: everything of that peer, for good', async () => {
    const { desk, laptop, atDesk, atLaptop } = await startPair(echoes.port);
    const port = await shareEndless(desk, atLaptop);
    const { cut } = await startDownloads(port);
    await done(desk, ['forget', 'laptop']);
    const [ending] = await within('the cut', cut, CUT_MS);
    expect(ending).toBe('ECONNRESET');
    await atLaptop.printed(/This computer was removed from desk\. To connect again/, 'stderr');
    await expectNoWay(port);
    expect(desk.storedPeers()).toStrictEqual([]);
    expect(eventsOf(await done(desk, ['peers']), 'peer')).toStrictEqual([]);
    expect(eventsOf(await done(laptop, ['peers']), 'peer')).toMatchObject([{ state: 'removed' }]);
    // It does not call again, not even when it starts anew.
    await atLaptop.endBy('SIGTERM');
    const again = await startDaemon(laptop);
    const { stdout } = await laptop.say(['peers']);
    expect(stdout).toContain('desk has removed this computer. To connect again, pair again.');
    expect(again.events().some(({ event }) => event === 'link')).toBe(false);
    const ups = atDesk.events().filter(({ event, state }) => event === 'link' && state === 'up');
    expect(ups).toHaveLength(1);
  });
});

describe('a daemon that starts again', () => {
  test.each(['SIGTERM', 'SIGKILL'] as const)('the sharing one, after %s', async (signal) => {
    const { desk, laptop, atDesk, atLaptop, echoId, echoPort } = await startPair(echoes.port);
    await openEcho(echoPort);
    await atDesk.endBy(signal);
    const again = await startDaemon(desk);
    await again.eventWith('link', { state: 'up' });
    await untilEcho(echoPort);
    expect(eventsOf(await done(desk, ['list']), 'share')).toMatchObject([
      { share: echoId, name: 'echo', state: 'live' },
    ]);
    expect(eventsOf(await done(laptop, ['list']), 'forward')).toMatchObject([
      { share: echoId, local: `127.0.0.1:${echoPort}`, state: 'live' },
    ]);
    expect(again.stdout + atLaptop.stdout).not.toMatch(/compare|"invite"/);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('the other one, after %s', async (signal) => {
    const { laptop, atLaptop, echoId, echoPort } = await startPair(echoes.port);
    const local = await freePort(createServer());
    await done(laptop, ['connect', 'desk', 'echo', '--local', String(local)]);
    expect(local).not.toBe(echoPort);
    await openEcho(local);
    await atLaptop.endBy(signal);
    const again = await startDaemon(laptop);
    const forward = await again.event('forward');
    expect(forward).toMatchObject({ share: echoId, local: `127.0.0.1:${local}` });
    await again.eventWith('link', { state: 'up' });
    await untilEcho(local);
    expect(again.stdout).not.toMatch(/compare/);
  });

  test('a port whose peer is away stays, and resets at once', async () => {
    const { laptop, atDesk, atLaptop, echoPort } = await startPair(echoes.port);
    await atDesk.endBy('SIGTERM');
    await atLaptop.eventWith('link', { state: 'closed' });
    await expectNoWay(echoPort);
    const [forward] = eventsOf(await done(laptop, ['list']), 'forward');
    expect(forward).toMatchObject({ local: `127.0.0.1:${echoPort}`, state: 'waiting' });
    const { stdout } = await laptop.say(['peers']);
    expect(stdout).toMatch(/desk is offline\. Last seen today at \d\d:\d\d\.|Connecting to desk…/);
  });
});
