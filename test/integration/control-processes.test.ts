/**
 * The control socket between processes: another user of this computer, killed processes, what the
 * kernel shows of a process, and places somebody else has prepared.
 */
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectControl } from '../../src/control/control-client.ts';
import type { ControlClient } from '../../src/control/control-client.ts';
import { readControlFile } from '../../src/control/control-file.ts';
import { ControlServer } from '../../src/control/control-server.ts';
import { abortOf, ask, Flag, handlersOf, STATUS, talkOf } from '../support/control-handlers.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { Child } from '../support/processes.ts';
import { within } from '../support/tcp.ts';

const CHILD = fileURLToPath(new URL('../support/control-child.ts', import.meta.url));
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
if (!isRoot) {
  console.warn('SKIPPED: only root can start processes of another user, so row 13 is not tested.');
}

let expectNothingLeft: () => Promise<void>;
let dataDir: string;
let aborted = new Flag();
const children: Child[] = [];
const servers: ControlServer[] = [];
const clients: ControlClient[] = [];
const environment = { ...process.env };

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
beforeEach(() => {
  dataDir = fs.mkdtempSync(join(tmpdir(), 'porthole-control-'));
});
afterEach(async () => {
  for (const api of clients.splice(0)) api.close();
  await Promise.all(servers.splice(0).map(async (server) => server.close()));
  await Promise.all(children.splice(0).map(async (child) => child.stop('SIGKILL')));
  fs.rmSync(dataDir, { recursive: true, force: true });
  for (const name of ['TMPDIR', 'XDG_RUNTIME_DIR']) {
    const value = environment[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});
afterAll(async () => expectNothingLeft());

function start(role: string, ...args: readonly string[]): Child {
  const child = Child.start({
    name: `control ${role}`,
    command: process.execPath,
    args: ['--import', 'tsx', CHILD, role, dataDir, ...args],
  });
  children.push(child);
  return child;
}

async function listen(): Promise<ControlServer> {
  const handlers = handlersOf({
    status: async () => STATUS,
    invite: async (_params, talk) => {
      talk.emit({ kind: 'warning', text: 'waiting' });
      await abortOf(talk.signal);
      aborted.raise();
      throw new Error('over');
    },
  });
  const server = await ControlServer.listen({
    dataDir,
    role: 'daemon',
    handlers,
    onFault: () => undefined,
  });
  servers.push(server);
  return server;
}

async function client(): Promise<ControlClient> {
  const connected = await connectControl(dataDir);
  if (connected === undefined) throw new Error('nobody listens');
  clients.push(connected);
  return connected;
}

describe('a process that dies', () => {
  test('killed with -9 and started again: a clear error, and the next connect works', async () => {
    const first = start('serve');
    await first.event('ready');
    const api = await client();
    const talk = talkOf<'invite'>(() => process.kill(first.pid, 'SIGKILL'));
    const params = { mode: 'online', trust: 'compare', grant: null } as const;
    const failed = api.call('invite', params, talk);
    await expect(failed).rejects.toMatchObject({ code: 'E_NO_DAEMON' });
    await first.exited;
    expect(fs.readdirSync(dataDir).toSorted()).toEqual(['control.json', 'control.sock']);
    expect(await connectControl(dataDir)).toBeUndefined();
    await expect(ask(api, 'status', {})).rejects.toMatchObject({ code: 'E_NO_DAEMON' });
    const second = start('serve');
    await second.event('ready');
    const again = await client();
    expect(await ask(again, 'status', {})).toMatchObject({ pid: second.pid });
  });

  test.each(['SIGINT', 'SIGKILL'] as const)('%s of a client cancels its invite', async (signal) => {
    aborted = new Flag();
    await listen();
    const child = start('invite');
    await child.event('invite');
    process.kill(child.pid, signal);
    await expect(within('the abort', aborted.raised)).resolves.toBeUndefined();
  });
});

describe('what others can see', () => {
  test('the folder holds files that only this user may read', async () => {
    const server = await listen();
    expect(fs.statSync(join(dataDir, 'control.json')).mode & 0o777).toBe(0o600);
    expect(fs.statSync(server.address).mode & 0o777).toBe(0o600);
    expect(readControlFile(dataDir)).toEqual({
      pid: process.pid,
      address: server.address,
      token: expect.stringMatching(/^[\w-]{43}$/) as string,
      role: 'daemon',
    });
  });

  test.skipIf(process.platform !== 'linux')(
    'neither arguments nor environment of either end hold the token',
    async () => {
      const daemon = start('serve');
      await daemon.event('ready');
      const caller = start('invite');
      await caller.event('invite');
      const { token } = readControlFile(dataDir) ?? {};
      if (token === undefined) throw new Error('no control.json');
      for (const { pid } of [daemon, caller]) {
        expect(fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1')).not.toContain(token);
        expect(fs.readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toContain(token);
      }
    },
  );

  test.skipIf(!isRoot)('row 13: another user can neither read the file nor connect', async () => {
    const server = await listen();
    const run = (uid: number): unknown => runAs(uid, server.address);
    expect(run(NOBODY)).toEqual({ file: 'EACCES', socket: 'EACCES' });
    // Should the folder ever stand open, the modes of what is in it hold.
    fs.chmodSync(dataDir, 0o755);
    expect(run(NOBODY)).toEqual({ file: 'EACCES', socket: 'EACCES' });
    fs.chmodSync(dataDir, 0o700);
    expect(run(0)).toEqual({ file: 'read', socket: 'connected' });
  });
});

/** Another user need not be able to read these sources, so its program stands in an argument. */
const INTRUDER = `
  const [folder, address] = process.argv.slice(1);
  const outcome = { file: 'read', socket: 'connected' };
  try { require('fs').readFileSync(folder + '/control.json'); }
  catch (error) { outcome.file = error.code; }
  const socket = require('net').connect({ path: address });
  const end = () => { socket.destroy(); console.log(JSON.stringify(outcome)); };
  socket.on('connect', end);
  socket.on('error', (error) => { outcome.socket = error.code; end(); });
`;

function runAs(uid: number, address: string): unknown {
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', INTRUDER, dataDir, address], {
    uid,
    gid: uid,
    cwd: '/',
    encoding: 'utf8',
    timeout: 30_000,
  });
  if (stdout === '') throw new Error(`the other user’s process said nothing: ${stderr}`);
  return JSON.parse(stdout) as unknown;
}

/** A daemon of this user may be using it. */
function removeIfEmpty(folder: string): void {
  try {
    fs.rmdirSync(folder);
  } catch {
    // It is not there, or it is in use.
  }
}

/** A data folder whose socket does not fit, and a temporary folder for it. */
function long(): string {
  const temporary = join(dataDir, 'tmp');
  fs.mkdirSync(temporary);
  fs.chmodSync(temporary, 0o1777);
  dataDir = join(dataDir, 'd'.repeat(100));
  fs.mkdirSync(dataDir, { mode: 0o700 });
  delete process.env['XDG_RUNTIME_DIR'];
  process.env['TMPDIR'] = temporary;
  return temporary;
}

describe('places somebody else has prepared', () => {
  const ownFolder = `porthole-${process.getuid?.()}`;
  let root = '';
  beforeEach(() => {
    root = dataDir;
  });
  afterEach(() => {
    fs.rmSync(root, { recursive: true, force: true });
    removeIfEmpty(join('/tmp', ownFolder));
  });

  test('a long path: the socket stands in a folder of this user alone', async () => {
    const temporary = long();
    const server = await listen();
    expect(server.address.startsWith(join(temporary, ownFolder))).toBe(true);
    expect(fs.statSync(join(temporary, ownFolder)).mode & 0o777).toBe(0o700);
    const api = await client();
    expect(await ask(api, 'status', {})).toEqual(STATUS);
    await server.close();
    expect(fs.readdirSync(join(temporary, ownFolder))).toEqual([]);
  });

  test('a link in the place of that folder is not followed', async () => {
    const temporary = long();
    const trap = join(root, 'trap');
    fs.mkdirSync(trap, { mode: 0o700 });
    fs.symlinkSync(trap, join(temporary, ownFolder));
    const server = await listen();
    expect(server.address.startsWith(temporary)).toBe(false);
    expect(fs.readdirSync(trap)).toEqual([]);
  });

  test.skipIf(!isRoot)(
    'a folder of another user is not used, nor one that others see',
    async () => {
      const temporary = long();
      const folder = join(temporary, ownFolder);
      fs.mkdirSync(folder, { mode: 0o700 });
      fs.chownSync(folder, NOBODY, NOBODY);
      const first = await listen();
      expect(first.address.startsWith(temporary)).toBe(false);
      await first.close();
      fs.chownSync(folder, 0, 0);
      fs.chmodSync(folder, 0o755);
      const second = await listen();
      expect(second.address.startsWith(temporary)).toBe(false);
      expect(fs.readdirSync(folder)).toEqual([]);
    },
  );

  test('a link in the place of the socket is removed, and what it leads to is left alone', async () => {
    const victim = join(dataDir, 'victim');
    fs.writeFileSync(victim, 'precious', { mode: 0o644 });
    fs.symlinkSync(victim, join(dataDir, 'control.sock'));
    const server = await listen();
    expect(fs.lstatSync(server.address).isSocket()).toBe(true);
    expect(fs.readFileSync(victim, 'utf8')).toBe('precious');
    expect(fs.statSync(victim).mode & 0o777).toBe(0o644);
    const api = await client();
    expect(await ask(api, 'status', {})).toEqual(STATUS);
  });

  test('anything else in the place of the socket is left alone', async () => {
    fs.writeFileSync(join(dataDir, 'control.sock'), 'precious');
    await expect(listen()).rejects.toMatchObject({ code: 'E_CONTROL_SOCKET' });
    expect(fs.readFileSync(join(dataDir, 'control.sock'), 'utf8')).toBe('precious');
  });

  test('a socket that a dead process left is replaced', async () => {
    const path = join(dataDir, 'control.sock');
    const left = createServer();
    left.listen(join(dataDir, 'other.sock'));
    await once(left, 'listening');
    fs.renameSync(join(dataDir, 'other.sock'), path);
    left.close();
    await once(left, 'close');
    expect(fs.lstatSync(path).isSocket()).toBe(true);
    const server = await listen();
    expect(server.address).toBe(path);
  });
});
