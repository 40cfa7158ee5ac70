/**
 * Row 23 of the threat table: a relay between two real DataChannels that flips bits, drops, doubles,
 * reorders, replays and makes packets up. What comes out of the tunnel is right or does not come.
 *
 *   TEST_SEED=17 …   the same dice again
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { releaseDataChannels } from '../../src/engine/carrier/native-channel.ts';
import { seededRandom } from '../../src/shared/random.ts';
import { Computer } from '../support/computers.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { closeChannels, openChannel } from '../support/real-channels.ts';
import { runSeed, SeededBytes } from '../support/seeded-bytes.ts';
import { echo, TestServer } from '../support/servers.ts';
import { type Harm, TamperingRelay } from '../support/tampering-relay.ts';
import { connectTo, receive, send, within } from '../support/tcp.ts';

const NONE: Harm = { flip: 0, drop: 0, double: 0, swap: 0, inject: 0 };
const SOME: Harm = { flip: 0.01, drop: 0.005, double: 0.01, swap: 0.01, inject: 0.02 };
const MUCH: Harm = { flip: 0.3, drop: 0.1, double: 0.1, swap: 0.1, inject: 0.2 };
const BYTES = 1_000_000;
/** What a way that is nearly closed is given to show a wrong byte, ms. */
const MUCH_MS = 3000;

let expectNothingLeft: () => Promise<void>;
const closers: (() => Promise<void> | void)[] = [];

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  closeChannels();
});
afterAll(async () => {
  await expectNothingLeft();
  releaseDataChannels();
});

/** Two computers with the relay between them, and a local port that leads to an echo. */
async function tampered(harm: Harm, seed: number) {
  const relay = new TamperingRelay(harm, seededRandom(seed));
  closers.push(() => relay.close());
  const ends = await openChannel((description) => relay.redirect(description));
  const server = await TestServer.start(echo);
  closers.push(async () => server.close());
  const computers = ['desk', 'laptop'].map((name) => new Computer(name));
  const [desk, laptop] = computers as [Computer, Computer];
  closers.push(...computers.map((computer) => async () => computer.close()));
  desk.share(server.port);
  const sessions = [desk.session(ends[0]), laptop.session(ends[1])];
  await within('two sessions', Promise.all(sessions.map(({ ready }) => ready)));
  const port = await laptop.port();
  relay.begin();
  return { relay, port, computers };
}

test('row 23: without harm the relay is no obstacle, and all goes through it', async () => {
  const { relay, port } = await tampered(NONE, 1);
  const bytes = new SeededBytes(1);
  const client = await connectTo(port);
  const received = receive(client, bytes);
  await send(client, { bytes, total: BYTES });
  client.end();
  expect(await received).toEqual({ bytes: BYTES, ending: 'end' });
  // Each byte both ways, in packets of some 1,200.
  expect(relay.done.passed).toBeGreaterThan((2 * BYTES) / 1300);
});

test('row 23: packets that are changed, lost, doubled and made up: every byte is right', async () => {
  const seed = runSeed();
  const { relay, port } = await tampered(SOME, seed);
  const bytes = new SeededBytes(seed);
  const client = await connectTo(port);
  // Throws at the first wrong byte.
  const received = receive(client, bytes, 60_000);
  await send(client, { bytes, total: BYTES });
  client.end();
  const { bytes: count, ending } = await received;
  console.log(relay.done, count, ending);
  expect(relay.done.flipped).toBeGreaterThan(0);
  expect(relay.done.injected).toBeGreaterThan(0);
  // At worst the link dies; then the stream was reset, and what came was right.
  expect([`end ${BYTES}`, 'ECONNRESET']).toContain(ending === 'end' ? `end ${count}` : ending);
}, 90_000);

test('row 23: on a way that is hardly one nothing wrong comes out either', async () => {
  const seed = runSeed();
  const { relay, port, computers } = await tampered(MUCH, seed);
  const bytes = new SeededBytes(seed);
  const client = await connectTo(port);
  const received = receive(client, bytes, 60_000);
  void send(client, { bytes, total: 10 * BYTES });
  await Promise.race([
    received,
    new Promise((resolve) => {
      setTimeout(resolve, MUCH_MS);
    }),
  ]);
  relay.cut();
  for (const computer of computers) for (const session of computer.sessions) session.close();
  const { bytes: count, ending } = await received;
  console.log(relay.done, count, ending);
  expect(ending).toBe('ECONNRESET');
  expect(relay.done.flipped).toBeGreaterThan(5);
}, 90_000);
