/**
 * Listening ports of this computer (Linux): real listeners, real processes, another user's where the
 * suite may start one; and folders that look like /proc, for what no suite can bring about.
 */
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { linuxPorts } from '../../src/engine/service/listening-ports/linux-ports.ts';
import type { ListeningPort } from '../../src/engine/service/listening-ports/listening-port.ts';
import { listeningPorts } from '../../src/engine/service/listening-ports/listening-ports.ts';
import { macosPorts } from '../../src/engine/service/listening-ports/macos-ports.ts';
import { LISTENING_PORTS_MAX, LISTENING_READS_AT_ONCE } from '../../src/shared/limits.ts';
import { printable } from '../../src/shared/printable.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { Child } from '../support/processes.ts';
import { within } from '../support/tcp.ts';

const IS_LINUX = process.platform === 'linux';
const OWN_UID = process.geteuid?.() ?? -1;
const NOBODY = 65_534;
const LSOF = '/usr/bin/lsof';
const ALL = { except: new Set<number>() };

const LISTEN_IN_NODE = `
  require('node:net').createServer().listen(0, '127.0.0.1', function () {
    console.log(JSON.stringify({ event: 'listening', port: this.address().port }));
  });`;
const LISTEN_IN_PYTHON = `
import http.server, json
server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
print(json.dumps({'event': 'listening', 'port': server.server_port}), flush=True)
server.serve_forever()`;
const HOSTILE_NAME = `require('node:fs').writeFileSync('/proc/self/comm', 'a\\u202e\\x1b[2Jb\\nc d');`;

let expectNothingLeft: () => Promise<void>;
const servers: Server[] = [];
const children: Child[] = [];
const folders: string[] = [];

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(async () => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  await Promise.all(children.splice(0).map(async (child) => child.stop()));
  await Promise.all(servers.splice(0).map(close));
});
afterAll(async () => expectNothingLeft());

async function listen(host: string, wished = 0): Promise<number> {
  const server = createServer();
  servers.push(server);
  server.listen({ port: wished, host, ipv6Only: host === '::' });
  await within(`listening on ${host}`, once(server, 'listening'));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  await within('closing a server', once(server, 'close'));
}

async function start(command: string, args: readonly string[]): Promise<[Child, number]> {
  const child = Child.start({ name: command, command, args });
  children.push(child);
  const { port } = await child.event('listening');
  return [child, Number(port)];
}

function find(ports: readonly ListeningPort[], port: number): ListeningPort | undefined {
  return ports.find((each) => each.port === port);
}

describe.runIf(IS_LINUX)('a listener of this process', () => {
  it.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('on %s is told', async (address) => {
    const port = await listen(address);
    const told = find(await listeningPorts(), port);
    expect(told).toEqual({
      port,
      address,
      process: { pid: process.pid, name: expect.stringMatching(/./) },
    });
  });

  it('is told once, where loopback reaches it', async () => {
    const port = await listen('::1');
    await listen('127.0.0.1', port);
    const ports = await listeningPorts();
    expect(ports.filter((each) => each.port === port)).toMatchObject([{ address: '127.0.0.1' }]);
  });

  it('is told in order, until it closes, and not where it is left out', async () => {
    const own = [await listen('127.0.0.1'), await listen('127.0.0.1'), await listen('127.0.0.1')];
    const [closed = 0, excepted = 0, kept = 0] = own;
    const before = (await listeningPorts()).map(({ port }) => port);
    expect(before).toEqual(before.toSorted((a, b) => a - b));
    expect(before).toEqual(expect.arrayContaining(own));
    await close(servers.shift() ?? createServer());
    const after = await listeningPorts({ except: new Set([excepted]) });
    expect(find(after, closed)).toBeUndefined();
    expect(find(after, excepted)).toBeUndefined();
    expect(find(after, kept)).toBeDefined();
  });

  it('is found behind 5,000 descriptors', async () => {
    const descriptors = Array.from({ length: 5000 }, () => openSync('/dev/null', 'r'));
    try {
      const port = await listen('127.0.0.1');
      expect(find(await listeningPorts(), port)?.process?.pid).toBe(process.pid);
    } finally {
      for (const descriptor of descriptors) closeSync(descriptor);
    }
  });

  it('is not sought any more by who gives up', async () => {
    await listen('127.0.0.1');
    const asking = new AbortController();
    const asked = listeningPorts({ signal: asking.signal });
    const reason = new Error('given up');
    asking.abort(reason);
    await expect(asked).rejects.toBe(reason);
  });
});

describe.runIf(IS_LINUX)('a listener of another process', () => {
  it.each([
    ['node', process.execPath, ['-e', LISTEN_IN_NODE]],
    ['python', 'python3', ['-c', LISTEN_IN_PYTHON]],
  ])('is told with its name, until it ends: %s', async (name, command, args) => {
    const [child, port] = await start(command, args);
    expect(find(await listeningPorts(), port)).toMatchObject({
      address: '127.0.0.1',
      process: { name: expect.stringContaining(name), pid: child.pid },
    });
    await child.stop();
    expect(find(await listeningPorts(), port)).toBeUndefined();
  });

  it('has a name fit to be shown', async () => {
    const [child, port] = await start(process.execPath, ['-e', HOSTILE_NAME + LISTEN_IN_NODE]);
    const told = find(await listeningPorts(), port);
    expect(told?.process).toEqual({ name: 'a [2Jb c d', pid: child.pid });
  });

  it('of another user is not told', async ({ skip }) => {
    if (OWN_UID !== 0) {
      console.warn('SKIPPED: only root can start a process of another user');
      skip();
    }
    const drop = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
    const [child, port] = await start('setpriv', [...drop, process.execPath, '-e', LISTEN_IN_NODE]);
    const own = await listen('127.0.0.1');
    const mine = await listeningPorts();
    expect([find(mine, port), find(mine, own)?.port]).toEqual([undefined, own]);
    const theirs = await linuxPorts(ALL, { path: '/proc', uid: NOBODY });
    expect(find(theirs, port)?.process?.pid).toBe(child.pid);
    expect(find(theirs, own)).toBeUndefined();
  });
});

describe.runIf(IS_LINUX)('the lsof of this computer', () => {
  it('says the same, hostile names too', async ({ skip }) => {
    if (!existsSync(LSOF)) {
      console.warn(`SKIPPED: there is no ${LSOF}`);
      skip();
    }
    const own = [await listen('127.0.0.1'), await listen('0.0.0.0'), await listen('::1')];
    const [hostile, port] = await start(process.execPath, ['-e', HOSTILE_NAME + LISTEN_IN_NODE]);
    const lsof = await macosPorts(ALL, { path: LSOF, uid: OWN_UID });
    const proc = await listeningPorts();
    for (const each of own) expect(find(lsof, each)).toEqual(find(proc, each));
    const told = find(lsof, port)?.process;
    expect(told?.pid).toBe(hostile.pid);
    expect(told?.name).toMatch(/^a.*b.*c d$/);
    expect(told?.name).toBe(printable(told?.name ?? ''));
  });

  it('finds nothing of a user who has nothing', async ({ skip }) => {
    if (!existsSync(LSOF)) skip();
    await expect(macosPorts(ALL, { path: LSOF, uid: 54_321 })).resolves.toEqual([]);
  });
});

interface FakeProcess {
  readonly pid: number;
  readonly comm: string;
  readonly inodes: readonly number[];
  readonly exe?: string;
}

async function addProcess(proc: string, { pid, comm, inodes, exe }: FakeProcess): Promise<void> {
  const folder = join(proc, String(pid));
  await mkdir(join(folder, 'fd'), { recursive: true });
  await writeFile(join(folder, 'comm'), `${comm}\n`);
  if (exe !== undefined) await symlink(exe, join(folder, 'exe'));
  const links = [
    '/dev/null',
    'anon_inode:[eventpoll]',
    ...inodes.map((each) => `socket:[${each}]`),
  ];
  await Promise.all(links.map(async (link, fd) => symlink(link, join(folder, 'fd', String(fd)))));
}

function row(port: number, inode: number, { uid = OWN_UID, state = '0A' } = {}): string {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rest = `00000000:00000000 00:00000000 00000000 ${uid}        0 ${inode} 1 0 100 0 0 10 0`;
  return `   0: ${local} 00000000:0000 ${state} ${rest}`.padEnd(149);
}

async function fakeProc(rows: readonly string[]): Promise<string> {
  const proc = mkdtempSync(join(tmpdir(), 'porthole-proc-'));
  folders.push(proc);
  await mkdir(join(proc, 'net'));
  const heading = '  sl  local_address rem_address   st tx_queue'.padEnd(149);
  await writeFile(join(proc, 'net', 'tcp'), [heading, ...rows, ''].join('\n'));
  return proc;
}

/** The most reads of files that waited at once, at any turn of the event loop while `work` was done. */
async function readsAtOnce(work: () => Promise<void>): Promise<number> {
  let most = 0;
  let looking = true;
  const lookAround = (): void => {
    const waiting = process.getActiveResourcesInfo().filter((type) => type === 'FSReqPromise');
    most = Math.max(most, waiting.length);
    if (looking) setImmediate(lookAround);
  };
  lookAround();
  await work().finally(() => {
    looking = false;
  });
  return most;
}

async function look(path: string): Promise<ListeningPort[]> {
  return linuxPorts(ALL, { path, uid: OWN_UID });
}

describe.runIf(IS_LINUX)('a folder like /proc', () => {
  it('has the process that began to listen, not the child that was given the socket', async () => {
    const proc = await fakeProc([row(3000, 7)]);
    await addProcess(proc, { pid: 1200, comm: 'worker', inodes: [7] });
    await addProcess(proc, { pid: 900, comm: 'master', inodes: [7] });
    expect(await look(proc)).toMatchObject([{ process: { name: 'master', pid: 900 } }]);
  });

  it('has processes that end, hide what they have, or are none', async () => {
    const proc = await fakeProc([row(3000, 7), row(3001, 8), row(3002, 9, { uid: OWN_UID + 1 })]);
    await mkdir(join(proc, '5'));
    await mkdir(join(proc, '6', 'fd'), { recursive: true });
    await symlink('socket:[8]', join(proc, '6', 'fd', '3'));
    await writeFile(join(proc, '7'), '');
    await mkdir(join(proc, 'self'));
    await addProcess(proc, { pid: 800, comm: 'node', inodes: [9, 7] });
    expect(await look(proc)).toEqual([
      { port: 3000, address: '127.0.0.1', process: { name: 'node', pid: 800 } },
      { port: 3001, address: '127.0.0.1', process: null },
    ]);
  });

  it.each(['MainThread', 'node-MainThread'])(
    'has a process that goes by its main thread: %s',
    async (comm) => {
      const proc = await fakeProc([row(3000, 7), row(3001, 8)]);
      await addProcess(proc, { pid: 1, comm, exe: '/opt/node 24/bin/node', inodes: [7] });
      await addProcess(proc, { pid: 2, comm, inodes: [8] });
      const names = (await look(proc)).map((told) => told.process?.name);
      expect(names).toEqual(['node', comm]);
    },
  );

  it('has 1,000 descriptors, read a few at once while the event loop turns', async () => {
    const proc = await fakeProc([row(3000, 1000)]);
    const inodes = Array.from({ length: 1000 }, (_none, at) => at + 1);
    await addProcess(proc, { pid: 3, comm: 'node', inodes });
    const most = await readsAtOnce(async () => {
      expect(await look(proc)).toMatchObject([{ process: { pid: 3 } }]);
    });
    // None would be seen of reads that hold the loop up.
    expect(most).toBeGreaterThan(LISTENING_READS_AT_ONCE / 4);
    expect(most).toBeLessThanOrEqual(LISTENING_READS_AT_ONCE);
  });

  it('has processes of another user, which are not looked at', async ({ skip }) => {
    if (OWN_UID !== 0) {
      console.warn('SKIPPED: only root can give a folder away');
      skip();
    }
    const proc = await fakeProc([row(3000, 7)]);
    await addProcess(proc, { pid: 3, comm: 'theirs', inodes: [7] });
    await chown(join(proc, '3'), NOBODY, NOBODY);
    expect(await look(proc)).toMatchObject([{ port: 3000, process: null }]);
  });

  it('has a table of many pieces, whose rows are cut between them', async () => {
    const all = Array.from({ length: 1500 }, (_none, at) => 1000 + at);
    const proc = await fakeProc(all.map((port) => row(port, port)));
    const told: number[] = [];
    // No more than are told at once.
    for (let from = 0; from < all.length; from += LISTENING_PORTS_MAX) {
      const except = new Set(all.toSpliced(from, LISTENING_PORTS_MAX));
      const ports = await linuxPorts({ except }, { path: proc, uid: OWN_UID });
      told.push(...ports.map(({ port }) => port));
    }
    expect(told).toEqual(all);
  });

  it('is not there', async () => {
    await expect(look('/nowhere')).rejects.toMatchObject({
      code: 'E_PORTS_UNREADABLE',
      message: expect.stringContaining('ENOENT'),
    });
  });
});
