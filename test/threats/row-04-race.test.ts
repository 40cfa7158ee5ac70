/**
 * Row 4 of the threat table: somebody else has the code too. Whole engines over real sockets and
 * DataChannels race for one invite; then replays, and clocks that are wrong.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { releaseDataChannels } from '../../src/engine/carrier/native-channel.ts';
import { createIdentity } from '../../src/engine/pairing/identity.ts';
import { createInvite, encodeInvite, parseCode } from '../../src/engine/pairing/invite.ts';
import { INVITE_CLOCK_SKEW_MS, INVITE_LIFE_MS } from '../../src/shared/limits.ts';
import { PortholeError } from '../../src/shared/errors.ts';
import { Command, endCommands, linkOf } from '../support/command.ts';
import { Person, TestEngine } from '../support/in-process-engine.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { closeAll, settled } from '../support/pairing-computers.ts';

const ROUNDS = Number(process.env['RACE_ROUNDS'] ?? 12);
/** How much later the second begins, for each round; a connection takes some hundred. */
const HEAD_START_MS = 30;
const ONLINE = { mode: 'online', trust: 'compare', grant: null } as const;
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(async () => {
  await endCommands();
  await closeAll();
});
afterAll(async () => {
  await expectNothingLeft();
  releaseDataChannels();
});

const start = (name: string): Promise<TestEngine> =>
  TestEngine.start({ name, purpose: name === 'owner' ? 'share' : 'forward' });

/** The digits this person was asked to compare, or how the call failed before. */
async function fate(person: Person, call: Promise<unknown>): Promise<unknown> {
  const asked = person.event('compare').then(({ digits }) => digits);
  return Promise.race([asked, settled(call)]);
}

/** The sentence of E_INVITE_BURNED; nothing for another failure. */
function burned(failure: unknown): string {
  const isBurned = failure instanceof PortholeError && failure.code === 'E_INVITE_BURNED';
  return isBurned ? failure.message : '';
}

/** How a round ended, and what the owner heard of the other one. */
async function endOf(host: Person, inviting: Promise<unknown>, winners: number) {
  if (winners === 0) return { kind: 'burned', said: burned(await inviting) } as const;
  const { text } = await host.event('warning');
  host.goAway();
  await inviting;
  return { kind: 'compared', said: text } as const;
}

test(`row 4: of two that race for one code at most one gets to compare (${ROUNDS} rounds; RACE_ROUNDS)`, async () => {
  const owner = await start('owner');
  const joiners = [await start('first'), await start('second')];
  const seen = { compared: 0, burned: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const host = new Person('silent');
    const inviting = settled(owner.engine.invite(ONLINE, host));
    const link = await host.link();
    const people = joiners.map(() => new Person('silent'));
    // Now together, now the second when the first is under way.
    const fates: Promise<unknown>[] = [];
    for (const [index, joiner] of joiners.entries()) {
      const person = people[index] as Person;
      const params = { code: link, trust: 'compare', localPort: null } as const;
      fates.push(fate(person, joiner.engine.join(params, person)));
      await new Promise((resolve) => {
        setTimeout(resolve, index === 0 ? round * HEAD_START_MS : 0);
      });
    }
    const outcomes = await Promise.all(fates);
    const digits = outcomes.filter((outcome) => typeof outcome === 'string');
    expect(digits.length).toBeLessThanOrEqual(1);
    const failures = outcomes.filter((outcome) => typeof outcome !== 'string');
    expect(failures).toEqual(failures.map(() => code('E_INVITE_USED')));
    const { kind, said } = await endOf(host, inviting, digits.length);
    expect(said).toMatch(/(?:first|second)\W+also tried this code/);
    seen[kind] += 1;
    for (const person of people) person.goAway();
    expect(owner.engine.peers()).toEqual([]);
    for (const joiner of joiners) expect(joiner.engine.peers()).toEqual([]);
  }
  console.log(seen);
  expect(seen.burned).toBeGreaterThan(0);
  expect(seen.compared).toBeGreaterThan(0);
}, 120_000);

/** How joining by `link` failed, or `undefined`. */
async function join({ engine }: TestEngine, link: string, person: Person): Promise<unknown> {
  return settled(engine.join({ code: link, trust: 'compare', localPort: null }, person));
}

test('row 4: a code that was used, refused or given up is worth nothing', async () => {
  const [owner, friend, thief] = [
    await start('owner'),
    await start('friend'),
    await start('thief'),
  ];
  // Used, and paired.
  const host = new Person();
  const inviting = owner.engine.invite(ONLINE, host);
  const used = await host.link();
  expect(await join(friend, used, new Person())).toBeUndefined();
  await inviting;
  expect(await join(thief, used, new Person())).toEqual(code('E_INVITE_USED'));

  // The digits differed.
  const wary = new Person(false);
  const refused = settled(owner.engine.invite(ONLINE, wary));
  const link = await wary.link();
  expect(await join(thief, link, new Person())).toEqual(code('E_DIGITS_DIFFER'));
  expect(await refused).toEqual(code('E_DIGITS_DIFFER'));
  expect(await join(thief, link, new Person())).toEqual(code('E_INVITE_USED'));

  // Given up.
  const bored = new Person('silent');
  const given = settled(owner.engine.invite(ONLINE, bored));
  const last = await bored.link();
  bored.goAway();
  await given;
  expect(await join(thief, last, new Person())).toEqual(code('E_INVITE_CANCELLED'));
  expect(owner.engine.peers().map(({ name }) => name)).toEqual(['friend']);
  expect(thief.engine.peers()).toEqual([]);
});

test('row 4: an expired code is refused, whatever clock reads it', () => {
  const host = Date.now();
  const link = encodeInvite(
    createInvite({
      publicKey: createIdentity().publicKey,
      nowMs: host,
      name: 'owner',
      endpoints: [{ host: '127.0.0.1', port: 9 }],
      trust: 'compare',
    }),
  );
  expect(() => parseCode(link, host)).not.toThrow();
  expect(() => parseCode(link, host + INVITE_LIFE_MS + INVITE_CLOCK_SKEW_MS + 1000)).toThrow(
    code('E_INVITE_EXPIRED'),
  );
});

/** Runs a command as on a computer whose clock is `ms` ahead. */
function skewed(ms: number): NodeJS.ProcessEnv {
  const script = `const now=Date.now;Date.now=()=>now()+(${ms});`;
  const url = `data:text/javascript,${encodeURIComponent(script)}`;
  return { ...process.env, NODE_OPTIONS: `--import=${url}` };
}

test.each([-120_000, 120_000])(
  'row 4: a clock that is wrong by %i ms does not matter',
  async (ms) => {
    const share = Command.start(['share', '9', '--invite', '--trust-invite', '--json']);
    const joined = Command.start(['join', '--trust-invite', '--json'], { env: skewed(ms) });
    joined.writeLine(await linkOf(share));
    const paired = await Promise.all([share.event('paired'), joined.event('paired')]);
    expect(paired).toHaveLength(2);
  },
);

test('row 4: beyond two minutes the code has expired', async () => {
  const env = skewed(INVITE_LIFE_MS + INVITE_CLOCK_SKEW_MS + 60_000);
  const share = Command.start(['share', '9', '--invite', '--trust-invite', '--json']);
  const late = Command.start(['join', '--trust-invite', '--json'], { env });
  late.writeLine(await linkOf(share));
  await late.end();
  expect(late.events().at(-1)).toMatchObject({ event: 'error', code: 'E_INVITE_EXPIRED' });
});
