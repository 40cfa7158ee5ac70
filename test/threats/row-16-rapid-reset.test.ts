/**
 * Row 16 of the threat table: a peer that opens and resets without end (CVE-2023-44487), against
 * real targets. The same in virtual time, by the number: test/simulation/hostile-peer.test.ts.
 *
 *   RESET_FLOODS=100 npx vitest run test/threats/row-16-rapid-reset.test.ts   more floods
 */
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { memoryCarrierPair } from '../../src/engine/carrier/memory.ts';
import { encodeConnect } from '../../src/engine/protocol/frame.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import { RAPID_RESETS_PER_10_S_MAX } from '../../src/shared/limits.ts';
import { seededRandom } from '../../src/shared/random.ts';
import { closeAtOnce, HANDSHAKE } from '../support/attack.ts';
import { Computer, joinComputers } from '../support/computers.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import { echo, TestServer } from '../support/servers.ts';
import { connectTo, readBytes, within } from '../support/tcp.ts';

const FLOODS = Number(process.env['RESET_FLOODS'] ?? 4);
/** Opens with their resets in one turn of the event loop. */
const BURST = 250;
/** What a flood sends at most, should nobody end it; what follows the end is not even read. */
const SENT_MAX = 1_000_000;
/** Descriptors that opens which are under way may take at both of their ends, and some for the rest. */
const DESCRIPTORS_MAX = 2 * RAPID_RESETS_PER_10_S_MAX + 100;
/** An answer to the other peer may take so long on a busy machine, ms. */
const PATIENCE_MS = 10_000;

const linux = existsSync('/proc/self/fd');
if (!linux) console.warn('\n*** NOT TESTED: counting descriptors needs Linux (/proc). ***\n');

let expectNothingLeft: () => Promise<void>;
const closers: (() => Promise<void>)[] = [];

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});
afterAll(async () => expectNothingLeft());

/** A computer that shares an echo with everybody, and another one that uses it. */
async function scene() {
  const server = await TestServer.start(echo);
  closers.push(async () => server.close());
  const [victim, honest] = [new Computer('victim'), new Computer('honest')];
  closers.push(async () => victim.close());
  closers.push(async () => honest.close());
  const share = victim.share(server.port);
  await joinComputers(victim, honest);
  const other = await connectTo(await honest.port());
  closers.push(async () => void other.destroy());
  const shareId = Buffer.from(share.id, 'hex');
  return { server, victim, shareId, other };
}

type Scene = Awaited<ReturnType<typeof scene>>;

/** A link of the victim with an attacker that sends what it likes. */
function attack(victim: Computer) {
  const { ends } = memoryCarrierPair({ clock: systemClock, random: seededRandom(1) });
  let state: 'open' | 'over' = 'open';
  ends[1].start({
    onMessage: () => undefined,
    onDrained: () => undefined,
    onClosed: () => (state = 'over'),
  });
  victim.session(ends[0]).ready.catch(() => undefined);
  for (const message of HANDSHAKE) ends[1].send(message);
  return {
    send: (message: Uint8Array) => {
      if (state === 'open') ends[1].send(message);
    },
    close: () => ends[1].close(),
    isOver: () => state === 'over',
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Opens and resets until the victim has had enough; returns the most descriptors there were. */
async function flood({ victim, shareId }: Scene): Promise<{ most: number; isOver: boolean }> {
  const attacker = attack(victim);
  let [most, sent] = [0, 0];
  while (!attacker.isOver() && sent < SENT_MAX) {
    for (let index = 0; index < BURST; index++, sent++) {
      attacker.send(encodeConnect(2 + 2 * sent, { shareId, credit: 65_536 }));
      attacker.send(closeAtOnce(2 + 2 * sent));
    }
    await turn();
    most = Math.max(most, openDescriptors());
  }
  const isOver = attacker.isOver();
  attacker.close();
  return { most, isOver };
}

test.skipIf(!linux)(
  `row 16: ${FLOODS} floods of opens and resets: each ends the link, descriptors are bounded, others go on`,
  async () => {
    const now = await scene();
    const before = openDescriptors();
    let most = 0;
    let slowest = 0;
    for (let round = 0; round < FLOODS; round++) {
      const startedAt = performance.now();
      now.other.write('ping');
      const [flooded] = await Promise.all([flood(now), readBytes(now.other, 4)]);
      slowest = Math.max(slowest, performance.now() - startedAt);
      most = Math.max(most, flooded.most);
      expect(flooded.isOver).toBe(true);
    }
    console.log({
      before,
      most,
      slowestMs: Math.round(slowest),
      accepted: now.server.acceptedCount,
    });
    expect(most - before).toBeLessThan(DESCRIPTORS_MAX);
    expect(slowest).toBeLessThan(PATIENCE_MS);
    await within('descriptors closing', untilFewer(before + 10));
    await within('targets closing', untilOne(now.server));
  },
  60_000,
);

test.skipIf(!linux)(
  'row 16: a reset does not free what the target still has: opens are bounded all the time',
  async () => {
    const now = await scene();
    const before = openDescriptors();
    const attacker = attack(now.victim);
    // As slowly as it must be to be told from a flood: each is answered before its reset.
    for (let index = 0; index < 500 && !attacker.isOver(); index++) {
      const target = now.server.acceptedCount + 1;
      attacker.send(encodeConnect(2 + 2 * index, { shareId: now.shareId, credit: 65_536 }));
      while (now.server.acceptedCount < target && !attacker.isOver()) await turn();
      attacker.send(closeAtOnce(2 + 2 * index));
      expect(openDescriptors() - before).toBeLessThan(200);
    }
    now.other.write('ping');
    await readBytes(now.other, 4);
    attacker.close();
    await within('descriptors closing', untilFewer(before + 10));
  },
  60_000,
);

/** The honest peer's own. */
async function untilOne(server: TestServer): Promise<void> {
  while (server.openCount > 1) await turn();
}

async function untilFewer(count: number): Promise<void> {
  while (openDescriptors() > count) await turn();
}
