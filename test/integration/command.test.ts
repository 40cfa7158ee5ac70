/**
 * `porthole share` and `porthole join` as a person runs them: what they see, how it ends, and that
 * nothing is left when it did.
 */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CommandOptions } from '../support/command.ts';
import { childrenOf, Command, endCommands, linkOf } from '../support/command.ts';
import { Home, removeHomes } from '../support/home.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { needs } from '../support/programs.ts';
import { echo, TestServer } from '../support/servers.ts';
import { connectTo, dial, freePort, listen, readBytes, readToEnd, tame } from '../support/tcp.ts';

const SHARE = ['--invite', '--trust-invite'];
const JOIN = ['join', '--trust-invite'];
/** product.md: Ctrl+C ends everything in under a second. */
const END_MS = 1000;
/** Python gives a program a terminal of its own; what comes in is typed there. */
const TERMINAL = [
  'python3',
  '-c',
  'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))',
];
const CTRL_C = '\u0003';
const noPython = needs('python3');
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** An address of this computer that is not on its loopback interface. */
const ownAddress = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
if (ownAddress === undefined) console.warn('\n*** NOT TESTED: this computer has no network ***\n');

let expectNothingLeft: () => Promise<void>;
let target: TestServer;
const servers: Server[] = [];
const clients: Socket[] = [];

beforeAll(async () => {
  expectNothingLeft = watchForLeaks();
  target = await TestServer.start(echo);
});
afterEach(async () => {
  await endCommands();
  removeHomes();
  for (const client of clients.splice(0)) client.destroy();
  target.destroyAll();
  for (const server of servers.splice(0)) server.close();
});
afterAll(async () => {
  await target.close();
  await expectNothingLeft();
});

function share(where: number | string, ...more: readonly string[]): Command {
  return Command.start(['share', String(where), ...SHARE, ...more]);
}

function joinBy(link: string, args: readonly string[] = [], options?: CommandOptions): Command {
  const command = Command.start([...JOIN, ...args], options);
  command.writeLine(link);
  return command;
}

/** The port a `join` says its forward has. */
async function forwardPort(joined: Command): Promise<number> {
  const [, port] = await joined.printed(/127\.0\.0\.1:(\d+)(?: now leads to|")/);
  return Number(port);
}

async function startPair(...args: readonly string[]) {
  const sharing = share(target.port);
  const joined = joinBy(await linkOf(sharing), args);
  return { sharing, joined, port: await forwardPort(joined) };
}

/** As `startPair`, of two computers that can be started again. */
async function startHomes(...args: readonly string[]) {
  const [desk, laptop] = [new Home('desk'), new Home('laptop')];
  const sharing = desk.start(['share', String(target.port), ...SHARE, ...args]);
  const joined = laptop.start([...JOIN, ...args]);
  joined.writeLine(await linkOf(sharing));
  return { sharing, joined, desk, port: await forwardPort(joined) };
}

/** A port whose computer is away leads nowhere, and says so at once. */
async function expectReset(port: number): Promise<void> {
  const client = dial(port);
  clients.push(client);
  expect(await readToEnd(client, () => undefined)).toBe('ECONNRESET');
}

async function expectEcho(port: number, text = 'through the tunnel'): Promise<void> {
  const client = await connectTo(port);
  clients.push(client);
  client.write(text);
  expect((await readBytes(client, text.length)).toString()).toBe(text);
  client.destroy();
}

/** Sends without end what the target echoes; resolves when a MiB came back. */
async function startTraffic(port: number): Promise<void> {
  const client = await connectTo(port);
  clients.push(client);
  const chunk = Buffer.alloc(65_536, 'x');
  const fill = (): void => {
    while (client.writable && client.write(chunk));
  };
  client.on('drain', fill);
  fill();
  await readBytes(client, 1_048_576);
  client.resume();
}

/** An echo server at another address than 127.0.0.1. */
async function echoAt(host: string): Promise<number> {
  const server = createServer((socket) => echo(tame(socket)));
  servers.push(server);
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('what a person sees', () => {
  test('share tells what to do on the other computer, join where it leads', async () => {
    const sharing = share(target.port, '--name', 'my web app');
    const link = await linkOf(sharing);
    await sharing.printed(/Ctrl\+C cancels it/);
    expect(sharing.stdout).toContain(`Sharing 127.0.0.1:${target.port} as "my web app".`);
    expect(sharing.stdout).toMatch(/\n {2}porthole join --trust-invite\n/);
    expect(sharing.stdout).toContain(`\n  ${link}\n`);
    expect(sharing.stdout).toMatch(/good for one computer, until \d\d:\d\d/);
    const joined = joinBy(link);
    const port = await forwardPort(joined);
    const words =
      /^Connecting to \S+…\nPaired with \S+\.\nConnected to \S+\.\n127\.0\.0\.1:\d+ now leads to "my web app" on \S+ \(port \d+ is [a-z ]+ here\)\.\nCtrl\+C ends it\.\n$/;
    await joined.printed(words);
    expect(port).not.toBe(target.port);
    await sharing.printed(/Paired with \S+\.\nConnected to \S+\.\nCtrl\+C stops sharing\.\n/);
    await expectEcho(port);
    expect(sharing.stdout.match(/porthole:\/\//g)).toHaveLength(1);
    expect(sharing.stderr + joined.stderr).toBe('');
    expect([sharing.pid, joined.pid].flatMap(childrenOf)).toStrictEqual([]);
  });

  test.skipIf(ownAddress === undefined)(
    `the same port where it is free${ownAddress === undefined ? ' (SKIPPED: no network)' : ''}`,
    async () => {
      // At 127.0.0.1 the port would be the target's own.
      const port = await echoAt(ownAddress ?? '');
      const joined = joinBy(await linkOf(share(`${ownAddress}:${port}`, '--allow-lan')));
      await joined.printed(
        new RegExp(`^127\\.0\\.0\\.1:${port} now leads to "${port}" on \\S+\\.$`, 'm'),
      );
      await expectEcho(port);
    },
  );

  test('the port that --local names', async () => {
    const wished = await freePort(createServer());
    const { port } = await startPair('--local', String(wished));
    expect(port).toBe(wished);
    await expectEcho(port);
  });

  test('a dev server on ::1 only, by its port', async () => {
    const port = await forwardPort(joinBy(await linkOf(share(await echoAt('::1')))));
    await expectEcho(port);
  });

  test('a target by host name', async () => {
    const sharing = share(`localhost:${target.port}`);
    expect((await sharing.printed(/Sharing (\S+) as/))[1]).toBe(`localhost:${target.port}`);
    await expectEcho(await forwardPort(joinBy(await linkOf(sharing))));
  });

  test('a target that is down, once, and its return', async () => {
    const server = createServer((socket) => echo(tame(socket)));
    const port = await listen(server);
    server.close();
    const joined = joinBy(await linkOf(share(port)));
    const local = await forwardPort(joined);
    for (const attempt of [1, 2]) {
      const client = await connectTo(local);
      clients.push(client);
      expect(await readToEnd(client, () => undefined)).toBe('ECONNRESET');
      await joined.printed(
        new RegExp(`turned down: Nothing answers on the other computer’s port ${port}\\. Start`),
      );
      expect(joined.stdout).not.toMatch(/[{}]/);
      expect(joined.stdout.match(/turned down/g), `attempt ${attempt}`).toHaveLength(1);
    }
    const back = createServer((socket) => echo(tame(socket)));
    servers.push(back);
    back.listen(port, '127.0.0.1');
    await once(back, 'listening');
    await expectEcho(local);
  });

  test.skipIf(noPython.missing)(
    `a terminal asks for the link, and takes Ctrl+C${noPython.note}`,
    async () => {
      const link = await linkOf(share(target.port));
      for (const pasted of [true, false]) {
        const terminal = Command.start(JOIN, { behind: TERMINAL });
        await terminal.printed(/Paste the link: /);
        if (pasted) terminal.writeLine(link);
        if (pasted) await terminal.printed(/now leads to/);
        terminal.write(CTRL_C);
        expect(await terminal.end()).toMatchObject({ code: 0, signal: null });
      }
    },
  );
});

describe('one link, one computer', () => {
  test('a used link is turned down, and who has it keeps working', async () => {
    const sharing = share(target.port);
    const link = await linkOf(sharing);
    const port = await forwardPort(joinBy(link));
    const late = await joinBy(link).end();
    expect(late.code).toBe(1);
    expect(late.stdout).toMatch(/^Connecting to \S+…\n$/);
    expect(late.stderr).toMatch(/already used\. Ask for a new one.*\n\(E_INVITE_USED\)/);
    await expectEcho(port);
    expect(sharing.isRunning).toBe(true);
  });

  test('two at once: at most one gets in, and nobody hangs', async () => {
    const sharing = share(target.port, '--json');
    const link = await linkOf(sharing);
    const both = [joinBy(link, ['--json']), joinBy(link, ['--json'])];
    const fates = await Promise.all(
      both.map(async (command) =>
        Promise.race([command.event('forward').catch(async () => command.end()), command.end()]),
      ),
    );
    const inside = fates.filter((fate) => 'event' in fate);
    expect(inside.length).toBeLessThanOrEqual(1);
    for (const command of both.filter(({ isRunning }) => !isRunning)) {
      expect(command.events().at(-1)).toMatchObject({ event: 'error', code: 'E_INVITE_USED' });
    }
    if (inside.length > 0) return;
    const { code } = await sharing.end();
    expect(code).toBe(1);
    expect(sharing.events().at(-1)).toMatchObject({ event: 'error', code: 'E_INVITE_BURNED' });
  });

  test('when the computer leaves, the link stays used, and it comes back without one', async () => {
    const laptop = new Home('laptop');
    const sharing = share(target.port, '--json');
    const { link } = await sharing.event('invite');
    const first = joinBy(String(link), ['--json', '--data-dir', laptop.dataDir]);
    const { peer, share: shared, local } = await first.event('forward');
    expect(first.events().filter(({ event }) => event === 'link')).toStrictEqual([
      { event: 'link', peer, state: 'connecting', path: 'datachannel' },
      { event: 'link', peer, state: 'up', path: 'datachannel' },
    ]);
    expect((await first.endBy('SIGINT')).code).toBe(0);
    await sharing.eventWith('link', { state: 'closed' });
    const late = await joinBy(String(link), ['--json']).end();
    expect(late.stdout).toContain('E_INVITE_USED');
    const back = laptop.script(['connect', String(peer), String(shared)]);
    expect(await back.event('forward')).toMatchObject({ local });
    await back.eventWith('link', { state: 'up' });
    await expectEcho(Number(String(local).split(':')[1]));
    const names = sharing.events().map(({ event }) => event);
    expect(names.filter((name) => name === 'invite' || name === 'paired')).toHaveLength(2);
  });
});

describe('the end', () => {
  test('share is killed: join stays with its port, and is back when share is', async () => {
    const { sharing, joined, port, desk } = await startHomes('--json');
    await startTraffic(port);
    await sharing.endBy('SIGKILL');
    // It may only be away: what is open waits, until it is there again and knows nothing of it.
    await joined.eventWith('link', { state: 'held' });
    desk.start(['share', String(target.port)]);
    await joined.eventWith('link', { state: 'closed' });
    await joined.eventWith('link', { state: 'up' }, 2);
    await expectEcho(port);
    const forwards = joined.events().filter(({ event }) => event === 'forward');
    expect(forwards.map(({ local }) => local)).toEqual(Array(2).fill(`127.0.0.1:${port}`));
  });

  test.each(SIGNALS)('%s ends share beneath traffic; join waits for it', async (signal) => {
    const { sharing, joined, port, desk } = await startHomes();
    await startTraffic(port);
    const end = await sharing.endBy(signal);
    expect(end).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(end.ms).toBeLessThan(END_MS);
    await joined.printed(
      /The connection to desk was lost: .*\. Porthole connects again by itself\.\n/,
    );
    await expectReset(port);
    desk.start(['share', String(target.port)]);
    await joined.printed(/Connected to desk\.[^]*Connected to desk\./);
    await expectEcho(port);
    expect(joined.stderr).toBe('');
  });

  test.each(SIGNALS)('%s ends join beneath traffic; share notices, and goes on', async (signal) => {
    const { sharing, joined, port } = await startPair();
    await startTraffic(port);
    const end = await joined.endBy(signal);
    expect(end).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(end.ms).toBeLessThan(END_MS);
    await sharing.printed(/The connection to \S+ was lost: /);
    await target.untilIdle();
    expect(sharing.stdout.match(/porthole:\/\//g)).toHaveLength(1);
    expect(sharing.isRunning).toBe(true);
  });

  test.each(SIGNALS)('%s while share waits for somebody', async (signal) => {
    const sharing = share(target.port);
    await linkOf(sharing);
    const end = await sharing.endBy(signal);
    expect(end).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(end.ms).toBeLessThan(END_MS);
  });

  test.each(SIGNALS)('%s while join waits for the link', async (signal) => {
    // What is not there yet cannot tell that it listens: a blank line is read and passed over.
    const joined = Command.start(JOIN, { env: { ...process.env, NODE_DEBUG: 'stream' } });
    joined.writeLine('');
    await joined.printed(/STREAM/, 'stderr');
    const end = await joined.endBy(signal);
    expect(end).toMatchObject({ code: 0, signal: null, stdout: '' });
    expect(end.ms).toBeLessThan(END_MS);
  });

  test.each(SIGNALS)('%s while join connects', async (signal) => {
    const sharing = share(target.port);
    const link = await linkOf(sharing);
    // It takes connections and never answers.
    sharing.kill('SIGSTOP');
    const joined = joinBy(link, [], { env: { ...process.env, NODE_DEBUG: 'net' } });
    await joined.printed(/afterConnect|connect: attempting/, 'stderr');
    const end = await joined.endBy(signal);
    expect(end).toMatchObject({ code: 0, signal: null });
    expect(end.stdout).toMatch(/^(Connecting to \S+…\n)?$/);
    expect(end.ms).toBeLessThan(END_MS);
  });

  test.each([
    { what: 'share', args: ['share', '9', ...SHARE] },
    { what: 'join', args: JOIN },
    { what: 'demo', args: ['demo'] },
  ])('SIGINT right after the start of $what', async ({ args }) => {
    const command = Command.start(args);
    await new Promise((resolve) => setImmediate(resolve));
    const { code, signal, ms } = await command.endBy('SIGINT');
    // Before Node is up the signal itself ends the process.
    expect([code, signal]).toContain(signal === null ? 0 : 'SIGINT');
    expect(ms).toBeLessThan(2 * END_MS);
  });

  test('the second signal does not wait', async () => {
    const { joined } = await startPair();
    joined.kill('SIGTERM');
    const { ms } = await joined.endBy('SIGINT');
    expect(ms).toBeLessThan(END_MS);
  });
});

describe('pipes', () => {
  test('join goes on when its standard input ends behind the link', async () => {
    const link = await linkOf(share(target.port));
    const joined = Command.start(JOIN);
    joined.write(link);
    joined.endInput();
    await expectEcho(await forwardPort(joined));
  });

  test('share does not need standard input', async () => {
    const sharing = share(target.port);
    sharing.endInput();
    await expectEcho(await forwardPort(joinBy(await linkOf(sharing))));
  });

  test.each([['stdout'], ['stderr', 'stdout']] as const)(
    'nobody reads %s %s: the command ends',
    async (...which) => {
      const sharing = share(target.port);
      sharing.closeOutputs(...which);
      expect((await sharing.end(10_000)).signal).toBeNull();
      const pair = await startPair();
      pair.joined.closeOutputs(...which);
      pair.sharing.kill('SIGTERM');
      expect((await pair.joined.end(10_000)).signal).toBeNull();
    },
  );
});

test('without --data-dir: one folder of this user’s, and one command at a time in it', async () => {
  const home = mkdtempSync(join(tmpdir(), 'porthole-home-'));
  const behind = ['env', '-u', 'XDG_STATE_HOME', `HOME=${home}`];
  const start = (): Command =>
    Command.start(['share', String(target.port), ...SHARE, '--json'], { behind });
  try {
    const first = start();
    await linkOf(first);
    const second = await start().end();
    expect(second.code).toBe(1);
    expect(JSON.parse(second.stdout)).toMatchObject({
      event: 'error',
      code: 'E_DATA_DIR_IN_USE',
      message: expect.stringContaining(`(process ${first.pid})`),
    });
    expect((await first.endBy('SIGTERM')).code).toBe(0);
    expect(readdirSync(home)).toStrictEqual(['.local']);
    const kept = readdirSync(join(home, '.local/state/porthole'));
    expect(kept).toContain('identity.json');
    expect(kept.filter((name) => /lock|control/.test(name))).toStrictEqual([]);
  } finally {
    rmSync(home, { recursive: true });
  }
});
