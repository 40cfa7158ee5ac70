/**
 * Real programs through `porthole share` and `porthole join`: what people use a tunnel for, judged
 * by programs that know nothing of it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CliPair } from '../support/cli-pair.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { Child } from '../support/processes.ts';
import { findProgram, needs, runProgram } from '../support/programs.ts';
import { freePort, listen, within } from '../support/tcp.ts';

const MIB = 1024 * 1024;
const LARGE = randomBytes(32 * MIB);

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  message.on('data', (part: Buffer) => parts.push(part));
  await once(message, 'end');
  return Buffer.concat(parts);
}

/** `/large`: a file with its length; `/chunks`: the same in 1000 chunks; `POST /hash`: the digest of the body. */
async function answer(asked: IncomingMessage, reply: ServerResponse): Promise<void> {
  if (asked.method === 'POST') {
    const body = await bodyOf(asked);
    const how = asked.headers['transfer-encoding'] ?? 'length';
    reply.setHeader('x-how', how).end(sha256(body));
    return;
  }
  if (asked.url === '/large') {
    reply.setHeader('content-length', LARGE.length).end(LARGE);
    return;
  }
  if (asked.url === '/chunks') {
    const size = Math.ceil(LARGE.length / 1000);
    for (let at = 0; at < LARGE.length; at += size) {
      if (!reply.write(LARGE.subarray(at, at + size))) await once(reply, 'drain');
    }
    reply.end();
    return;
  }
  reply.end(`you asked for ${String(asked.url)}`);
}

interface Reply {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: IncomingMessage['headers'];
  readonly continued: boolean;
}

interface Ask {
  readonly port: number;
  readonly path: string;
  readonly agent: Agent;
  readonly method?: string;
  readonly headers?: Record<string, string | number>;
  /** Written one by one; without a content-length that makes chunks. */
  readonly parts?: readonly Buffer[];
  readonly expectContinue?: boolean;
}

async function ask(what: Ask): Promise<Reply> {
  const { port, path, agent, method = 'GET', headers = {}, parts = [] } = what;
  const asking = request({ host: '127.0.0.1', port, path, agent, method, headers });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    asking.once('response', resolve);
    asking.once('error', reject);
  });
  let continued = false;
  if (what.expectContinue === true) {
    asking.flushHeaders();
    await within('100 Continue', once(asking, 'continue'));
    continued = true;
  }
  for (const part of parts) {
    if (!asking.write(part)) await once(asking, 'drain');
  }
  asking.end();
  const response = await within(`${method} ${path}`, answered);
  const body = await within(`the body of ${path}`, bodyOf(response));
  return { status: response.statusCode ?? 0, body, headers: response.headers, continued };
}

/** How the other side closed a WebSocket. */
async function closeOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  return within('the close', closed);
}

describe('HTTP and WebSocket', () => {
  const server = createServer((asked, reply) => void answer(asked, reply));
  const sockets = new WebSocketServer({ server, path: '/ws', maxPayload: 16 * MIB });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let expectNothingLeft: () => Promise<void>;
  let pair: CliPair;
  let connections = 0;

  beforeAll(async () => {
    expectNothingLeft = watchForLeaks();
    server.on('connection', () => connections++);
    sockets.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    pair = await CliPair.start({ target: { host: '127.0.0.1', port: await listen(server) } });
  });

  afterAll(async () => {
    agent.destroy();
    await pair.stop();
    sockets.close();
    server.closeAllConnections();
    server.close();
    await expectNothingLeft();
  });

  test('HTTP/1.1 keep-alive: many requests on one connection', async () => {
    const before = connections;
    for (let index = 0; index < 200; index++) {
      const reply = await ask({ port: pair.forwardPort, path: `/page/${index}`, agent });
      expect(reply.body.toString()).toBe(`you asked for /page/${index}`);
    }
    expect(connections - before).toBe(1);
  });

  test('a large body with its length, and in chunks', async () => {
    for (const path of ['/large', '/chunks']) {
      const { body, headers } = await ask({ port: pair.forwardPort, path, agent });
      expect(body.length).toBe(LARGE.length);
      expect(body.equals(LARGE)).toBe(true);
      expect(headers['transfer-encoding']).toBe(path === '/chunks' ? 'chunked' : undefined);
    }
  });

  test('an upload in chunks, and one with its length', async () => {
    const parts = Array.from({ length: 500 }, (_, at) =>
      LARGE.subarray(at * 9001, at * 9001 + 9001),
    );
    const whole = Buffer.concat(parts);
    const to = { port: pair.forwardPort, path: '/hash', agent, method: 'POST', parts };
    const chunked = await ask(to);
    expect(chunked.headers['x-how']).toBe('chunked');
    expect(chunked.body.toString()).toBe(sha256(whole));
    const plain = await ask({ ...to, headers: { 'content-length': whole.length } });
    expect(plain.headers['x-how']).toBe('length');
    expect(plain.body.toString()).toBe(sha256(whole));
  });

  test('100 Continue comes before the body is sent', async () => {
    const reply = await ask({
      port: pair.forwardPort,
      path: '/hash',
      agent,
      method: 'POST',
      headers: { expect: '100-continue' },
      parts: [LARGE.subarray(0, 100_000)],
      expectContinue: true,
    });
    expect(reply.continued).toBe(true);
    expect(reply.body.toString()).toBe(sha256(LARGE.subarray(0, 100_000)));
  });

  test('a WebSocket: text, binary, 8 MiB, ping, close code', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${pair.forwardPort}/ws`, { maxPayload: 16 * MIB });
    await within('the WebSocket opening', once(socket, 'open'));
    const echoed = async (message: string | Buffer): Promise<Buffer> => {
      const reply = new Promise<Buffer>((resolve) => {
        socket.once('message', (data) => resolve(Buffer.isBuffer(data) ? data : Buffer.from('?')));
      });
      socket.send(message);
      return within('a message', reply);
    };
    expect((await echoed('grüß dich')).toString()).toBe('grüß dich');
    expect((await echoed(Buffer.alloc(0))).length).toBe(0);
    const large = LARGE.subarray(0, 8 * MIB);
    expect((await echoed(large)).equals(large)).toBe(true);
    const pong = new Promise<string>((resolve) => {
      socket.once('pong', (data) => resolve(data.toString()));
    });
    socket.ping('are you there');
    expect(await within('a pong', pong)).toBe('are you there');
    const closed = closeOf(socket);
    socket.close(4001, 'enough');
    expect(await closed).toEqual({ code: 4001, reason: 'enough' });
  });

  test('a WebSocket that the server closes and one that it drops', async () => {
    for (const how of ['close', 'terminate'] as const) {
      const accepted = new Promise<WebSocket>((resolve) => sockets.once('connection', resolve));
      const socket = new WebSocket(`ws://127.0.0.1:${pair.forwardPort}/ws`);
      const closed = closeOf(socket);
      await within('the WebSocket opening', once(socket, 'open'));
      const peer = await within('the WebSocket at the server', accepted);
      if (how === 'close') peer.close(1001, 'going away');
      else peer.terminate();
      expect((await closed).code).toBe(how === 'close' ? 1001 : 1006);
    }
  });

  const curl = needs('curl');
  test.skipIf(curl.missing)(`curl: keep-alive and a download${curl.note}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'porthole-curl-'));
    try {
      const url = `http://127.0.0.1:${pair.forwardPort}`;
      const file = join(folder, 'large');
      const format = ['-w', '%{num_connects} %{http_code}\\n'];
      const get = (path: string, to: string): string[] => ['-o', to, `${url}${path}`];
      const run = await runProgram('curl', [
        '-sS',
        ...format,
        ...get('/one', '/dev/null'),
        ...get('/chunks', file),
        ...get('/two', '/dev/null'),
      ]);
      expect(run).toMatchObject({ code: 0, stdout: '1 200\n0 200\n0 200\n' });
      expect(await sha256OfFile(file)).toBe(sha256(LARGE));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** A private sshd: own host key, own port, one key that may enter; nothing of the computer's own. */
async function startSshd(folder: string): Promise<{ sshd: Child; port: number }> {
  const keygen = async (name: string): Promise<void> => {
    const file = join(folder, name);
    const made = await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    if (made.code !== 0) throw new Error(made.stderr);
  };
  await keygen('host');
  await keygen('user');
  const port = await freePort(createTcpServer());
  const settings = [
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'user.pub')}`,
    `PidFile ${join(folder, 'pid')}`,
    'UsePAM no',
    'StrictModes no',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'Subsystem sftp internal-sftp',
  ];
  await writeFile(join(folder, 'sshd_config'), `${settings.join('\n')}\n`);
  // As root sshd insists on its privilege separation folder.
  if (userInfo().uid === 0 && !existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 });
  const sshd = Child.start({
    name: 'sshd',
    command: findProgram('sshd') ?? 'sshd',
    args: ['-D', '-e', '-f', join(folder, 'sshd_config')],
  });
  await sshd.printed(/Server listening/);
  return { sshd, port };
}

/** Options of ssh and scp that keep the computer's own settings out of it. */
function sshOptions(folder: string): string[] {
  const settings = [
    'StrictHostKeyChecking=no',
    `UserKnownHostsFile=${join(folder, 'known')}`,
    'IdentitiesOnly=yes',
    'BatchMode=yes',
    `IdentityFile=${join(folder, 'user')}`,
  ];
  return ['-F', 'none', ...settings.flatMap((setting) => ['-o', setting])];
}

const ssh = needs('sshd', 'scp', 'ssh', 'ssh-keygen');
describe.skipIf(ssh.missing)(`OpenSSH${ssh.note}`, () => {
  let folder: string;
  const host = `${userInfo().username}@127.0.0.1`;
  let expectNothingLeft: () => Promise<void>;
  let sshd: Child;
  let pair: CliPair;

  beforeAll(async () => {
    expectNothingLeft = watchForLeaks();
    folder = mkdtempSync(join(tmpdir(), 'porthole-ssh-'));
    const started = await startSshd(folder);
    sshd = started.sshd;
    pair = await CliPair.start({ target: { host: '127.0.0.1', port: started.port } });
  });

  afterAll(async () => {
    await pair.stop();
    await sshd.stop();
    rmSync(folder, { recursive: true });
    await expectNothingLeft();
  });

  async function scp(from: string, to: string): Promise<void> {
    const run = await runProgram(
      'scp',
      [...sshOptions(folder), '-P', String(pair.forwardPort), from, to],
      {
        ms: 140_000,
      },
    );
    if (run.code !== 0) throw new Error(`scp failed: ${run.stderr}`);
  }

  test('ssh runs a command: input, output, exit status', async () => {
    const port = String(pair.forwardPort);
    const command = 'cat; echo to standard error >&2; exit 7';
    const run = await runProgram('ssh', [...sshOptions(folder), '-p', port, host, command], {
      input: 'hello',
    });
    expect(run).toMatchObject({ code: 7, stdout: 'hello' });
    expect(run.stderr).toContain('to standard error');
  });

  test('scp carries 256 MiB there and back with its checksum', async () => {
    const [original, there, back] = ['original', 'there', 'back'].map((name) => join(folder, name));
    if (original === undefined || there === undefined || back === undefined) throw new Error();
    await writeFile(
      original,
      Array.from({ length: 8 }, () => randomBytes(32 * MIB)),
    );
    const digest = await sha256OfFile(original);
    await scp(original, `${host}:${there}`);
    expect(await sha256OfFile(there)).toBe(digest);
    await scp(`${host}:${there}`, back);
    expect(await sha256OfFile(back)).toBe(digest);
  }, 300_000);
});

const redis = needs('redis-server', 'redis-cli');
describe.skipIf(redis.missing)(`Redis${redis.note}`, () => {
  let folder: string;
  let expectNothingLeft: () => Promise<void>;
  let server: Child;
  let pair: CliPair;

  beforeAll(async () => {
    expectNothingLeft = watchForLeaks();
    folder = mkdtempSync(join(tmpdir(), 'porthole-redis-'));
    const port = await freePort(createTcpServer());
    server = Child.start({
      name: 'redis-server',
      command: 'redis-server',
      args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder],
    });
    await server.printed(/Ready to accept connections/);
    pair = await CliPair.start({ target: { host: '127.0.0.1', port } });
  });

  afterAll(async () => {
    await pair.stop();
    await server.stop();
    rmSync(folder, { recursive: true });
    await expectNothingLeft();
  });

  test('redis-cli: a value of 8 MiB, ten thousand commands in one pipe', async () => {
    const to = ['-h', '127.0.0.1', '-p', String(pair.forwardPort)];
    const value = LARGE.subarray(0, 4 * MIB).toString('hex');
    const set = await runProgram('redis-cli', [...to, '-x', 'set', 'large'], { input: value });
    expect(set.stdout).toBe('OK\n');
    const got = await runProgram('redis-cli', [...to, 'get', 'large']);
    expect(got.stdout === `${value}\n`).toBe(true);
    const commands = Array.from({ length: 10_000 }, (_, index) => `SET key:${index} ${index}\r\n`);
    const piped = await runProgram('redis-cli', [...to, '--pipe'], { input: commands.join('') });
    expect(piped.stdout).toMatch(/errors: 0, replies: 10000/);
    const size = await runProgram('redis-cli', [...to, 'dbsize']);
    expect(size.stdout).toBe('10001\n');
  });
});

/** PostgreSQL refuses to run as root; Debian's package brings a user for it. */
function asPostgres(program: string, args: readonly string[]): readonly [string, string[]] {
  const path = findProgram(program) ?? program;
  if (userInfo().uid !== 0) return [path, [...args]];
  return ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', path, ...args]];
}

const postgres = needs('postgres', 'initdb', 'psql', 'setpriv');
describe.skipIf(postgres.missing)(`PostgreSQL${postgres.note}`, () => {
  let folder: string;
  let expectNothingLeft: () => Promise<void>;
  let server: Child;
  let pair: CliPair;

  beforeAll(async () => {
    expectNothingLeft = watchForLeaks();
    folder = mkdtempSync(join(tmpdir(), 'porthole-postgres-'));
    chmodSync(folder, 0o777);
    const data = join(folder, 'data');
    const settings = ['-D', data, '-U', 'tester', '-A', 'trust', '--no-sync', '--locale=C'];
    const made = await runProgram(...asPostgres('initdb', [...settings, '-E', 'UTF8']));
    if (made.code !== 0) throw new Error(made.stderr);
    const port = await freePort(createTcpServer());
    const args = ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', '', '-F'];
    const [command, all] = asPostgres('postgres', args);
    server = Child.start({ name: 'postgres', command, args: all });
    await server.printed(/ready to accept connections/);
    pair = await CliPair.start({ target: { host: '127.0.0.1', port } });
  });

  afterAll(async () => {
    await pair.stop();
    await server.stop('SIGINT');
    rmSync(folder, { recursive: true });
    await expectNothingLeft();
  });

  test('psql: a hundred thousand rows up by COPY, and down again', async () => {
    const url = `postgres://tester@127.0.0.1:${pair.forwardPort}/postgres`;
    const psql = async (command: string, input = ''): Promise<string> => {
      const run = await runProgram('psql', ['-X', '-qAt', url, '-c', command], { input });
      if (run.code !== 0) throw new Error(`psql failed: ${run.stderr}`);
      return run.stdout;
    };
    const rows = Array.from({ length: 100_000 }, (_, row) => `${row}\trow number ${row}\n`).join(
      '',
    );
    await psql('create table t (id int, text text)');
    await psql('copy t from stdin', rows);
    expect(await psql('select count(*), sum(id) from t')).toBe('100000|4999950000\n');
    expect((await psql('copy (select * from t order by id) to stdout')) === rows).toBe(true);
  });
});
