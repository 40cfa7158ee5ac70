import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import { DataChannelConnector } from '../../src/engine/carrier/datachannel.ts';
import { NativeChannel, releaseDataChannels } from '../../src/engine/carrier/native-channel.ts';
import {
  packDescription,
  unpackDescription,
  type SessionDescription,
} from '../../src/engine/pairing/description.ts';
import {
  FRAME_BYTES_MAX,
  GATE_HIGH_WATER_BYTES,
  GATE_LOW_WATER_BYTES,
} from '../../src/shared/limits.ts';
import { seededRandom } from '../../src/shared/random.ts';
import type { PortholeError } from '../../src/shared/errors.ts';
import { systemClock as clock } from '../../src/engine/system-clock.ts';
import { trying } from '../support/trying.ts';

const childFile = fileURLToPath(new URL('../support/datachannel-child.ts', import.meta.url));
const bindAddress = '127.0.0.1';
const connectors: DataChannelConnector[] = [];

afterEach(() => {
  for (const made of connectors.splice(0)) made.close();
});
afterAll(releaseDataChannels);

function connector(
  role: 'offerer' | 'answerer',
  onFault?: (error: Error) => void,
): DataChannelConnector {
  const made = new DataChannelConnector({
    role,
    clock,
    bindAddress,
    ...(onFault ? { onFault } : {}),
  });
  connectors.push(made);
  return made;
}

const ignore = (): undefined => undefined;

describe('a native channel', () => {
  it('leaves out an address the library refuses, and closes all the same', async () => {
    const faults: Error[] = [];
    const channel = new NativeChannel({
      clock,
      bindAddress,
      onFault: (error) => faults.push(error),
      events: {
        onGathered: ignore,
        onOpen: ignore,
        onMessage: ignore,
        onBufferedAmountLow: ignore,
        onEnded: ignore,
      },
    });
    for (const refused of ['', 'no candidate', 'candidate:']) channel.addRemoteCandidate(refused);
    channel.close();
    channel.close();
    channel.addRemoteCandidate('too late');
    await new Promise((resolve) => setImmediate(resolve));
    expect(faults).toEqual([]);
  });
});

/** What arrived in whatever order, comparable (and quickly: one string for each message). */
function sorted(messages: readonly Uint8Array[]): string[] {
  return messages
    .map((message) => Buffer.from(message).toString('latin1'))
    .toSorted((a, b) => (a < b ? -1 : Number(a > b)));
}

/** Through the tuple, as in life. */
function carried(description: SessionDescription): SessionDescription {
  return unpackDescription(packDescription(description));
}

async function openPair(onFault?: (error: Error) => void): Promise<[Carrier, Carrier]> {
  return trying(async () => {
    const offerer = connector('offerer', onFault);
    const answerer = connector('answerer');
    answerer.accept(carried(await offerer.describe()));
    offerer.accept(carried(await answerer.describe()));
    return Promise.all([offerer.opened, answerer.opened]);
  });
}

interface Ending {
  readonly cause: PortholeError | undefined;
}

/** Starts a carrier; collects what it says. */
class Listener {
  readonly messages: Uint8Array[] = [];
  readonly endings: Ending[] = [];
  drained = 0;
  #changed: () => void = () => undefined;

  constructor(carrier: Carrier, onMessage?: (message: Uint8Array) => void) {
    carrier.start({
      onMessage: (message) => {
        this.messages.push(message);
        this.#changed();
        onMessage?.(message);
      },
      onDrained: () => {
        this.drained++;
        this.#changed();
      },
      onClosed: (cause) => {
        this.endings.push({ cause });
        this.#changed();
      },
    });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  async ended(): Promise<PortholeError | undefined> {
    await this.until(() => this.endings.length > 0);
    return this.endings[0]?.cause;
  }
}

function startAnswerer(): Promise<{ carrier: Carrier; child: ChildProcess }> {
  return trying(startAnswererOnce);
}

async function startAnswererOnce(): Promise<{ carrier: Carrier; child: ChildProcess }> {
  const child = fork(childFile, ['answer'], { execArgv: ['--import', 'tsx'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const offerer = connector('offerer');
  child.send(Buffer.from(packDescription(await offerer.describe())).toString('hex'));
  const [answer] = await once(child, 'message');
  offerer.accept(unpackDescription(new Uint8Array(Buffer.from(String(answer), 'hex'))));
  return { carrier: await offerer.opened, child };
}

describe('a pair of DataChannels', () => {
  it('opens, and both ends know the same two certificates', async () => {
    const [first, second] = await openPair();
    expect(first.binding.local).toHaveLength(32);
    expect(first.binding.local).toEqual(second.binding.remote);
    expect(first.binding.remote).toEqual(second.binding.local);
    expect(first.binding.local).not.toEqual(first.binding.remote);
  });

  it('echoes messages of every size, whole', async () => {
    const [first, second] = await openPair();
    const random = seededRandom(1);
    const sizes = [0, 1, 9, 1156, 16_384, FRAME_BYTES_MAX];
    const sent = Array.from({ length: 1000 }, (_, index) =>
      Buffer.alloc(sizes[index % sizes.length] ?? 0, 1 + Math.floor(random() * 255)),
    );
    const echoing = new Listener(second, (message) => second.send(message));
    const listener = new Listener(first);
    for (const message of sent) first.send(message);
    await listener.until(() => listener.messages.length === sent.length);
    expect(sorted(listener.messages)).toEqual(sorted(sent));
    expect(echoing.messages).toHaveLength(sent.length);
  });

  it('takes a copy of what is sent', async () => {
    const [first, second] = await openPair();
    const listener = new Listener(second);
    const message = new Uint8Array([1, 2, 3]);
    first.send(message);
    message.fill(9);
    await listener.until(() => listener.messages.length > 0);
    expect([...(listener.messages[0] ?? [])]).toEqual([1, 2, 3]);
  });

  it('says when it has drained', async () => {
    const [first, second] = await openPair();
    const received = new Listener(second);
    const listener = new Listener(first);
    let sent = 0;
    while (first.bufferedAmount() <= GATE_HIGH_WATER_BYTES) {
      first.send(new Uint8Array(16_384));
      sent++;
    }
    expect(listener.drained).toBe(0);
    await listener.until(() => listener.drained > 0);
    expect(first.bufferedAmount()).toBeLessThanOrEqual(GATE_LOW_WATER_BYTES);
    await received.until(() => received.messages.length === sent);
  });

  it('keeps what comes before it is started', async () => {
    const [first, second] = await openPair();
    const firstListener = new Listener(first);
    second.send(Uint8Array.of(1));
    await firstListener.until(() => firstListener.messages.length === 1);
    first.send(Uint8Array.of(2));
    first.send(Uint8Array.of(3));
    await new Promise((resolve) => setImmediate(resolve));
    const listener = new Listener(second);
    await listener.until(() => listener.messages.length === 2);
    expect(sorted(listener.messages)).toEqual(['\u0002', '\u0003']);
  });
});

describe('a DataChannel that ends', () => {
  it('tells this end nothing went wrong, the other that it is gone, once each', async () => {
    const [first, second] = await openPair();
    const firstListener = new Listener(first);
    const secondListener = new Listener(second);
    first.close();
    first.close();
    expect(firstListener.endings).toEqual([]);
    expect(await firstListener.ended()).toBeUndefined();
    expect(await secondListener.ended()).toMatchObject({ code: 'E_LINK_LOST' });
    second.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(firstListener.endings).toHaveLength(1);
    expect(secondListener.endings).toHaveLength(1);
  });

  it('takes messages in silence afterwards', async () => {
    const [first, second] = await openPair();
    const listener = new Listener(second);
    first.close();
    first.send(Uint8Array.of(1));
    expect(first.bufferedAmount()).toBe(0);
    await listener.ended();
    second.send(Uint8Array.of(1));
    expect(listener.messages).toEqual([]);
  });

  it('says so to a receiver that starts late', async () => {
    const [first, second] = await openPair();
    const secondListener = new Listener(second);
    first.close();
    await secondListener.ended();
    const listener = new Listener(first);
    expect(listener.endings).toEqual([]);
    expect(await listener.ended()).toBeUndefined();
  });

  it('ends when a message cannot be sent', async () => {
    const [first, second] = await openPair();
    const secondListener = new Listener(second);
    const listener = new Listener(first);
    first.send(new Uint8Array(FRAME_BYTES_MAX + 1));
    expect(await listener.ended()).toMatchObject({ code: 'E_INTERNAL' });
    expect(await secondListener.ended()).toMatchObject({ code: 'E_LINK_LOST' });
  });

  it('closes from inside its own events', async () => {
    const [first, second] = await openPair();
    const secondListener = new Listener(second, () => second.close());
    const listener = new Listener(first);
    first.send(Uint8Array.of(1));
    first.send(Uint8Array.of(2));
    expect(await secondListener.ended()).toBeUndefined();
    expect(await listener.ended()).toMatchObject({ code: 'E_LINK_LOST' });
    expect(secondListener.messages).toHaveLength(1);
  });

  it('survives a receiver that throws', async () => {
    const faults: Error[] = [];
    const [first, second] = await openPair((error) => faults.push(error));
    const listener = new Listener(first, (message) => {
      if (message[0] === 1) throw new Error('receiver at fault');
    });
    second.send(Uint8Array.of(1));
    await listener.until(() => listener.messages.length === 1);
    second.send(Uint8Array.of(2));
    await listener.until(() => listener.messages.length === 2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(faults.map(({ message }) => message)).toEqual(['receiver at fault']);
  });
});

describe('a connection that does not come about', () => {
  it('is blocked when the other end has another certificate than it said', async () => {
    const offerer = connector('offerer');
    const answerer = connector('answerer');
    answerer.accept(await offerer.describe());
    const answer = await answerer.describe();
    offerer.accept({ ...answer, fingerprint: new Uint8Array(32).fill(7) });
    await expect(offerer.opened).rejects.toMatchObject({ code: 'E_IDENTITY' });
    await expect(answerer.opened).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
  });

  it('is blocked the other way round', async () => {
    const offerer = connector('offerer');
    const answerer = connector('answerer');
    answerer.accept({ ...(await offerer.describe()), fingerprint: new Uint8Array(32).fill(7) });
    offerer.accept(await answerer.describe());
    await expect(answerer.opened).rejects.toMatchObject({ code: 'E_IDENTITY' });
  });

  it('ends when it is stopped, at any stage', async () => {
    const stopped = { code: 'E_UNREACHABLE' };
    const unused = connector('offerer');
    unused.close();
    unused.close();
    await expect(unused.opened).rejects.toMatchObject(stopped);
    await expect(unused.describe()).rejects.toMatchObject(stopped);

    const gathering = connector('offerer');
    const description = gathering.describe();
    gathering.close();
    await expect(description).rejects.toMatchObject(stopped);

    const offerer = connector('offerer');
    const answerer = connector('answerer');
    answerer.accept(await offerer.describe());
    const answer = await answerer.describe();
    offerer.accept(answer);
    offerer.close();
    answerer.close();
    await expect(offerer.opened).rejects.toMatchObject(stopped);
    await expect(answerer.opened).rejects.toMatchObject(stopped);
    offerer.accept(answer);
  });

  it('refuses a description nobody asked for', async () => {
    const offerer = connector('offerer');
    const offer = await offerer.describe();
    expect(() => offerer.accept(offer)).toThrow(expect.objectContaining({ code: 'E_PROTOCOL' }));
    const answerer = connector('answerer');
    answerer.accept(offer);
    expect(() => answerer.accept(offer)).toThrow(expect.objectContaining({ code: 'E_PROTOCOL' }));
    await answerer.describe();
  });

  it('reports misuse', async () => {
    const offerer = connector('offerer');
    const answerer = connector('answerer');
    await expect(answerer.describe()).rejects.toMatchObject({ code: 'E_INTERNAL' });
    const offer = await connector('offerer').describe();
    const early = { ...offer, kind: 'answer' } as const;
    expect(() => offerer.accept(early)).toThrow(expect.objectContaining({ code: 'E_INTERNAL' }));
  });
});

describe('another process', () => {
  it('that is killed ends the connection while something is under way', async () => {
    const { carrier, child } = await startAnswerer();
    const listener = new Listener(carrier);
    carrier.send(Uint8Array.of(1));
    await listener.until(() => listener.messages.length === 1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    carrier.send(Uint8Array.of(2));
    expect(await listener.ended()).toMatchObject({ code: 'E_LINK_LOST' });
    expect(listener.endings).toHaveLength(1);
  });

  it.each(['closed', 'released', 'by-hand', 'interrupted', 'anywhere'])(
    'ends within a second: %s',
    async (way) => {
      const child = fork(childFile, [way], { execArgv: ['--import', 'tsx'] });
      onTestFinished(() => void child.kill('SIGKILL'));
      await once(child, 'message');
      const start = performance.now();
      if (way === 'interrupted') child.kill('SIGINT');
      const [code] = await once(child, 'exit');
      expect(code).toBe(0);
      expect(performance.now() - start).toBeLessThan(1000);
    },
  );

  // unshare is Linux's; without it there is no computer without a network to test on.
  const unshare = 'unshare';
  const canUnshare = spawnSync(unshare, ['-rn', 'ip', 'link', 'set', 'lo', 'up']).status === 0;
  it.runIf(canUnshare)('connects where loopback is the only network', () => {
    const script = 'ip link set lo up && exec "$0" --import tsx "$1" anywhere';
    const { status, stderr } = spawnSync(
      unshare,
      ['-rn', 'sh', '-c', script, process.execPath, childFile],
      { timeout: 20_000, encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
