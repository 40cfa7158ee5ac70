/**
 * Row 2 of the threat table, with real DataChannels: a computer in the middle ends both channels
 * itself, with its own certificates, and knows the secret of the invite or the pair key. The same in
 * simulation, with every message it could change: test/simulation/man-in-the-middle.test.ts.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import { releaseDataChannels } from '../../src/engine/carrier/native-channel.ts';
import { encodeConnect } from '../../src/engine/protocol/frame.ts';
import { ShareBook } from '../../src/engine/service/share-book.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { PairingSide, type PairingSideOptions } from '../support/pairing-sides.ts';
import { closeChannels, openChannel, spliceCarriers } from '../support/real-channels.ts';
import { echo, TestServer } from '../support/servers.ts';
import { SoleSession } from '../support/sole-session.ts';
import { within } from '../support/tcp.ts';

const SHARE_ID = 'ab'.repeat(16);
const MODES: readonly [string, Omit<PairingSideOptions, 'role'>][] = [
  ['a pairing that compares', {}],
  ['a pairing that trusts the invite', { trust: 'trust-invite' }],
  ['two paired computers', { kind: 'peer' }],
];

let expectNothingLeft: () => Promise<void>;
let canary: TestServer;
const sessions: SoleSession[] = [];
const books: ShareBook[] = [];

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
beforeEach(async () => {
  canary = await TestServer.start(echo);
});
afterEach(async () => {
  for (const session of sessions) session.close();
  await within('sessions', Promise.all(sessions.splice(0).map(({ ended }) => ended)));
  for (const book of books.splice(0)) book.close();
  closeChannels();
  await canary.close();
});
afterAll(async () => {
  await expectNothingLeft();
  releaseDataChannels();
});

/** A computer that shares the canary with everybody; `heard`: lists of shares it was told. */
function sessionOn(carrier: Carrier, side: PairingSide, peer: PairingSide) {
  const book = new ShareBook({
    clock: systemClock,
    random: Math.random,
    ownPorts: () => new Set(),
    probes: 'off',
    events: { onChanged: () => undefined, onHealth: () => undefined },
  });
  book.add({
    id: SHARE_ID,
    name: 'canary',
    target: { host: 'loopback', port: canary.port },
    access: { kind: 'everyone', except: [] },
    lan: 'this-computer',
  });
  books.push(book);
  let heard = 0;
  const session = new SoleSession({
    carrier,
    clock: systemClock,
    authenticator: side.authenticator(peer, carrier.binding),
    book,
    onShares: () => (heard += 1),
  });
  session.ready.catch(() => undefined);
  sessions.push(session);
  return { session, heard: () => heard };
}

describe.each(MODES)('row 2: %s', (what, extras) => {
  const people = () =>
    [
      new PairingSide({ role: 'offerer', ...extras }),
      new PairingSide({ role: 'answerer', ...extras }),
    ] as const;

  test(`row 2: both ends of spliced channels end with E_IDENTITY, nothing is accepted (${what})`, async () => {
    const [left, right] = await Promise.all([openChannel(), openChannel()]);
    const [sharer, joiner] = people();
    const ends = [sessionOn(left[0], sharer, joiner), sessionOn(right[1], joiner, sharer)];
    spliceCarriers(left[1], right[0]);
    // It also tries to get in before anybody is sure.
    const frame = encodeConnect(1, { shareId: Buffer.from(SHARE_ID, 'hex'), credit: 65_536 });
    for (const end of [left[1], right[0]]) end.send(frame);
    const outcomes = await within(
      'both ends',
      Promise.allSettled(ends.map(({ session }) => session.ready)),
    );
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: expect.stringMatching(/^E_(?:IDENTITY|PROTOCOL|UNREACHABLE)$/) as string },
      });
    }
    expectNothingGained([sharer, joiner], ends);
  });

  test(`row 2: a relay that only passes on ends in E_IDENTITY at both (${what})`, async () => {
    const [left, right] = await Promise.all([openChannel(), openChannel()]);
    const [sharer, joiner] = people();
    const ends = [sessionOn(left[0], sharer, joiner), sessionOn(right[1], joiner, sharer)];
    spliceCarriers(left[1], right[0]);
    for (const { session } of ends) {
      await expect(within('an end', session.ready)).rejects.toMatchObject({ code: 'E_IDENTITY' });
    }
    expectNothingGained([sharer, joiner], ends);
  });

  test(`row 2: without anybody between them the two get to each other (${what})`, async () => {
    const [sharer, joiner] = people();
    const [left, right] = await openChannel();
    const ends = [sessionOn(left, sharer, joiner), sessionOn(right, joiner, sharer)];
    if (what.includes('compares')) await within('the questions', bothAsked([sharer, joiner]));
    expect(sharer.digits).toBe(joiner.digits);
    for (const side of [sharer, joiner]) side.say(true);
    await within('both ends', Promise.all(ends.map(({ session }) => session.ready)));
  });
});

async function bothAsked(sides: readonly PairingSide[]): Promise<void> {
  while (sides.some(({ questions }) => questions.length === 0)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function expectNothingGained(
  sides: readonly PairingSide[],
  ends: readonly { heard: () => number }[],
): void {
  for (const { proved, paired, questions } of sides) {
    expect([proved, paired, questions]).toEqual([[], [], []]);
  }
  for (const { heard } of ends) expect(heard()).toBe(0);
  expect(canary.acceptedCount).toBe(0);
}
