/** CONFIRM: what two people say about the digits, and what becomes of the link. */
import { describe, expect, it } from 'vitest';
import type { PairedPeer } from '../../../src/engine/pairing/channel-authenticator.ts';
import { type ErrorCode, portholeError } from '../../../src/shared/errors.ts';
import {
  CONFIRM_TIMEOUT_MS,
  FAREWELL_MS,
  HANDSHAKE_TIMEOUT_MS,
  LINK_SILENCE_MS,
} from '../../../src/shared/limits.ts';
import { seededRandom } from '../../../src/shared/random.ts';
import { linkPair } from '../../support/link-pair.ts';
import { type SplicedLinks, spliceLinks, type Tamper } from '../../support/middle-man.ts';
import {
  PairingSide,
  type PairingSideOptions,
  promisesSettled,
} from '../../support/pairing-sides.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

type Extras = Omit<PairingSideOptions, 'role'>;

interface World extends SplicedLinks {
  readonly people: readonly [PairingSide, PairingSide];
  /** Lets all happen that can within this time. */
  pass(ms?: number): Promise<void>;
}

async function world(sharing: Extras = {}, joining: Extras = {}, tamper?: Tamper): Promise<World> {
  const sharer = new PairingSide({ role: 'offerer', ...sharing });
  const joiner = new PairingSide({ role: 'answerer', ...joining });
  const links = spliceLinks({
    sharer: () => sharer.authenticator(joiner),
    joiner: () => joiner.authenticator(sharer),
    ...(tamper ? { tamper } : {}),
  });
  const pass = async (ms = 10): Promise<void> => {
    for (let round = 0; round < 4; round++) {
      links.clock.advance(ms / 4);
      await promisesSettled();
    }
  };
  await pass();
  return { ...links, people: [sharer, joiner], pass };
}

function expectEnd(
  { sharer, joiner, people, clock }: World,
  codes: (ErrorCode | undefined)[],
): void {
  expect([sharer, joiner].map(({ log }) => log.endings.map((error) => error?.code))).toEqual(
    codes.map((code) => [code]),
  );
  for (const { questions } of people) {
    expect(questions.every(({ signal }) => signal.aborted)).toBe(true);
  }
  expect(clock.pendingTimers).toBe(0);
}

const keyOf = (paired: PairedPeer | undefined): string =>
  Buffer.from(paired?.pairKey.reveal() ?? []).toString('hex');

function refuse(): never {
  throw portholeError('E_INVITE_USED');
}

describe('two people who compare', () => {
  it('see the same digits; when both say yes, both store the same key and the link is ready', async () => {
    const links = await world();
    const [sharer, joiner] = links.people;
    expect(sharer.digits).toMatch(/^\d{6}$/);
    expect(joiner.digits).toBe(sharer.digits);
    sharer.say(true);
    await links.pass();
    expect([links.sharer.log.ready, links.joiner.log.ready]).toEqual([0, 0]);
    expect([...sharer.paired, ...joiner.paired]).toEqual([]);
    joiner.say(true);
    await links.pass();
    expect([links.sharer.log.ready, links.joiner.log.ready]).toEqual([1, 1]);
    expect(keyOf(sharer.paired[0])).toHaveLength(64);
    expect(keyOf(joiner.paired[0])).toBe(keyOf(sharer.paired[0]));
    expect(sharer.paired[0]?.peer.deviceId).toBe(joiner.identity.deviceId);
    links.sharer.link.close();
    await links.pass(1000);
  });

  it.each([
    ['the sharing one', 0],
    ['the joining one', 1],
  ] as const)('of whom %s says no pair nothing', async (_who, which) => {
    const links = await world();
    links.people[which === 0 ? 1 : 0].say(true);
    await links.pass();
    links.people[which].say(false);
    await links.pass(1000);
    expectEnd(links, ['E_DIGITS_DIFFER', 'E_DIGITS_DIFFER']);
    expect(links.people.flatMap(({ paired }) => paired)).toEqual([]);
    expect(links.sent.filter(({ kind }) => kind.case === 'confirm')).toHaveLength(2);
  });

  it('learn of a no from CONFIRM alone, and from BYE alone', async () => {
    for (const lost of ['bye', 'confirm']) {
      const links = await world({}, {}, (kind) => (kind.case === lost ? [] : kind));
      links.people[0].say(false);
      await links.pass(1000);
      expectEnd(links, ['E_DIGITS_DIFFER', 'E_DIGITS_DIFFER']);
    }
  });

  it('have five minutes, and E_CONFIRM_TIMEOUT on both sides after them', async () => {
    const links = await world();
    links.people[0].say(true);
    await links.pass(HANDSHAKE_TIMEOUT_MS + LINK_SILENCE_MS);
    await links.pass(CONFIRM_TIMEOUT_MS - HANDSHAKE_TIMEOUT_MS - LINK_SILENCE_MS - 1000);
    expect([links.sharer.log.endings, links.joiner.log.endings]).toEqual([[], []]);
    await links.pass(1000 + FAREWELL_MS);
    expectEnd(links, ['E_CONFIRM_TIMEOUT', 'E_CONFIRM_TIMEOUT']);
    links.people[1].say(true);
    await links.pass();
    expect(links.people.flatMap(({ paired }) => paired)).toEqual([]);
    expect(links.sent.filter(({ kind }) => kind.case === 'confirm')).toHaveLength(1);
  });

  it('are told when the other computer vanishes meanwhile', async () => {
    let isCut = false;
    const links = await world({}, {}, (kind) => (isCut ? [] : kind));
    isCut = true;
    await links.pass(2 * LINK_SILENCE_MS);
    expectEnd(links, ['E_PAIRING_LOST', 'E_PAIRING_LOST']);
    expect(links.sharer.log.endings[0]?.message).toContain('the answerer');
  });

  it('are told when the other person gives up', async () => {
    const links = await world();
    links.joiner.link.close();
    await links.pass(1000);
    expectEnd(links, ['E_PAIRING_LOST', undefined]);
  });

  it('whose answer comes after the end say nothing any more', async () => {
    for (const match of [true, false]) {
      const links = await world();
      links.sharer.link.close();
      links.people[0].say(match);
      // The farewell is on its way, and the carrier still open.
      await promisesSettled();
      await links.pass(FAREWELL_MS / 10);
      expect(links.sent.filter(({ kind }) => kind.case === 'confirm')).toEqual([]);
      await links.pass(1000);
      expectEnd(links, [undefined, 'E_PAIRING_LOST']);
    }
  });

  it('of whom one cannot answer end both with E_CONFIRM_INPUT', async () => {
    const links = await world();
    links.people[1].questions[0]?.fail(portholeError('E_CONFIRM_INPUT'));
    await links.pass(1000);
    expectEnd(links, ['E_CONFIRM_INPUT', 'E_CONFIRM_INPUT']);
  });
});

describe('two sides that trust the invite', () => {
  it('say yes at once, and ask nobody', async () => {
    const links = await world({ trust: 'trust-invite' }, { trust: 'trust-invite' });
    await links.pass();
    expect([links.sharer.log.ready, links.joiner.log.ready]).toEqual([1, 1]);
    expect(links.people.flatMap(({ questions }) => questions)).toEqual([]);
    expect(keyOf(links.people[0].paired[0])).toBe(keyOf(links.people[1].paired[0]));
    links.joiner.link.close();
    await links.pass(1000);
    expectEnd(links, ['E_LINK_LOST', undefined]);
  });

  it.each([
    ['trust-invite', 'compare'],
    ['compare', 'trust-invite'],
  ] as const)('%s here and %s there: both are asked', async (one, other) => {
    const links = await world({ trust: one }, { trust: other });
    expect(links.people.map(({ questions }) => questions.length)).toEqual([1, 1]);
    for (const person of links.people) person.say(true);
    await links.pass();
    expect([links.sharer.log.ready, links.joiner.log.ready]).toEqual([1, 1]);
    links.joiner.link.close();
    await links.pass(1000);
  });

  it('find each other over a carrier that delays and doubles', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const clock = new VirtualClock();
      const sharer = new PairingSide({ role: 'offerer', trust: 'trust-invite' });
      const joiner = new PairingSide({ role: 'answerer', trust: 'trust-invite' });
      const { sides } = linkPair({
        clock,
        random: seededRandom(seed),
        faults: { delayMs: [1, 200] },
        duplicates: 0.5,
        authenticators: [sharer.authenticator(joiner), joiner.authenticator(sharer)],
      });
      for (let round = 0; round < 30; round++) {
        clock.advance(100);
        await promisesSettled();
        // The first list goes out while the other side may still await the CONFIRM before it.
        if (round === 0) continue;
        for (const { link, log } of sides) if (log.ready === 1) link.announce([]);
      }
      expect(sides.map(({ log }) => log.ready)).toEqual([1, 1]);
      expect(sides.every(({ log }) => log.shares.length > 0)).toBe(true);
      sides[0].link.close();
      clock.runUntilIdle(5000);
    }
  });
});

describe('storing the peer', () => {
  it('comes before anything is shared', async () => {
    let stored!: () => void;
    const onPaired = (): Promise<void> =>
      new Promise((resolve) => {
        stored = resolve;
      });
    const trust = 'trust-invite' as const;
    const links = await world({ trust, onPaired }, { trust });
    await links.pass(1000);
    // The joiner has stored the sharer, and waits for it to take up the session.
    expect(links.people.map(({ paired }) => paired.length)).toEqual([0, 1]);
    links.joiner.link.announce([]);
    await links.pass(1000);
    expect([links.sharer.log.ready, links.joiner.log.ready]).toEqual([0, 0]);
    expect(links.sharer.log.shares).toEqual([]);
    stored();
    await links.pass();
    expect(links.joiner.log.ready).toBe(1);
    links.joiner.link.announce([]);
    await links.pass();
    expect([links.sharer.log.ready, links.sharer.log.shares]).toEqual([1, [[]]]);
    links.joiner.link.close();
    await links.pass(1000);
  });

  it('that fails ends the link with that error', async () => {
    const failure = portholeError('E_DATA_DIR', { path: '/nowhere', reason: 'full' });
    const trust = 'trust-invite' as const;
    const links = await world({ trust, onPaired: () => Promise.reject(failure) }, { trust });
    await links.pass(1000);
    expect(links.sharer.log.endings).toEqual([failure]);
    expect(links.joiner.log.endings).toMatchObject([{ code: 'E_LINK_LOST' }]);
    expect(links.joiner.log.endings[0]?.message).not.toContain('nowhere');
  });

  it('is not even tried by a side that may not use the invite any more', async () => {
    const links = await world({ onProved: refuse });
    await links.pass(1000);
    expectEnd(links, ['E_INVITE_USED', 'E_INVITE_USED']);
    // Least of all does it reveal its nonce again: that would be another guess at the digits.
    const revealed = links.sent.filter(({ kind }) => kind.case === 'ready');
    expect(revealed).toEqual([]);
    expect(links.people.flatMap(({ questions }) => questions)).toEqual([]);
  });
});
