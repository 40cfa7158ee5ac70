/**
 * Row 20 of the threat table, behind the door (the door is in test/integration/rendezvous-door.test.ts):
 * who makes a computer build connections that are never authenticated. Without the secret of an
 * invite or a pair key nobody gets that far, so the attacker here is a paired device gone bad.
 */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import { releaseDataChannels } from '../../src/engine/carrier/native-channel.ts';
import { claimRoom, type ClaimedRoom, type Room } from '../../src/engine/pairing/claim.ts';
import { packDescription, unpackDescription } from '../../src/engine/pairing/description.ts';
import { derivePeerKeys } from '../../src/engine/pairing/keys.ts';
import { utcDayOf } from '../../src/engine/peers/peer-room.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import { HANDSHAKE_TIMEOUT_MS } from '../../src/shared/limits.ts';
import { portholeError } from '../../src/shared/errors.ts';
import { pairEngines, TestEngine } from '../support/in-process-engine.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { udpSockets } from '../support/open-descriptors.ts';
import { closeAll } from '../support/pairing-computers.ts';
import { closeChannels, connectorAt } from '../support/real-channels.ts';
import { within } from '../support/tcp.ts';

const CALLS = 60;
const linux = existsSync('/proc/self/net/udp');
if (!linux) console.warn('\n*** NOT TESTED: counting sockets needs Linux (/proc). ***\n');

let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(async () => {
  closeChannels();
  await closeAll();
});
afterAll(async () => {
  await expectNothingLeft();
  releaseDataChannels();
});

interface Bad {
  readonly victim: TestEngine;
  readonly folder: string;
  /** Claims the victim's room for this device as if it were honest, and answers its offer. */
  call(answer: (offer: Uint8Array) => Promise<Uint8Array>): Promise<ClaimedRoom>;
}

/** A computer, and what a device it is paired with has on its disk. */
async function pairedWithBad(): Promise<Bad> {
  const victim = await TestEngine.start({ name: 'victim', purpose: 'keep' });
  const bad = await TestEngine.start({ name: 'bad', purpose: 'forward' });
  await pairEngines(victim, bad);
  const [record] = bad.data.peers.all();
  const identity = bad.data.identity();
  const port = victim.data.settings.get().signalingPort;
  if (record === undefined || port === undefined) throw new Error('not paired');
  await bad.close();
  const room: Room = {
    keys: derivePeerKeys(record.pairKey, utcDayOf(Date.now())),
    endpoints: [{ host: '127.0.0.1', port }],
    sought: 'device',
    refusal: () => portholeError('E_UNREACHABLE', { reason: 'turned down' }),
  };
  return {
    victim,
    folder: bad.folder,
    call: (answerOffer) =>
      claimRoom({
        room,
        identity,
        name: 'bad',
        clock: systemClock,
        signal: new AbortController().signal,
        answerOffer,
        onRefused: () => undefined,
      }),
  };
}

/** The same device, honest again. */
/** Connections of one peer that are being built: a later call takes the place of the one before. */
const ATTEMPTS_MAX = 1;

async function comesBack({ victim, folder }: Bad): Promise<TestEngine> {
  const back = await TestEngine.start({ name: 'bad', purpose: 'keep', folder });
  await within(
    'the link',
    back.event((event) => event.kind === 'link' && event.state === 'up'),
  );
  await within('the link there', untilUp(victim));
  return back;
}

async function untilUp({ engine }: TestEngine): Promise<void> {
  while (engine.peers()[0]?.state !== 'up') await new Promise((resolve) => setImmediate(resolve));
}

test.skipIf(!linux)(
  'row 20: calls whose connection never comes keep a handful of sockets, and an honest call works',
  async () => {
    const bad = await pairedWithBad();
    const before = udpSockets();
    const hole = createSocket('udp4').bind(0, '127.0.0.1');
    await once(hole, 'listening');
    const { port } = hole.address();
    let most = 0;
    for (let round = 0; round < CALLS; round++) {
      const claimed = await bad.call(async () =>
        packDescription({
          kind: 'answer',
          iceSecret: randomBytes(16),
          fingerprint: randomBytes(32),
          candidates: [{ address: '127.0.0.1', port, type: 'host' }],
        }),
      );
      claimed.close();
      most = Math.max(most, udpSockets() - before);
    }
    console.log(`${CALLS} calls, at most ${most} sockets`);
    expect(most).toBeGreaterThan(1);
    // The hole, the bound, one being made, and two that the library is just closing.
    expect(most).toBeLessThanOrEqual(1 + ATTEMPTS_MAX + 3);
    const back = await comesBack(bad);
    await back.close();
    hole.close();
  },
);

test.skipIf(!linux)(
  'row 20: connections that stay silent end in time, the oldest at once when there are too many',
  async () => {
    const bad = await pairedWithBad();
    const ended: number[] = [];
    const startedAt = performance.now();
    const carriers: Promise<void>[] = [];
    for (let index = 0; index < ATTEMPTS_MAX + 2; index++) {
      carriers.push(keepSilent(await openSilent(bad)).then(() => void ended.push(index)));
    }
    // The first ones made room for the last ones.
    await within('two of them', Promise.all(carriers.slice(0, 2)));
    expect(performance.now() - startedAt).toBeLessThan(HANDSHAKE_TIMEOUT_MS);
    expect(ended.toSorted((a, b) => a - b)).toEqual([0, 1]);
    const back = await comesBack(bad);
    await within('all of them', Promise.all(carriers));
    expect(bad.victim.engine.peers()).toMatchObject([{ state: 'up' }]);
    await back.close();
  },
);

/** A channel that really opens. */
async function openSilent(bad: Bad): Promise<Carrier> {
  const connector = connectorAt('answerer');
  const claimed = await bad.call(async (offer) => {
    connector.accept(unpackDescription(offer));
    return packDescription(await connector.describe());
  });
  const carrier = await within('a channel', connector.opened);
  claimed.close();
  return carrier;
}

/** Says nothing; resolves when the other end has closed it. */
function keepSilent(carrier: Carrier): Promise<void> {
  return new Promise((resolve) => {
    carrier.start({
      onMessage: () => undefined,
      onDrained: () => undefined,
      onClosed: () => resolve(),
    });
  });
}
