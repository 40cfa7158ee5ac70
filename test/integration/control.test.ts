/**
 * The control socket: calls and answers over real sockets and between real processes, and what
 * clients can do that mean harm or are broken.
 */
import { once } from 'node:events';
import * as fs from 'node:fs';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Interface } from 'node:readline';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { EngineHandlers, PortholeApi } from '../../src/shared/calls/api.ts';
import type { ControlClient } from '../../src/control/control-client.ts';
import { connectControl } from '../../src/control/control-client.ts';
import { readControlFile } from '../../src/control/control-file.ts';
import { ControlServer } from '../../src/control/control-server.ts';
import { localApi } from '../../src/shared/calls/local-api.ts';
import { proofOf } from '../../src/control/wire.ts';
import { portholeError } from '../../src/shared/errors.ts';
import type { PortholeError } from '../../src/shared/errors.ts';
import * as limits from '../../src/shared/limits.ts';
import {
  abortOf,
  ask,
  Flag,
  handlersOf,
  invitesLikeAnEngine,
  PEER,
  SHARE,
  STATUS,
  talkOf,
} from '../support/control-handlers.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { within } from '../support/tcp.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const INVITE = { mode: 'online', trust: 'compare', grant: null } as const;
const NONCE = 'n'.repeat(43);

let expectNothingLeft: () => Promise<void>;
let dataDir: string;
let faults: PortholeError[];
const servers: ControlServer[] = [];
const clients: ControlClient[] = [];
const sockets: Socket[] = [];

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
beforeEach(() => {
  faults = [];
  dataDir = fs.mkdtempSync(join(tmpdir(), 'porthole-control-'));
});
afterEach(async () => {
  for (const api of clients.splice(0)) api.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map(async (server) => server.close()));
  fs.rmSync(dataDir, { recursive: true, force: true });
});
afterAll(async () => expectNothingLeft());

async function serve(some: Partial<EngineHandlers>, clock?: VirtualClock): Promise<ControlServer> {
  const server = await ControlServer.listen({
    role: 'daemon',
    dataDir,
    handlers: handlersOf(some),
    onFault: (error) => faults.push(error),
    ...(clock === undefined ? {} : { clock }),
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

/** A client of our own making; what it is sent, line by line. */
class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  readonly #reader: Interface;
  readonly #lines: AsyncIterator<string>;

  constructor(address: string) {
    this.socket = connect({ path: address });
    sockets.push(this.socket);
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.#reader = createInterface({ input: this.socket });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  stopReading(): void {
    this.#reader.close();
    this.socket.pause();
  }

  write(line: object | string): void {
    this.socket.write(typeof line === 'string' ? line : `${JSON.stringify(line)}\n`);
  }

  /** The next line; `undefined` when the other side has hung up. */
  async next(): Promise<unknown> {
    const end = { done: true, value: undefined } as const;
    // Cut with something unread, it ends with a reset.
    const line = this.#lines.next().catch(() => end);
    const { done, value } = await within('a line', line);
    return done === true ? undefined : (JSON.parse(value) as unknown);
  }

  async greet(): Promise<void> {
    const { token = '' } = readControlFile(dataDir) ?? {};
    this.write({ nonce: NONCE });
    const { proof } = (await this.next()) as { readonly proof: string };
    if (proof !== proofOf(token, NONCE)) throw new Error('the server does not know the token');
    this.write({ token });
  }

  async cut(): Promise<void> {
    await within('the cut', this.closed);
  }
}

async function trusted(server: ControlServer): Promise<RawClient> {
  const raw = new RawClient(server.address);
  await raw.greet();
  return raw;
}

async function endOfInput(): Promise<never> {
  throw portholeError('E_CONFIRM_INPUT');
}

describe('a caller cannot tell where its calls are answered', () => {
  const places = {
    'this process': async (some: Partial<EngineHandlers>): Promise<PortholeApi> =>
      localApi(handlersOf(some)),
    'another one': async (some: Partial<EngineHandlers>): Promise<PortholeApi> => {
      await serve(some);
      return client();
    },
  };

  describe.each(Object.entries(places))('%s', (_place, start) => {
    test('events come in order, then the input, then the result', async () => {
      const api = await start(invitesLikeAnEngine());
      const talk = talkOf<'invite'>((event) => {
        if (event.kind === 'compare') talk.inputs.push({ kind: 'verdict', match: true });
      });
      expect(await api.call('invite', INVITE, talk)).toEqual(PEER);
      expect(talk.events.map(({ kind }) => kind)).toEqual(['invite', 'compare']);
    });

    test('an error keeps its code and its sentence', async () => {
      const api = await start(invitesLikeAnEngine());
      const failed = ask(api, 'invite', { ...INVITE, grant: 'nothing' });
      const error = portholeError('E_SHARE_UNKNOWN', { share: 'nothing' });
      await expect(failed).rejects.toMatchObject({ code: error.code, message: error.message });
    });

    test('a failure inside becomes E_INTERNAL', async () => {
      const api = await start({});
      const failed = ask(api, 'status', {});
      await expect(failed).rejects.toMatchObject({
        code: 'E_INTERNAL',
        message: expect.stringContaining('no handler for this call') as string,
      });
    });

    test('parameters, inputs, events and results that break the contract are turned down', async () => {
      const long = 'x'.repeat(5000);
      const api = await start({
        unshare: async () => SHARE,
        status: async () => ({ ...STATUS, version: long }),
        logs: async (_params, talk) => {
          talk.emit({ at: 'now', level: 'info', text: long });
          return {};
        },
        invite: async (_params, talk) => talk.nextInput() as Promise<never>,
      });
      const control = expect.objectContaining({ code: 'E_CONTROL' }) as Error;
      await expect(ask(api, 'unshare', { share: long })).rejects.toEqual(control);
      await expect(ask(api, 'status', {})).rejects.toEqual(control);
      await expect(ask(api, 'logs', { until: 'now' })).rejects.toEqual(control);
      const talk = talkOf<'invite'>();
      talk.inputs.push({ kind: 'answer', blob: long });
      await expect(api.call('invite', INVITE, talk)).rejects.toEqual(control);
    });

    test('a caller that changes its mind rejects at once, and the handler is told', async () => {
      const told = new Flag();
      const api = await start(invitesLikeAnEngine(told.raise));
      const talk = talkOf<'invite'>(() => talk.wish.abort());
      await expect(api.call('invite', INVITE, talk)).rejects.toMatchObject({ name: 'AbortError' });
      await within('the handler told', told.raised);
      expect(talk.events).toHaveLength(1);
      await expect(api.call('invite', INVITE, talk)).rejects.toMatchObject({ name: 'AbortError' });
    });

    test('what the caller fails with when it is asked ends the call with that', async () => {
      const told = new Flag();
      const api = await start(invitesLikeAnEngine(told.raise));
      const talk = { ...talkOf<'invite'>(), nextInput: endOfInput };
      const failed = api.call('invite', INVITE, talk);
      await expect(failed).rejects.toMatchObject({ code: 'E_CONFIRM_INPUT' });
      await within('the handler told', told.raised);
    });
  });
});

describe('many at once', () => {
  test('1,000 calls in flight are all answered, each its own', async () => {
    let waiting = 0;
    const all = new Flag();
    await serve({
      unshare: async ({ share }) => {
        if (++waiting === 1000) all.raise();
        await all.raised;
        return { ...SHARE, name: share };
      },
    });
    const many = await Promise.all(Array.from({ length: 20 }, client));
    const calls = many.flatMap((api, row) =>
      Array.from({ length: 50 }, async (_, column) => {
        const share = `${row}-${column}`;
        const { name } = await ask(api, 'unshare', { share });
        return name === share;
      }),
    );
    expect(new Set(await within('1,000 answers', Promise.all(calls)))).toEqual(new Set([true]));
  });

  test('a call more than a client may have open is refused, the others go on', async () => {
    await serve({
      follow: async (_params, talk) => {
        await abortOf(talk.signal);
        throw new Error('over');
      },
      status: async () => STATUS,
    });
    const api = await client();
    const talks = Array.from({ length: limits.CONTROL_CALLS_MAX }, () => talkOf<'follow'>());
    const open = talks.map(async (talk) => api.call('follow', {}, talk));
    const reasons = Promise.allSettled(open);
    const tooMany = ask(api, 'status', {});
    await expect(tooMany).rejects.toMatchObject({ code: 'E_CONTROL' });
    for (const { wish } of talks) wish.abort();
    const settled = await reasons;
    expect(settled.every(({ status }) => status === 'rejected')).toBe(true);
    // A handler takes a moment to end.
    const answer = async (): Promise<unknown> => ask(api, 'status', {}).catch(async () => answer());
    expect(await within('an answer', answer())).toEqual(STATUS);
    expect(faults).toEqual([]);
  });

  test('a client too many is told so, and the next one is welcome when one has left', async () => {
    await serve({ status: async () => STATUS });
    const many = await Promise.all(Array.from({ length: limits.CONTROL_CLIENTS_MAX }, client));
    await expect(connectControl(dataDir)).rejects.toMatchObject({
      code: 'E_CONTROL',
      message: expect.stringContaining('too many commands') as string,
    });
    many[0]?.close();
    const free = async (): Promise<PortholeApi> => client().catch(free);
    const api = await within('a free place', free());
    expect(await ask(api, 'status', {})).toEqual(STATUS);
  });
});

describe('clients that mean harm or are broken', () => {
  const hangs: Partial<EngineHandlers> = {
    status: async () => STATUS,
    invite: async (_params, talk) => abortOf(talk.signal) as Promise<never>,
  };

  test('a wrong token is cut, and nothing was answered', async () => {
    const server = await serve(hangs);
    const raw = new RawClient(server.address);
    raw.write({ nonce: NONCE });
    expect(await raw.next()).toHaveProperty('proof');
    raw.write({ token: 'A'.repeat(43) });
    raw.write({ id: 1, call: 'status', params: {} });
    expect(await raw.next()).toBeUndefined();
    await raw.cut();
  });

  test.each([
    ['a call instead of a greeting', { id: 1, call: 'status', params: {} }],
    ['no JSON', 'GET / HTTP/1.1\r\n\r\n'],
    ['a long line without an end', 'x'.repeat(limits.CONTROL_GREETING_BYTES_MAX + 1)],
  ])('before the token: %s is cut', async (_what, line) => {
    // A clock that stands still: it is not cut because it is slow.
    const raw = new RawClient((await serve(hangs, new VirtualClock())).address);
    raw.write(line);
    expect(await raw.next()).toBeUndefined();
    await raw.cut();
  });

  test('who does not show the token in time is cut; who has, is not', async () => {
    const clock = new VirtualClock();
    const server = await serve(hangs, clock);
    const good = await trusted(server);
    good.write({ id: 1, call: 'status', params: {} });
    expect(await good.next()).toHaveProperty('result');
    const slow = new RawClient(server.address);
    slow.write({ nonce: NONCE });
    expect(await slow.next()).toHaveProperty('proof');
    clock.advance(limits.CONTROL_GREETING_MS);
    await slow.cut();
    good.write({ id: 2, call: 'status', params: {} });
    expect(await good.next()).toHaveProperty('result');
  });

  test.each([
    ['half JSON', '{"id":1,"call":\n'],
    ['no object', '"status"\n'],
    ['deep nesting', `${'['.repeat(100_000)}\n`],
    ['a number that is none', '{"id":1.5,"cancel":true}\n'],
    ['a field too many', '{"id":1,"call":"status","params":{},"also":1}\n'],
  ])('%s is answered with E_CONTROL and cut', async (_what, line) => {
    const raw = await trusted(await serve(hangs));
    raw.write(line);
    expect(await raw.next()).toMatchObject({ error: { code: 'E_CONTROL' } });
    await raw.cut();
  });

  test.each([
    ['unknown call', 'shutdown', {}],
    ['a call named like a property', 'constructor', {}],
    ['a call named like a prototype', '__proto__', {}],
    ['wrong parameters', 'share', { target: 8080 }],
    ['parameters too many', 'status', { verbose: true }],
  ])('%s: E_CONTROL, and the next call is answered', async (_what, call, params) => {
    const raw = await trusted(await serve(hangs));
    raw.write({ id: 7, call, params });
    expect(await raw.next()).toMatchObject({ id: 7, error: { code: 'E_CONTROL' } });
    raw.write({ id: 8, call: 'status', params: {} });
    expect(await raw.next()).toEqual({ id: 8, result: STATUS });
  });

  test('two calls of one number end the connection', async () => {
    const raw = await trusted(await serve(hangs));
    raw.write({ id: 1, call: 'invite', params: INVITE });
    raw.write({ id: 1, call: 'status', params: {} });
    expect(await raw.next()).toMatchObject({ error: { code: 'E_CONTROL' } });
    await raw.cut();
  });

  test('inputs that nobody asked for end the call', async () => {
    const raw = await trusted(await serve(hangs));
    raw.write({ id: 1, call: 'invite', params: INVITE });
    for (let count = 0; count <= limits.CONTROL_INPUTS_MAX; count++) {
      raw.write({ id: 1, input: { kind: 'verdict', match: true } });
    }
    expect(await raw.next()).toMatchObject({ id: 1, error: { code: 'E_CONTROL' } });
  });

  test('lines of 1 MiB are cut, and other clients notice nothing', async () => {
    const server = await serve(hangs);
    const raw = await trusted(server);
    raw.write(`${' '.repeat(1_048_576)}\n`);
    expect(await raw.next()).toBeUndefined();
    await raw.cut();
    const endless = await trusted(server);
    endless.write(' '.repeat(limits.CONTROL_LINE_BYTES_MAX + 1));
    await endless.cut();
    const api = await client();
    expect(await ask(api, 'status', {})).toEqual(STATUS);
  });

  test('a client that floods and never reads is cut, and its calls are aborted', async () => {
    const aborted = new Flag();
    const server = await serve({
      ...hangs,
      invite: async (_params, talk) => {
        await abortOf(talk.signal);
        aborted.raise();
        throw new Error('over');
      },
    });
    const raw = await trusted(server);
    raw.write({ id: 1, call: 'invite', params: INVITE });
    raw.stopReading();
    const flood = `${JSON.stringify({ id: 2, call: 'nothing', params: {} })}\n`.repeat(1000);
    const write = (): void => {
      while (!raw.socket.destroyed && raw.socket.write(flood));
    };
    raw.socket.on('drain', write);
    write();
    await within('the abort', aborted.raised);
    const api = await client();
    expect(await ask(api, 'status', {})).toEqual(STATUS);
  });

  test('an answer that is too long is E_CONTROL', async () => {
    const shares = Array.from({ length: limits.CONTROL_ANSWER_BYTES_MAX / 100 }, () => SHARE);
    await serve({ status: async () => ({ ...STATUS, shares }) });
    const api = await client();
    const failed = ask(api, 'status', {});
    await expect(failed).rejects.toMatchObject({ code: 'E_CONTROL' });
  });

  test('the whole log, said at once, arrives', async () => {
    const text = '是'.repeat(limits.LOG_TEXT_CHARS_MAX);
    await serve({
      logs: async (_params, talk) => {
        for (let count = 0; count < limits.LOG_ENTRIES_MAX; count++) {
          talk.emit({ at: new Date().toISOString(), level: 'error', text });
        }
        return {};
      },
    });
    const talk = talkOf<'logs'>();
    await (await client()).call('logs', { until: 'now' }, talk);
    expect(talk.events).toHaveLength(limits.LOG_ENTRIES_MAX);
  });

  test('a client that goes away cancels its calls', async () => {
    const aborted = new Flag();
    await serve(invitesLikeAnEngine(aborted.raise));
    const api = await client();
    const talk = talkOf<'invite'>(() => api.close());
    await expect(api.call('invite', INVITE, talk)).rejects.toMatchObject({ code: 'E_NO_DAEMON' });
    await within('the abort', aborted.raised);
  });
});

describe('processes that are not there, or are others', () => {
  test('nobody: undefined', async () => {
    expect(await connectControl(dataDir)).toBeUndefined();
    const server = await serve({});
    const left = fs.readFileSync(join(dataDir, 'control.json'));
    await server.close();
    expect(fs.readdirSync(dataDir)).toEqual([]);
    expect(await connectControl(dataDir)).toBeUndefined();
    fs.writeFileSync(join(dataDir, 'control.json'), left, { mode: 0o600 });
    expect(await connectControl(dataDir)).toBeUndefined();
  });

  test.each(['', '{', '[]', '{"pid":1,"address":"","token":"x"}'])(
    'a broken control.json (%j): undefined',
    async (text) => {
      fs.writeFileSync(join(dataDir, 'control.json'), text, { mode: 0o600 });
      expect(await connectControl(dataDir)).toBeUndefined();
    },
  );

  test('a control.json that others could write, or a link to one, is not believed', async () => {
    await serve({ status: async () => STATUS });
    const path = join(dataDir, 'control.json');
    fs.chmodSync(path, 0o640);
    expect(await connectControl(dataDir)).toBeUndefined();
    fs.chmodSync(path, 0o600);
    fs.renameSync(path, join(dataDir, 'elsewhere.json'));
    fs.symlinkSync(join(dataDir, 'elsewhere.json'), path);
    expect(await connectControl(dataDir)).toBeUndefined();
    fs.renameSync(join(dataDir, 'elsewhere.json'), path);
    const api = await client();
    expect(await ask(api, 'status', {})).toEqual(STATUS);
  });

  test('a process that does not know the token never sees it', async () => {
    const server = await serve({});
    const file = readControlFile(dataDir);
    if (file === undefined) throw new Error('no control.json');
    await server.close();
    let seen = '';
    const impostor = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
        socket.write(`${JSON.stringify({ proof: 'A'.repeat(43) })}\n`);
      });
    });
    impostor.listen(file.address);
    await once(impostor, 'listening');
    fs.writeFileSync(join(dataDir, 'control.json'), JSON.stringify(file), { mode: 0o600 });
    expect(await connectControl(dataDir)).toBeUndefined();
    expect(seen).toMatch(/^\{"nonce":"[\w-]{43}"\}\n$/);
    expect(seen).not.toContain(file.token);
    impostor.close();
    await once(impostor, 'close');
  });

  test('a process that says nothing: E_CONTROL after a while', async () => {
    const server = await serve({});
    const file = readControlFile(dataDir);
    await server.close();
    const silent = createServer((socket) => {
      sockets.push(socket);
      // Its nonce is sent when its clock runs.
      socket.once('data', () => clock.advance(limits.CONTROL_GREETING_MS));
    });
    const clock = new VirtualClock();
    silent.listen(file?.address);
    await once(silent, 'listening');
    fs.writeFileSync(join(dataDir, 'control.json'), JSON.stringify(file), { mode: 0o600 });
    await expect(connectControl(dataDir, clock)).rejects.toMatchObject({ code: 'E_CONTROL' });
    silent.close();
    for (const socket of sockets) socket.destroy();
    await once(silent, 'close');
  });
});
