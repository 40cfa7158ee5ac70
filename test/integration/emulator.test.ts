/** The link emulator does to packets what it was told, and the same again with the same seed. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { canEmulateLinks, startEmulatedPair } from '../../lab/emulator/emulated-link.ts';
import type { EmulatedLinkOptions, EmulatedPair } from '../../lab/emulator/emulated-link.ts';
import { rawTransfer } from '../../lab/matrix/transfer.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { Child } from '../support/processes.ts';
import { runSeed } from '../support/seeded-bytes.ts';

const { can, note } = await canEmulateLinks();
const DELAY_MS = 40;
const PINGS = 40;
const DATAGRAMS = 1000;
const LOSS = 0.1;

/** Echoes datagrams; prints the numbers of those that came, when what was late is there as well. */
const ECHO = `
  const socket = require('node:dgram').createSocket('udp4');
  const seen = [];
  let asked = 0;
  socket.on('message', (message, from) => {
    if (message.toString() !== 'all') seen.push(Number(message));
    else if (++asked === 2) console.log(JSON.stringify({ event: 'seen', seen }));
    socket.send(message, from.port, from.address);
  });
  socket.bind(9, '198.51.100.2', () => {
    socket.setRecvBufferSize(1_000_000);
    console.log('{"event":"bound"}');
  });
`;

/** Sends one datagram after the other, each behind the echo of the one before. */
const PING = `
  const socket = require('node:dgram').createSocket('udp4');
  const trips = [];
  let sentAt;
  const send = () => { sentAt = performance.now(); socket.send('1', 9, '198.51.100.2'); };
  socket.on('message', () => {
    trips.push(performance.now() - sentAt);
    if (trips.length < ${PINGS}) return send();
    console.log(JSON.stringify({ event: 'trips', trips }));
    socket.close();
  });
  send();
`;

/** Sends numbered datagrams, then asks which came until an echo says that this one did. */
const COUNT = `
  const socket = require('node:dgram').createSocket('udp4');
  for (let at = 0; at < ${DATAGRAMS}; at += 1) socket.send(String(at), 9, '198.51.100.2');
  const asking = setInterval(() => socket.send('all', 9, '198.51.100.2'), 50);
  let told = 0;
  socket.on('message', (message) => {
    if (message.toString() !== 'all' || ++told < 2) return;
    clearInterval(asking);
    socket.close();
  });
`;

let expectNothingLeft: () => Promise<void>;
const pairs: EmulatedPair[] = [];
const children: Child[] = [];

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(async () => {
  await Promise.all(children.splice(0).map(async (child) => child.stop('SIGKILL')));
  await Promise.all(pairs.splice(0).map(async (pair) => pair.stop()));
});
afterAll(async () => expectNothingLeft());

function byNumber(one: number, other: number): number {
  return one - other;
}

async function startPair(options: EmulatedLinkOptions): Promise<EmulatedPair> {
  const pair = await startEmulatedPair(options);
  pairs.push(pair);
  return pair;
}

function startScript(pair: EmulatedPair, end: 0 | 1, script: string): Child {
  const [command, ...args] = [...pair.networks[end].behind, process.execPath, '-e', script];
  const child = Child.start({ name: 'a script', command, args });
  children.push(child);
  return child;
}

/** The numbers of the datagrams that came through a line with this seed. */
async function throughLine(seed: number): Promise<readonly number[]> {
  // So slow that a socket's buffer takes what comes while its process does not get a processor.
  const conditions = {
    delayMs: 1,
    bitsPerSecond: 250_000,
    queueBytes: 1_000_000,
    loss: LOSS,
    dup: 0.02,
    reorder: 0.05,
    reorderByMs: 2,
  };
  const pair = await startPair({ seed, conditions });
  const echo = startScript(pair, 1, ECHO);
  await echo.event('bound');
  startScript(pair, 0, COUNT);
  const { seen } = await echo.event('seen');
  return seen as readonly number[];
}

test.skipIf(!can)(`a round trip takes as long as was asked for${note}`, async () => {
  const pair = await startPair({ seed: 1, conditions: { delayMs: DELAY_MS } });
  await startScript(pair, 1, ECHO).event('bound');
  const { trips } = await startScript(pair, 0, PING).event('trips');
  const sorted = (trips as readonly number[]).toSorted(byNumber);
  // Never sooner; later only by what this computer takes, of which the median knows least.
  expect(sorted[0]).toBeGreaterThanOrEqual(2 * DELAY_MS - 0.1);
  expect(sorted[PINGS / 2]).toBeLessThan(2 * DELAY_MS + 10);
  const both = await pair.link.statistics();
  expect(both['a->b']).toMatchObject({ sent: PINGS, delivered: PINGS, lost: 0, dropped: 0 });
  expect(both['b->a']).toMatchObject({ sent: PINGS, delivered: PINGS, lost: 0, dropped: 0 });
});

test.skipIf(!can)(`the same seed loses the same packets, another one others${note}`, async () => {
  const seed = runSeed();
  const first = (await throughLine(seed)).toSorted(byNumber);
  const again = (await throughLine(seed)).toSorted(byNumber);
  const other = (await throughLine(seed + 1)).toSorted(byNumber);
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  const different = new Set(first).size;
  expect(first.length).toBeGreaterThan(different);
  expect(different / DATAGRAMS).toBeGreaterThan(1 - LOSS - 0.04);
  expect(different / DATAGRAMS).toBeLessThan(1 - LOSS + 0.04);
});

test.skipIf(!can)(`TCP carries its bytes intact through all of it${note}`, async () => {
  const seed = runSeed();
  const conditions = {
    delayMs: 5,
    jitterMs: 2,
    bitsPerSecond: 50_000_000,
    queueBytes: 100_000,
    loss: 0.02,
    dup: 0.02,
    reorder: 0.1,
    reorderByMs: 3,
  };
  const pair = await startPair({ seed, conditions, mtuBytes: 1280 });
  const bytes = 2_000_000;
  const box = { kind: 'bytes', bytes, limitMs: 40_000 } as const;
  expect(await rawTransfer(pair, { seed, box })).toMatchObject({ bytes, ending: 'end' });
  const { lost, dup, reordered, deliveredBytes } = (await pair.link.statistics())['a->b'];
  expect(Math.min(lost, dup, reordered)).toBeGreaterThan(0);
  expect(deliveredBytes).toBeGreaterThan(bytes);
});

test.skipIf(!can)(`a cut line delivers nothing until it is mended${note}`, async () => {
  const pair = await startPair({ seed: 1, conditions: { delayMs: 1 } });
  const echo = startScript(pair, 1, ECHO);
  await echo.event('bound');
  await pair.link.cut();
  const counting = startScript(pair, 0, COUNT);
  await expect
    .poll(async () => (await cutOf(pair)).cut, { timeout: 20_000 })
    .toBeGreaterThan(DATAGRAMS);
  expect((await cutOf(pair)).delivered).toBe(0);
  await pair.link.mend();
  expect(await echo.event('seen')).toMatchObject({ seen: [] });
  await counting.exited;
});

async function cutOf(pair: EmulatedPair) {
  return (await pair.link.statistics())['a->b'];
}
