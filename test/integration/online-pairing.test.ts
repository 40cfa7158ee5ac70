/**
 * The online pairing over real sockets: what both sides see of every life an invite can have.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { createIdentity } from '../../src/engine/pairing/identity.ts';
import {
  CONNECT_TIMEOUT_MS,
  INVITE_AFTERLIFE_MS,
  INVITE_LIFE_MS,
} from '../../src/shared/limits.ts';
import { watchForLeaks } from '../support/leaks.ts';
import {
  bytes,
  closeAll,
  settled,
  HandClock,
  Joiner,
  Queue,
  type Sharer,
  startSharer,
  text,
} from '../support/pairing-computers.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});

afterEach(closeAll);

afterAll(async () => {
  await expectNothingLeft();
});

describe('the online pairing', () => {
  test('claim, offer, answer, use', async () => {
    const sharer = await startSharer();
    const joiner = new Joiner();
    await joiner.claim(sharer.invite);
    const { by, answer } = await sharer.answers.next();
    expect(answer).toBe('answer to offer 1');
    expect(by).toEqual(joiner.identity.publicKey);
    expect(sharer.room.phase).toBe('claimed');
    sharer.room.use(by);
    expect(sharer.room.phase).toBe('used');
    expect(sharer.ends.all).toEqual(['used']);
    expect(sharer.withdrawn.all).toEqual([]);
    expect(sharer.warnings.all).toEqual([]);
    expect(joiner.refusals.all).toEqual([]);
  });

  test('the sharing computer hears the name, made safe to show', async () => {
    const names = new Queue<string>();
    const sharer = await startSharer({
      makeOffer: async ({ name }) => {
        names.push(name);
        return { description: bytes('x'), onAnswer() {}, onWithdrawn() {} };
      },
    });
    await new Joiner().claim(sharer.invite, { name: `\u202elaptop\u0007${'x'.repeat(99)}` });
    expect(await names.next()).toBe(`laptop${'x'.repeat(58)}`);
  });

  test('a used invite is used', async () => {
    const sharer = await startSharer();
    const first = new Joiner();
    await first.claim(sharer.invite);
    sharer.room.use((await sharer.answers.next()).by);
    await expect(new Joiner().claim(sharer.invite)).rejects.toEqual(code('E_INVITE_USED'));
    await expect(first.claim(sharer.invite)).rejects.toEqual(code('E_INVITE_USED'));
    expect(() => sharer.room.use(first.identity.publicKey)).toThrow(code('E_INVITE_USED'));
    expect(sharer.offers).toBe(1);
  });

  test('only who claimed it can use it', async () => {
    const sharer = await startSharer();
    const { publicKey } = createIdentity();
    expect(() => sharer.room.use(publicKey)).toThrow(code('E_IDENTITY'));
    await new Joiner().claim(sharer.invite);
    await sharer.answers.next();
    expect(() => sharer.room.use(publicKey)).toThrow(code('E_IDENTITY'));
    expect(sharer.room.phase).toBe('claimed');
  });

  test('the same key may claim again; the older offer is withdrawn', async () => {
    const sharer = await startSharer();
    const joiner = new Joiner();
    (await joiner.claim(sharer.invite)).close();
    await sharer.answers.next();
    await joiner.claim(sharer.invite);
    expect(await sharer.withdrawn.next()).toBe('offer 1');
    const { by, answer } = await sharer.answers.next();
    expect(answer).toBe('answer to offer 2');
    sharer.room.use(by);
    expect(sharer.withdrawn.all).toEqual(['offer 1']);
  });

  test('a second computer burns a claimed invite, and both are told', async () => {
    const sharer = await startSharer();
    const [first, second] = [new Joiner(), new Joiner()];
    const never = new Promise<Uint8Array>(() => {});
    const asked = new Queue<string>();
    const firstClaim = first.claim(sharer.invite, {
      answerOffer: async (offer) => {
        asked.push(text(offer));
        return never;
      },
    });
    const firstFailure = settled(firstClaim);
    await asked.next();
    const secondClaim = second.claim(sharer.invite, { name: 'the other' });
    await expect(secondClaim).rejects.toEqual(code('E_INVITE_USED'));
    expect(await firstFailure).toEqual(code('E_INVITE_USED'));
    expect(await sharer.warnings.next()).toEqual({ kind: 'second-claimant', name: 'the other' });
    expect(await sharer.withdrawn.next()).toBe('offer 1');
    expect(sharer.ends.all).toEqual(['burned']);
    const tooLate = (): void => sharer.room.use(first.identity.publicKey);
    expect(tooLate).toThrow(code('E_INVITE_USED'));
    await expect(first.claim(sharer.invite)).rejects.toEqual(code('E_INVITE_USED'));
  });

  test('burned after the answer: the first one hears it, its offer is withdrawn', async () => {
    const sharer = await startSharer();
    const first = new Joiner();
    await first.claim(sharer.invite);
    await sharer.answers.next();
    await expect(new Joiner().claim(sharer.invite)).rejects.toEqual(code('E_INVITE_USED'));
    expect(await first.refusals.next()).toEqual(code('E_INVITE_USED'));
    expect(await sharer.withdrawn.next()).toBe('offer 1');
  });

  test('of two computers that race at most one gets through', async () => {
    for (let round = 0; round < 20; round++) {
      const used: Uint8Array[] = [];
      // Authentication stands in: as soon as an answer comes, its sender uses the invite.
      const sharer: Sharer = await startSharer({
        makeOffer: async ({ publicKey }) => ({
          description: bytes('offer'),
          onAnswer: () => {
            sharer.room.use(publicKey);
            used.push(publicKey);
          },
          onWithdrawn() {},
        }),
      });
      const joiners = [new Joiner(), new Joiner()];
      const claims = await Promise.allSettled(
        joiners.map(async (joiner) => joiner.claim(sharer.invite)),
      );
      const end = await sharer.ends.next();
      expect(used).toHaveLength(end === 'used' ? 1 : 0);
      expect(sharer.warnings.all).toHaveLength(end === 'used' ? 0 : 1);
      for (const [index, claim] of claims.entries()) {
        const joiner = joiners[index];
        if (joiner === undefined) continue;
        const isWinner = used.some((key) => Buffer.compare(key, joiner.identity.publicKey) === 0);
        if (isWinner) continue;
        const failure = claim.status === 'rejected' ? claim.reason : await joiner.refusals.next();
        expect(failure).toEqual(code('E_INVITE_USED'));
      }
      await closeAll();
    }
  });

  test('an expired invite, by the clock', async () => {
    const clock = new HandClock();
    const sharer = await startSharer({ clock });
    clock.turn(INVITE_LIFE_MS + 1000);
    expect(sharer.ends.all).toEqual(['expired']);
    await expect(new Joiner().claim(sharer.invite)).rejects.toEqual(code('E_INVITE_EXPIRED'));
    const { publicKey } = createIdentity();
    expect(() => sharer.room.use(publicKey)).toThrow(code('E_INVITE_EXPIRED'));
  });

  test('an invite that expired while the computer slept', async () => {
    let now = Date.now();
    const sharer = await startSharer({ timeOfDay: () => now });
    now += INVITE_LIFE_MS + 1000;
    await expect(new Joiner().claim(sharer.invite)).rejects.toEqual(code('E_INVITE_EXPIRED'));
    expect(sharer.ends.all).toEqual(['expired']);
  });

  test('a cancelled invite', async () => {
    const sharer = await startSharer();
    sharer.room.cancel();
    await expect(new Joiner().claim(sharer.invite)).rejects.toEqual(code('E_INVITE_CANCELLED'));
    expect(sharer.ends.all).toEqual(['cancelled']);
  });

  test('a finished room goes on saying so for a while, then is gone', async () => {
    const clock = new HandClock();
    const sharer = await startSharer({ clock });
    sharer.room.cancel();
    clock.turn(INVITE_AFTERLIFE_MS - 1);
    await expect(new Joiner().claim(sharer.invite)).rejects.toEqual(code('E_INVITE_CANCELLED'));
    clock.turn(1);
    const failure = new Joiner().claim(sharer.invite);
    await expect(failure).rejects.toEqual(code('E_UNREACHABLE'));
    await expect(failure).rejects.toThrow('not open there any more');
  });

  test('an offer that cannot be made closes the claim and is reported', async () => {
    const sharer = await startSharer({
      makeOffer: async () => Promise.reject(new Error('no certificate')),
    });
    await expect(new Joiner().claim(sharer.invite)).rejects.toEqual(code('E_UNREACHABLE'));
    const warning = await sharer.warnings.next();
    expect(warning).toEqual({ kind: 'offer-failed', error: new Error('no certificate') });
    expect(sharer.room.phase).toBe('claimed');
  });

  test('what answerOffer rejects with is what the claim rejects with', async () => {
    const sharer = await startSharer();
    const claim = new Joiner().claim(sharer.invite, {
      answerOffer: async () => Promise.reject(new Error('no answer')),
    });
    await expect(claim).rejects.toThrow('no answer');
    expect(await sharer.withdrawn.next()).toBe('offer 1');
  });

  test('a claimant that never answers is given up', async () => {
    const clock = new HandClock();
    const sharer = await startSharer({ clock });
    const asked = new Queue<true>();
    const claim = new Joiner().claim(sharer.invite, {
      answerOffer: async () => {
        asked.push(true);
        return new Promise(() => {});
      },
    });
    const failure = settled(claim);
    await asked.next();
    clock.turn(CONNECT_TIMEOUT_MS);
    expect(await failure).toEqual(code('E_UNREACHABLE'));
    expect(await sharer.withdrawn.next()).toBe('offer 1');
    expect(sharer.room.phase).toBe('claimed');
  });

  test('is aborted at any moment', async () => {
    const sharer = await startSharer();
    const controller = new AbortController();
    const { signal } = controller;
    const claim = new Joiner().claim(sharer.invite, {
      signal,
      answerOffer: async () => {
        controller.abort(new Error('stopped'));
        return new Promise(() => {});
      },
    });
    await expect(claim).rejects.toThrow('stopped');
    await expect(new Joiner().claim(sharer.invite, { signal })).rejects.toThrow('stopped');
  });
});
