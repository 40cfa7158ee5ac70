/** What two authenticators agree on, message by message, without a link. */
import { create } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Settlement } from '../../src/engine/link/authenticator.ts';
import {
  CAPABILITY_TRUST_INVITE,
  makeProof,
  transcript,
} from '../../src/engine/pairing/authentication.ts';
import { commitmentTo } from '../../src/engine/pairing/digits.ts';
import { EphemeralKey } from '../../src/engine/pairing/ephemeral-key.ts';
import { derivePeerKeys } from '../../src/engine/pairing/keys.ts';
import { Secret } from '../../src/engine/pairing/secret.ts';
import {
  AuthSchema,
  HelloSchema,
  ReadySchema,
} from '../../src/engine/protocol/generated/session_pb.ts';
import {
  BINDINGS,
  fill,
  INVITE_KEYS,
  PairingSide,
  type PairingSideOptions,
} from '../support/pairing-sides.ts';

const E_IDENTITY = expect.objectContaining({ code: 'E_IDENTITY' });
const toHex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

/**
 * Every X25519 public key of low order, as the papers list them: the points, and the encodings of
 * them that are not reduced (RFC 7748 §5 has implementations accept those).
 */
const LOW_ORDER_POINTS = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
];

type Extras = Omit<PairingSideOptions, 'role'>;

function pair(sharing: Extras = {}, joining: Extras = {}) {
  const sharer = new PairingSide({ role: 'offerer', ...sharing });
  const joiner = new PairingSide({ role: 'answerer', ...joining });
  return { sharer, joiner, a: sharer.authenticator(joiner), b: joiner.authenticator(sharer) };
}

/** HELLO, AUTH and READY both ways, in the order the handshake has them. */
function exchange({ a, b }: ReturnType<typeof pair>): [Settlement, Settlement] {
  const [authA, authB] = [a.prove(b.hello()), b.prove(a.hello())];
  a.check(authB);
  b.check(authA);
  const settledB = b.settle(a.ready());
  return [a.settle(b.ready()), settledB];
}

/** A joiner that shows the sharer whatever point it likes; its proof fits what it says. */
function meetWithPoint(ephemeral: Uint8Array) {
  const sharer = new PairingSide({ role: 'offerer' });
  const joiner = new PairingSide({ role: 'answerer' });
  const { identity } = joiner;
  const { publicKey } = identity;
  const role = 'answerer' as const;
  const said = { version: 1, publicKey, nonce: fill(2), capabilities: [], name: 'evil' };
  const answerer = { ...said, role, ephemeral, commitment: commitmentTo(fill(1), publicKey) };
  const victim = sharer.authenticator(joiner);
  const digest = transcript({
    mode: 'pair',
    offerer: { ...victim.hello(), role: 'offerer' },
    answerer,
    offererFingerprint: BINDINGS.offerer.local,
    answererFingerprint: BINDINGS.offerer.remote,
    tag: INVITE_KEYS.room,
  });
  const proof = makeProof({ identity, role, transcript: digest, key: INVITE_KEYS.mac });
  victim.prove(create(HelloSchema, { ...answerer, role: 2 }));
  return { sharer, check: () => victim.check(create(AuthSchema, proof)) };
}

describe('a pairing', () => {
  test('gives both sides the same digits and pair key, others each time', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 5; round++) {
      const world = pair();
      expect(exchange(world).map(({ kind }) => kind)).toEqual(['compare', 'compare']);
      const { sharer, joiner, a, b } = world;
      expect(sharer.digits).toMatch(/^\d{6}$/);
      expect(joiner.digits).toBe(sharer.digits);
      await Promise.all([a.keep(), b.keep()]);
      const [ofSharer, ofJoiner] = [sharer.paired[0], joiner.paired[0]];
      const key = toHex(ofSharer?.pairKey.reveal() as Uint8Array);
      expect(key).toHaveLength(64);
      expect(toHex(ofJoiner?.pairKey.reveal() as Uint8Array)).toBe(key);
      expect(ofSharer?.peer).toMatchObject({ deviceId: joiner.identity.deviceId });
      expect(ofJoiner?.peer).toMatchObject({ name: 'the offerer' });
      seen.add(key).add(sharer.digits ?? '');
    }
    expect(seen.size).toBe(10);
  });

  test.each([
    ['trust-invite', 'trust-invite', 'agreed'],
    ['trust-invite', 'compare', 'compare'],
    ['compare', 'trust-invite', 'compare'],
    ['compare', 'compare', 'compare'],
  ] as const)('of a side that says %s and one that says %s: both %s', (one, other, kind) => {
    const world = pair({ trust: one }, { trust: other });
    expect(exchange(world).map((settlement) => settlement.kind)).toEqual([kind, kind]);
    const asked = kind === 'compare' ? 1 : 0;
    expect(world.sharer.questions.length + world.joiner.questions.length).toBe(2 * asked);
  });

  test('that is aborted voids the question, and keeps nobody', async () => {
    const world = pair();
    exchange(world);
    world.a.abort();
    expect(world.sharer.questions[0]?.signal.aborted).toBe(true);
    expect(world.joiner.questions[0]?.signal.aborted).toBe(false);
    await world.a.keep();
    expect(world.sharer.paired).toEqual([]);
  });

  test.each(LOW_ORDER_POINTS)('row 21: the point %s of low order is refused', (point) => {
    const ephemeral = Buffer.from(point, 'hex');
    const { sharer, check } = meetWithPoint(ephemeral);
    expect(check).toThrow(E_IDENTITY);
    expect(sharer.proved).toEqual([]);
    expect(() => new EphemeralKey().agree(ephemeral)).toThrow(E_IDENTITY);
  });

  test('row 21: with a good point the same proof is accepted', () => {
    const { sharer, check } = meetWithPoint(new EphemeralKey().publicKey);
    expect(check).not.toThrow();
    expect(sharer.proved).toMatchObject([{ name: 'evil' }]);
  });

  test('row 21: a reveal that is not what was committed to is refused', () => {
    const world = pair();
    const { a, b, sharer } = world;
    const [authA, authB] = [a.prove(b.hello()), b.prove(a.hello())];
    a.check(authB);
    b.check(authA);
    for (const reveal of [fill(1), fill(1, 31), new Uint8Array(0), a.ready().reveal]) {
      expect(() => a.settle(create(ReadySchema, { reveal }))).toThrow(E_IDENTITY);
    }
    for (const reveal of [fill(1, 31), fill(1, 33), new Uint8Array(0)]) {
      expect(() => b.settle(create(ReadySchema, { reveal }))).toThrow(E_IDENTITY);
    }
    expect(sharer.questions).toEqual([]);
  });

  test('has no capability but the one it means', () => {
    expect(pair().a.hello().capabilities).toEqual([]);
    const { a } = pair({ trust: 'trust-invite' });
    expect(a.hello().capabilities).toEqual([CAPABILITY_TRUST_INVITE]);
    const peers = pair({ kind: 'peer', trust: 'trust-invite' });
    expect(peers.a.hello()).toMatchObject({ capabilities: [], ephemeral: fill(0, 0) });
  });
});

describe('two paired computers', () => {
  test('need no digits', () => {
    const world = pair({ kind: 'peer' }, { kind: 'peer' });
    expect(exchange(world).map(({ kind }) => kind)).toEqual(['settled', 'settled']);
    expect(world.sharer.proved).toMatchObject([{ deviceId: world.joiner.identity.deviceId }]);
  });

  test.each<[string, Extras]>([
    ['another pair key', { keys: derivePeerKeys(new Secret(fill(9)), 20_000) }],
    ['another day', { keys: derivePeerKeys(new Secret(fill(8)), 20_001) }],
    ['the wish to pair', { kind: 'pair' }],
  ])('refuse %s with E_IDENTITY', (_what, other) => {
    const { a, b, sharer } = pair({ kind: 'peer' }, { kind: 'peer', ...other });
    expect(() => {
      const auth = b.prove(a.hello());
      a.prove(b.hello());
      a.check(auth);
    }).toThrow(E_IDENTITY);
    expect(sharer.proved).toEqual([]);
  });

  test('refuse a computer with another key', () => {
    const { b, sharer } = pair({ kind: 'peer' }, { kind: 'peer' });
    const other = sharer.authenticator(new PairingSide({ role: 'answerer', kind: 'peer' }));
    other.prove(b.hello());
    const auth = b.prove(other.hello());
    expect(() => other.check(auth)).toThrow(E_IDENTITY);
  });
});

describe('an ephemeral key', () => {
  test('makes the same secret on both sides, once', () => {
    const [one, other] = [new EphemeralKey(), new EphemeralKey()];
    const shared = one.agree(other.publicKey);
    expect(shared).toHaveLength(32);
    expect(toHex(other.agree(one.publicKey))).toBe(toHex(shared));
    expect(() => one.agree(other.publicKey)).toThrow('twice');
    const forgotten = new EphemeralKey();
    forgotten.forget();
    expect(() => forgotten.agree(other.publicKey)).toThrow('twice');
  });

  test('refuses what is no point at all', () => {
    const lengths = fc.uint8Array({ maxLength: 64 }).filter(({ length }) => length !== 32);
    fc.assert(
      fc.property(lengths, (bytes) => {
        expect(() => new EphemeralKey().agree(bytes)).toThrow(E_IDENTITY);
      }),
    );
  });
});
