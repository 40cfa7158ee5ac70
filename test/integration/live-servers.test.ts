/** Dead STUN and TURN servers: they are found out, and cost a connection next to nothing. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { IceServer } from '../../src/engine/carrier/ice-server.ts';
import { LiveServers } from '../../src/engine/carrier/live-servers.ts';
import { releaseDataChannels } from '../../src/engine/carrier/native-channel.ts';
import type { ResolveName } from '../../src/engine/carrier/stun-round.ts';
import type { SessionDescription } from '../../src/engine/pairing/description.ts';
import { Connectors } from '../../src/engine/peers/connectors.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import type { Clock } from '../../src/shared/clock.ts';
import { portholeError } from '../../src/shared/errors.ts';
import {
  GATHER_TIMEOUT_MS,
  STUN_FRESH_MS,
  STUN_PATIENCE_MS,
  STUN_REQUEST_MS,
  STUN_ROUND_MS,
} from '../../src/shared/limits.ts';
import { watchForLeaks } from '../support/leaks.ts';
import {
  asTurn,
  closeStunServers,
  confused,
  dead,
  honest,
  losing,
  startStun,
} from '../support/stun-servers.ts';
import { within } from '../support/tcp.ts';

let expectNothingLeft: () => Promise<void>;
const closers: (() => void)[] = [];

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
  closeStunServers();
});
afterAll(async () => {
  releaseDataChannels();
  await expectNothingLeft();
});

function liveOf(
  servers: readonly IceServer[],
  { clock = systemClock, resolveName }: { clock?: Clock; resolveName?: ResolveName } = {},
): LiveServers {
  const live = new LiveServers({ clock, servers, resolveName });
  closers.push(() => live.close());
  return live;
}

/** Resolves when the round under way is over. */
async function roundOver(live: LiveServers): Promise<void> {
  const look = async (): Promise<void> => {
    while (live.udp === 'unknown') await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await within('a round', look());
}

describe('which servers answer', () => {
  test('the live one among dead ones, alone', async () => {
    const [one, two, three] = [await startStun(dead), await startStun(), await startStun(confused)];
    const live = liveOf([one.server, two.server, three.server]);
    expect(live.usable()).toEqual([]);
    await live.settled();
    expect(live.usable()).toEqual([two.server]);
    expect(live.udp).toBe('answers');
  });

  test('lost requests are repeated', async () => {
    const { server, requests } = await startStun(losing(3));
    const live = liveOf([server]);
    live.refresh('forget');
    await roundOver(live);
    expect(live.usable()).toEqual([server]);
    expect(requests()).toBeGreaterThanOrEqual(4);
  });

  test('none: soon known, and nobody waits long', async () => {
    const servers = [(await startStun(dead)).server, (await startStun(confused)).server];
    const live = liveOf(servers);
    await live.settled();
    expect(live.usable()).toEqual([]);
    await roundOver(live);
    expect(live.udp).toBe('silent');
    await live.settled();
  });

  test('one STUN and one TURN server', async () => {
    const [stun, turn] = [(await startStun()).server, asTurn((await startStun()).server)];
    const live = liveOf([stun, turn]);
    await live.settled();
    expect(live.usable()).toEqual([stun, turn]);
    await roundOver(live);
  });

  test('a dead TURN server is left out', async () => {
    const [stun, turn] = [(await startStun()).server, asTurn((await startStun(dead)).server)];
    const live = liveOf([stun, turn]);
    await live.settled();
    expect(live.usable()).toEqual([stun]);
  });

  test('names are resolved, IPv4 goes first', async () => {
    const { server } = await startStun();
    const six = await startStun(honest, '::1').catch(() => undefined);
    const named = { ...server, host: 'stun.example.org' };
    const live = liveOf([named], {
      resolveName: async () => [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ],
    });
    await live.settled();
    expect(live.usable()).toEqual([server]);
    if (six === undefined) return;
    const onlySix = liveOf([{ ...six.server, host: 'six.example.org' }], {
      resolveName: async () => [{ address: '::1', family: 6 }],
    });
    await onlySix.settled();
    expect(onlySix.usable()).toEqual([six.server]);
  });

  test('a name that resolves never, or to nothing, ends with the round', async () => {
    const live = liveOf(
      [
        { kind: 'stun', host: 'never.example', port: 1 },
        { kind: 'stun', host: 'nothing.example', port: 1 },
      ],
      {
        resolveName: async (host) =>
          host.startsWith('never') ? new Promise(() => {}) : Promise.reject(new Error('ENOTFOUND')),
      },
    );
    await live.settled();
    await within('the round', roundOver(live), 3 * STUN_ROUND_MS);
    expect(live.udp).toBe('silent');
  });

  test('another network: what was known does not count', async () => {
    const { server, requests } = await startStun();
    const live = liveOf([server]);
    await live.settled();
    live.refresh('forget');
    expect(live.usable()).toEqual([]);
    expect(live.udp).toBe('unknown');
    await live.settled();
    expect(live.usable()).toEqual([server]);
    expect(requests()).toBeGreaterThanOrEqual(2);
  });

  test('what is old is asked for again, beside the connection that uses it', async () => {
    let late = 0;
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + late };
    const { server, requests } = await startStun();
    const live = liveOf([server], { clock });
    await live.settled();
    await roundOver(live);
    const before = requests();
    live.usable();
    late = STUN_FRESH_MS + STUN_ROUND_MS;
    expect(live.usable()).toEqual([server]);
    await within(
      'another request',
      (async () => {
        while (requests() === before) await new Promise((resolve) => setTimeout(resolve, 10));
      })(),
    );
  });
});

async function described(servers: readonly IceServer[]): Promise<[SessionDescription, number]> {
  const connectors = new Connectors({ clock: systemClock, iceServers: servers });
  closers.push(() => connectors.close());
  const begun = performance.now();
  await connectors.prepared();
  const connector = connectors.create('offerer', 'live');
  const description = await connector.describe();
  return [description, performance.now() - begun];
}

describe('a description', () => {
  test('with one dead and one live server has the outer address, quickly', async () => {
    for (let round = 0; round < 5; round++) {
      const [one, two] = [await startStun(dead), await startStun()];
      const [{ candidates }, ms] = await described([one.server, two.server]);
      // The server says that everybody is 127.0.0.1: another address than any of ours.
      expect(candidates.map(({ type }) => type)).toContain('srflx');
      expect(ms).toBeLessThan(GATHER_TIMEOUT_MS);
      expect(one.requests()).toBeLessThanOrEqual(5);
    }
  });

  test('with dead servers only comes without delay', async () => {
    const servers = [(await startStun(dead)).server, asTurn((await startStun(dead)).server)];
    const [, ms] = await described(servers);
    expect(ms).toBeGreaterThan(STUN_PATIENCE_MS - 50);
    // Far below GATHER_TIMEOUT_MS, which a dead server would cost.
    expect(ms).toBeLessThan(GATHER_TIMEOUT_MS - 500);
  });
});

describe('an attempt that failed', () => {
  const failure = portholeError('E_UNREACHABLE', { reason: 'no way' });

  async function explained(servers: readonly IceServer[], wasAnswered: boolean): Promise<unknown> {
    const connectors = new Connectors({ clock: systemClock, iceServers: servers });
    closers.push(() => connectors.close());
    await connectors.prepared();
    // Longer than a server may take.
    await new Promise((resolve) => setTimeout(resolve, STUN_REQUEST_MS));
    return connectors.explain(failure, { wasAnswered });
  }

  // Nothing listens there.
  const nowhere: IceServer = { kind: 'stun', host: '127.0.0.1', port: 9 };

  test('the other end was met, no server answers: UDP is blocked', async () => {
    expect(await explained([nowhere], true)).toMatchObject({ code: 'E_UDP_BLOCKED' });
  });

  test('the other end was not met: that is what is told', async () => {
    expect(await explained([nowhere], false)).toBe(failure);
  });

  test('no servers to tell, or one that answers', async () => {
    expect(await explained([], true)).toBe(failure);
    expect(await explained([(await startStun()).server], true)).toBe(failure);
  });
});
