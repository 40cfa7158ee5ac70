/**
 * What a page is told and can change, between two whole Portholes in this process that are paired:
 * state, counters, activity, pauses, names, settings, diagnostics.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PortholeHost } from '../../src/control/porthole-host.ts';
import type { CallTalk, PortholeApi } from '../../src/shared/calls/api.ts';
import { InputQueue } from '../../src/shared/calls/input-queue.ts';
import type {
  CallEvent,
  CallParams,
  CallResult,
  EngineCallName,
  PairingEvent,
  StatusView,
} from '../../src/shared/contract.ts';
import { toPortholeError } from '../../src/shared/errors.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { echo, TestServer } from '../support/servers.ts';
import { connectTo, readBytes, readToEnd, within } from '../support/tcp.ts';

type Feed = 'watch' | 'metrics' | 'activity';

/** One computer, as its page asks it. */
class Desk {
  readonly folder: string;
  readonly api: PortholeApi;
  readonly #host: PortholeHost;
  #closing: Promise<void> | undefined;

  private constructor(folder: string, host: PortholeHost) {
    this.folder = folder;
    this.#host = host;
    this.api = host.api;
  }

  static async start(folder = mkdtempSync(join(tmpdir(), 'porthole-page-'))): Promise<Desk> {
    const host = await PortholeHost.start({
      dataDir: folder,
      purpose: 'keep',
      rendezvous: [],
      stun: [],
      turn: { urls: [], passwordFile: undefined },
      version: '1.2.3',
      onEvent: () => {},
    });
    const desk = new Desk(folder, host);
    desks.push(desk);
    return desk;
  }

  ask<Name extends EngineCallName>(
    name: Name,
    params: CallParams<Name>,
  ): Promise<CallResult<Name>> {
    const signal = new AbortController().signal;
    return this.api.call(name, params, { signal, emit: () => {}, nextInput: never });
  }

  /** The first event of a feed that fits; the ones before it are taken. */
  async next<Name extends Feed>(
    name: Name,
    fits: (event: CallEvent<Name>) => boolean,
  ): Promise<CallEvent<Name>> {
    const wish = new AbortController();
    const found = new Promise<CallEvent<Name>>((resolve) => {
      const talk: CallTalk<Name> = {
        signal: wish.signal,
        emit: (event) => {
          if (fits(event)) resolve(event);
        },
        nextInput: async () => 'more',
      };
      this.api.call(name, {} as CallParams<Name>, talk).catch(() => {});
    });
    return await within(`${name} that fits`, found).finally(() => wish.abort());
  }

  status(fits: (status: StatusView) => boolean): Promise<StatusView> {
    return this.next('watch', fits);
  }

  close(): Promise<void> {
    this.#closing ??= this.#host.close();
    return this.#closing;
  }
}

async function never(): Promise<never> {
  throw new Error('asked for input');
}

let expectNothingLeft: () => Promise<void>;
const desks: Desk[] = [];
let server: TestServer;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
beforeEach(async () => {
  server = await TestServer.start(echo);
});
afterEach(async () => {
  await Promise.all(desks.map(async (desk) => desk.close()));
  for (const { folder } of desks.splice(0)) rmSync(folder, { recursive: true, force: true });
  await server.close();
});
afterAll(async () => expectNothingLeft());

/** A talk that says yes to the digits, and passes on the link. */
function agreeing(onLink: (link: string) => void) {
  const wish = new AbortController();
  const inputs = new InputQueue<{ kind: 'verdict'; match: boolean }>(wish.signal);
  return {
    signal: wish.signal,
    emit: (event: PairingEvent) => {
      if (event.kind === 'invite') onLink(event.link);
      if (event.kind === 'compare') inputs.push({ kind: 'verdict', match: true });
    },
    nextInput: () => inputs.next(),
  };
}

async function pair(owner: Desk, guest: Desk, forwards?: 'all'): Promise<void> {
  let inviting: Promise<unknown> = Promise.resolve();
  const code = await new Promise<string>((resolve) => {
    const wish = forwards === undefined ? {} : { forwards };
    const params = { mode: 'online', trust: 'compare', grant: null, ...wish } as const;
    inviting = owner.api.call('invite', params, agreeing(resolve));
  });
  const params = { code, trust: 'compare', localPort: null } as const;
  await Promise.all([
    inviting,
    guest.api.call(
      'join',
      params,
      agreeing(() => {}),
    ),
  ]);
}

/** Two that are paired; the first shares the echo server, the second has it on a port. */
async function pairOfDesks() {
  const [desk, laptop] = [await Desk.start(), await Desk.start()];
  await desk.ask('changeSettings', { deviceName: 'desk of Ada' });
  await laptop.ask('changeSettings', { deviceName: 'laptop of Bob' });
  const share = await desk.ask('share', {
    target: String(server.port),
    name: 'echo',
    peers: [],
    lan: 'this-computer',
  });
  await pair(desk, laptop);
  const status = await laptop.status(({ forwards }) => forwards[0]?.state === 'live');
  const local = status.forwards[0]?.local ?? '';
  return { desk, laptop, share, port: Number(local.split(':')[1]) };
}

async function failure(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'nothing',
    (thrown: unknown) => toPortholeError(thrown).code,
  );
}

describe('the state', () => {
  test('tells route, connections and counters on both sides', async () => {
    const { desk, laptop, share, port } = await pairOfDesks();
    const socket = await connectTo(port);
    socket.write(Buffer.alloc(100_000, 7));
    await readBytes(socket, 100_000);
    const up = await desk.status(
      ({ connections, shares }) => connections === 1 && shares[0]?.connections === 1,
    );
    expect(up.peers[0]).toMatchObject({ state: 'up', path: 'datachannel', connections: 1 });
    expect(up.peers[0]?.route).toMatchObject({ local: 'host', lanes: 1 });
    expect(up.peers[0]?.since).toBeNull();
    const traffic = { received: 100_000, sent: 100_000, connections: 1 };
    const sample = await desk.next('metrics', ({ shares }) => shares[0]?.received === 100_000);
    expect(sample.shares).toStrictEqual([{ id: share.id, ...traffic }]);
    expect(sample.peers[0]).toMatchObject(traffic);
    const there = await laptop.next('metrics', ({ forwards }) => forwards[0]?.sent === 100_000);
    expect(there.forwards[0]).toMatchObject({ share: share.id, ...traffic });
    socket.destroy();
    await laptop.status(({ connections }) => connections === 0);
  });

  test('a listener that asks for nothing more gets nothing more', async () => {
    const desk = await Desk.start();
    const wish = new AbortController();
    const told: StatusView[] = [];
    const asked = new Promise<void>((resolve) => {
      const talk: CallTalk<'watch'> = {
        signal: wish.signal,
        emit: (status) => told.push(status),
        nextInput: () => {
          resolve();
          return new Promise(() => {});
        },
      };
      desk.api.call('watch', {}, talk).catch(() => {});
    });
    await within('the question for more', asked);
    await desk.ask('share', {
      target: String(server.port),
      name: 'one',
      peers: [],
      lan: 'this-computer',
    });
    // Another listener is told of it, so the first one would have been.
    await desk.status(({ shares }) => shares.length === 1);
    expect(told).toHaveLength(1);
    wish.abort();
  });

  test('what a person does is told', async () => {
    const desk = await Desk.start();
    const params = { target: String(server.port), name: 'site', peers: [] };
    await desk.ask('share', { ...params, lan: 'this-computer' });
    const { entries, dropped } = await desk.next('activity', () => true);
    expect(entries.at(-1)?.text).toBe(`"site" (127.0.0.1:${server.port}) is shared.`);
    expect(dropped).toBe(0);
  });
});

describe('a pause', () => {
  test.each(['the share', 'all'] as const)('of %s cuts at once and can be undone', async (what) => {
    const { desk, laptop, share, port } = await pairOfDesks();
    const socket = await connectTo(port);
    socket.write('there?');
    await readBytes(socket, 6);
    const ending = readToEnd(socket, () => undefined);
    const wanted = { share: what === 'all' ? null : share.id };
    await desk.ask('pause', wanted);
    expect(await within('the reset', ending)).toBe('ECONNRESET');
    const paused = await desk.ask('status', {});
    expect(paused.shares[0]?.state).toBe('paused');
    expect(paused.sharing).toBe(what === 'all' ? 'paused' : 'on');
    await laptop.status(({ forwards }) => forwards[0]?.state === 'waiting');
    await desk.ask('resume', wanted);
    const back = await laptop.status(({ forwards }) => forwards[0]?.state === 'live');
    expect(back.forwards[0]?.local).toBe(`127.0.0.1:${port}`);
    const again = await connectTo(port);
    again.write('again?');
    expect((await readBytes(again, 6)).toString()).toBe('again?');
    again.destroy();
  });

  test.each(['the share', 'all'] as const)('of %s outlives the process', async (what) => {
    const desk = await Desk.start();
    const params = { target: String(server.port), name: 'kept', peers: [] };
    const share = await desk.ask('share', { ...params, lan: 'this-computer' });
    await desk.ask('pause', { share: what === 'all' ? null : share.id });
    await desk.close();
    const again = await Desk.start(desk.folder);
    expect((await again.ask('status', {})).shares[0]?.state).toBe('paused');
    await again.ask('resume', { share: what === 'all' ? null : share.id });
    expect((await again.ask('status', {})).shares[0]?.state).toBe('live');
    await again.close();
    desks.splice(desks.indexOf(again), 1);
  });
});

describe('the side that showed the code', () => {
  test('gets what the other one shares, when it asked for that, also after a restart', async () => {
    const [desk, laptop] = [await Desk.start(), await Desk.start()];
    await pair(desk, laptop, 'all');
    const share = (name: string) => {
      const target = String(server.port);
      return laptop.ask('share', { target, name, peers: [], lan: 'this-computer' });
    };
    await share('first');
    await desk.status(({ forwards }) => forwards.some(({ name }) => name === 'first'));
    await desk.close();
    const again = await Desk.start(desk.folder);
    desks.splice(desks.indexOf(desk), 1);
    await share('second');
    const { forwards } = await again.status((status) => status.forwards.length === 2);
    expect(forwards.map(({ name }) => name)).toStrictEqual(['first', 'second']);
  });
});

describe('a share that was stopped', () => {
  test('is found by the same forward when it is shared again', async () => {
    const { desk, laptop, share, port } = await pairOfDesks();
    await desk.ask('unshare', { share: share.id });
    await laptop.status(({ forwards }) => forwards[0]?.state === 'waiting');
    const params = { target: String(server.port), name: 'echo', peers: [] };
    const again = await desk.ask('share', { ...params, lan: 'this-computer' });
    expect(again.id).toBe(share.id);
    const back = await laptop.status(({ forwards }) => forwards[0]?.state === 'live');
    expect(back.forwards.map(({ local }) => local)).toStrictEqual([`127.0.0.1:${port}`]);
    const other = await desk.ask('share', { ...params, name: 'other', lan: 'this-computer' });
    expect(other.id).not.toBe(share.id);
  });
});

describe('names', () => {
  test('a device that is renamed is so on the other side at once; an alias stays here', async () => {
    const { desk, laptop } = await pairOfDesks();
    await desk.ask('changeSettings', { deviceName: 'den' });
    await laptop.status(({ peers }) => peers[0]?.name === 'den');
    await laptop.ask('rename', { peer: 'den', name: 'attic' });
    const status = await laptop.ask('status', {});
    expect(status.peers[0]?.name).toBe('attic');
    expect(status.forwards[0]?.peerName).toBe('attic');
    await desk.ask('changeSettings', { deviceName: 'den again' });
    await laptop.ask('rename', { peer: 'attic', name: '' });
    await laptop.status(({ peers }) => peers[0]?.name === 'den again');
  });

  test('an alias is cleaned like any name', async () => {
    const { laptop } = await pairOfDesks();
    const [peer] = (await laptop.ask('status', {})).peers;
    const view = await laptop.ask('rename', { peer: peer?.id ?? '', name: '\u202eevil\u0007' });
    expect(view.name).toBe('evil');
  });
});

describe('settings', () => {
  test('are shown as stored, and say what needs a start', async () => {
    const desk = await Desk.start();
    const before = await desk.ask('settings', {});
    expect(before).toMatchObject({ holdSeconds: 60, rendezvous: [], restart: 'not-needed' });
    expect(before.keyStorage).toContain('only your account can read');
    const after = await desk.ask('changeSettings', {
      holdSeconds: 90,
      rendezvous: ['wss://rv.example.org'],
      turn: ['turn:ada:correct-horse@turn.example.org:3478'],
    });
    expect(after).toMatchObject({ holdSeconds: 90, restart: 'needed' });
    expect(after.turn).toStrictEqual(['turn:ada@turn.example.org:3478']);
    const kept = await desk.ask('changeSettings', { turn: after.turn, holdSeconds: 91 });
    expect(kept.turn).toStrictEqual(after.turn);
    expect(readFileSync(join(desk.folder, 'settings.json'), 'utf8')).toContain('correct-horse');
  });

  test.each([
    ['holdSeconds', { holdSeconds: 601 }],
    ['rendezvous', { rendezvous: ['http://rv.example.org'] }],
    ['stun', { stun: ['example.org'] }],
    ['turn without a password', { turn: ['turn:ada@turn.example.org'] }],
    ['a name that does not show', { deviceName: '\u202e' }],
  ])('%s is refused, and nothing is changed', async (_what, change) => {
    const desk = await Desk.start();
    const before = await desk.ask('settings', {});
    expect(await failure(desk.ask('changeSettings', change))).toBe('E_USAGE');
    expect(await desk.ask('settings', {})).toStrictEqual(before);
  });

  test('the backup is behind its passphrase', async () => {
    const desk = await Desk.start();
    expect(await failure(desk.ask('backup', { passphrase: '' }))).toBe('E_USAGE');
    const { backup } = await desk.ask('backup', { passphrase: 'a long one' });
    expect(backup).toMatch(/^porthole-backup:1:/);
  });
});

describe('diagnostics', () => {
  test('hold states, and neither names, nor addresses, nor ids, nor secrets', async () => {
    const { desk, laptop } = await pairOfDesks();
    const { deviceId } = await laptop.ask('settings', {});
    const { device } = await laptop.ask('status', {});
    const { text } = await desk.ask('diagnostics', {});
    expect(text).toContain('Porthole 1.2.3');
    expect(text).toMatch(/device 1: up, datachannel, host to/);
    expect(text).toContain('Paired with [device 1].');
    for (const secret of ['desk of Ada', 'laptop of Bob', deviceId, device, 'echo"']) {
      expect(text).not.toContain(secret);
    }
    expect(text).not.toMatch(/\b(?!127\.)(?:\d{1,3}\.){3}\d{1,3}\b/);
  });
});

describe('listening ports', () => {
  test('name the share that leads there, and leave out our own', async () => {
    const { desk, laptop, share, port } = await pairOfDesks();
    const { ports } = await desk.ask('listening', {});
    const found = ports.find((each) => each.port === server.port);
    expect(found).toMatchObject({ share: share.id, target: String(server.port) });
    expect(found?.process?.pid).toBe(process.pid);
    const { ports: others } = await laptop.ask('listening', {});
    expect(others.map((each) => each.port)).not.toContain(port);
  });
});

describe('reconnect', () => {
  test('calls a peer that was away, now', async () => {
    const { desk, laptop } = await pairOfDesks();
    const [peer] = (await laptop.ask('status', {})).peers;
    await desk.close();
    await laptop.status(({ peers }) => peers[0]?.state !== 'up');
    const back = await Desk.start(desk.folder);
    desks.splice(desks.indexOf(desk), 1);
    await laptop.ask('reconnect', { peer: peer?.id ?? '' });
    await laptop.status(({ peers }) => peers[0]?.state === 'up');
    await back.status(({ peers }) => peers[0]?.state === 'up');
    expect(await failure(laptop.ask('reconnect', { peer: 'nobody' }))).toBe('E_PEER_UNKNOWN');
  });
});
