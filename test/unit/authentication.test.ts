import { describe, expect, test } from 'vitest';

import {
  type AuthRole,
  CAPABILITY_TRUST_INVITE,
  checkProof,
  type Hello,
  makeProof,
  type Proof,
  transcript,
  type TranscriptInput,
} from '../../src/engine/pairing/authentication.ts';
import { createIdentity, type Identity } from '../../src/engine/pairing/identity.ts';
import { Secret } from '../../src/engine/pairing/secret.ts';
import { CAPABILITIES_MAX } from '../../src/shared/limits.ts';

const bytes = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value);
const toHex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

const sharer = createIdentity(bytes(1));
const joiner = createIdentity(bytes(2));
const key = new Secret(bytes(3));

function hello(identity: Identity, role: AuthRole, nonce: number): Hello {
  const capabilities = [CAPABILITY_TRUST_INVITE];
  const { publicKey } = identity;
  return {
    version: 1,
    role,
    publicKey,
    nonce: bytes(nonce),
    capabilities,
    name: `name ${nonce}`,
    ephemeral: bytes(nonce + 30),
    commitment: role === 'answerer' ? bytes(nonce + 40) : new Uint8Array(0),
  };
}

const offerer = hello(sharer, 'offerer', 10);
const answerer = hello(joiner, 'answerer', 11);
const honest: TranscriptInput = {
  mode: 'pair',
  offerer,
  answerer,
  offererFingerprint: bytes(20),
  answererFingerprint: bytes(21),
  tag: bytes(30, 16),
};

/** The same two as paired computers: no invite, no digits. */
const NONE = new Uint8Array(0);
const asPeers: TranscriptInput = {
  ...honest,
  mode: 'peer',
  offerer: { ...offerer, ephemeral: NONE },
  answerer: { ...answerer, ephemeral: NONE, commitment: NONE },
};

interface JoinerView {
  /** What the joiner believes was agreed. */
  readonly input?: TranscriptInput;
  readonly proof: Proof;
  readonly peer?: Hello;
  readonly key?: Secret;
  readonly expectedPublicKey?: Uint8Array;
}

/** The joiner checks the sharer's proof. */
function joinerChecks(view: JoinerView): void {
  const { input = honest, proof, peer = input.offerer } = view;
  checkProof({
    proof,
    peer,
    ownPublicKey: joiner.publicKey,
    expectedPublicKey: view.expectedPublicKey ?? sharer.publicKey,
    transcript: transcript(input),
    key: view.key ?? key,
  });
}

const sharerProof = (input = honest): Proof =>
  makeProof({ identity: sharer, role: 'offerer', transcript: transcript(input), key });

const E_IDENTITY = expect.objectContaining({ code: 'E_IDENTITY' });

describe('authentication', () => {
  test.each([
    ['pair', honest],
    ['peer', asPeers],
  ])('both sides accept each other and name the session alike (%s)', (_mode, input) => {
    expect(() => joinerChecks({ input, proof: sharerProof(input) })).not.toThrow();
    const digest = transcript(input);
    const sharerChecks = (): void =>
      checkProof({
        proof: makeProof({ identity: joiner, role: 'answerer', transcript: digest, key }),
        peer: answerer,
        ownPublicKey: sharer.publicKey,
        expectedPublicKey: joiner.publicKey,
        transcript: digest,
        key,
      });
    expect(sharerChecks).not.toThrow();
  });

  // What a computer in the middle could make the two sides see differently.
  test.each<[string, TranscriptInput]>([
    ['the fingerprint of the offerer', { ...honest, offererFingerprint: bytes(99) }],
    ['the fingerprint of the answerer', { ...honest, answererFingerprint: bytes(99) }],
    [
      'swapped fingerprints',
      { ...honest, offererFingerprint: bytes(21), answererFingerprint: bytes(20) },
    ],
    ['the room', { ...honest, tag: bytes(31, 16) }],
    ['a downgraded capability', { ...honest, answerer: { ...answerer, capabilities: [] } }],
    [
      'an added capability',
      { ...honest, offerer: { ...offerer, capabilities: ['other', CAPABILITY_TRUST_INVITE] } },
    ],
    ['a version', { ...honest, offerer: { ...offerer, version: 0 } }],
    ['a name', { ...honest, answerer: { ...answerer, name: 'name 1' } }],
    ['the nonce of the offerer', { ...honest, offerer: { ...offerer, nonce: bytes(98) } }],
    ['the nonce of the answerer', { ...honest, answerer: { ...answerer, nonce: bytes(98) } }],
    [
      'the ephemeral key of the offerer',
      { ...honest, offerer: { ...offerer, ephemeral: bytes(97) } },
    ],
    [
      'the ephemeral key of the answerer',
      { ...honest, answerer: { ...answerer, ephemeral: bytes(97) } },
    ],
    [
      'swapped ephemeral keys',
      {
        ...honest,
        offerer: { ...offerer, ephemeral: answerer.ephemeral },
        answerer: { ...answerer, ephemeral: offerer.ephemeral },
      },
    ],
    ['the commitment', { ...honest, answerer: { ...answerer, commitment: bytes(97) } }],
    ['the mode', asPeers],
    [
      'the key of the answerer',
      { ...honest, answerer: { ...answerer, publicKey: createIdentity().publicKey } },
    ],
  ])('a proof does not fit when it differs in %s', (_what, seenBySharer) => {
    expect(() => joinerChecks({ proof: sharerProof(seenBySharer) })).toThrow(E_IDENTITY);
  });

  test('a bit moved between two fields changes the transcript', () => {
    const moved = {
      ...honest,
      offerer: { ...offerer, capabilities: ['a', 'b'] },
    };
    const joined = { ...honest, offerer: { ...offerer, capabilities: ['ab'] } };
    expect(toHex(transcript(moved))).not.toBe(toHex(transcript(joined)));
  });

  test('an old proof does not fit new nonces', () => {
    const old = sharerProof();
    const input = { ...honest, answerer: { ...answerer, nonce: bytes(77) } };
    expect(() => joinerChecks({ input, proof: old })).toThrow(E_IDENTITY);
  });

  test("one's own proof comes back", () => {
    const digest = transcript(honest);
    const own = makeProof({ identity: joiner, role: 'answerer', transcript: digest, key });
    expect(() => joinerChecks({ proof: own })).toThrow(E_IDENTITY);
    // The mirror also says it is us, and even if we expected ourselves.
    const expectedPublicKey = joiner.publicKey;
    for (const peer of [answerer, { ...answerer, role: 'offerer' as const }]) {
      expect(() => joinerChecks({ proof: own, peer, expectedPublicKey })).toThrow(E_IDENTITY);
    }
  });

  test("one's own key or nonce comes back", () => {
    const sameKey = { ...honest, offerer: { ...offerer, publicKey: joiner.publicKey } };
    const sameNonce = { ...honest, offerer: { ...offerer, nonce: answerer.nonce } };
    expect(() => transcript(sameKey)).toThrow(E_IDENTITY);
    expect(() => transcript(sameNonce)).toThrow(E_IDENTITY);
  });

  test('swapped roles', () => {
    const proof = makeProof({
      identity: sharer,
      role: 'answerer',
      transcript: transcript(honest),
      key,
    });
    expect(() => joinerChecks({ proof })).toThrow(E_IDENTITY);
    expect(() => transcript({ ...honest, offerer: answerer, answerer: offerer })).toThrow(
      E_IDENTITY,
    );
  });

  test('another identity, another key, half a proof', () => {
    const stranger = createIdentity();
    const digest = transcript(honest);
    const forged = makeProof({ identity: stranger, role: 'offerer', transcript: digest, key });
    const proof = sharerProof();
    expect(() => joinerChecks({ proof: forged })).toThrow(E_IDENTITY);
    const { publicKey } = stranger;
    expect(() => joinerChecks({ proof, expectedPublicKey: publicKey })).toThrow(E_IDENTITY);
    expect(() => joinerChecks({ proof, key: new Secret(bytes(4)) })).toThrow(E_IDENTITY);
    const empty = new Uint8Array(0);
    expect(() => joinerChecks({ proof: { ...proof, mac: empty } })).toThrow(E_IDENTITY);
    expect(() => joinerChecks({ proof: { ...proof, signature: empty } })).toThrow(E_IDENTITY);
    expect(() => joinerChecks({ proof: { ...proof, signature: bytes(0, 64) } })).toThrow(
      E_IDENTITY,
    );
  });

  test.each<[string, Partial<Hello>]>([
    ['a short key', { publicKey: bytes(1, 31) }],
    ['a long nonce', { nonce: bytes(1, 33) }],
    ['unsorted capabilities', { capabilities: ['b', 'a'] }],
    ['repeated capabilities', { capabilities: ['a', 'a'] }],
    ['a long capability', { capabilities: ['a'.repeat(33)] }],
    [
      'too many capabilities',
      { capabilities: Array.from({ length: CAPABILITIES_MAX + 1 }, (_, i) => `c${10 + i}`) },
    ],
    ['a long name', { name: 'n'.repeat(65) }],
    ['a version below zero', { version: -1 }],
    ['a broken version', { version: 1.5 }],
    ['no ephemeral key', { ephemeral: NONE }],
    ['a long ephemeral key', { ephemeral: bytes(1, 33) }],
    ['a commitment of the offerer', { commitment: bytes(1) }],
  ])('%s is refused', (_what, change) => {
    expect(() => transcript({ ...honest, offerer: { ...offerer, ...change } })).toThrow(E_IDENTITY);
  });

  test('a pairing without commitment is refused, and anything of a pairing between peers', () => {
    for (const commitment of [NONE, bytes(1, 31), bytes(1, 33)]) {
      const input = { ...honest, answerer: { ...answerer, commitment } };
      expect(() => transcript(input)).toThrow(E_IDENTITY);
    }
    const { offerer: first, answerer: second } = asPeers;
    const odd: [Hello, Hello][] = [
      [{ ...first, ephemeral: bytes(1) }, second],
      [first, { ...second, ephemeral: bytes(1) }],
      [first, { ...second, commitment: bytes(1) }],
      [{ ...first, commitment: bytes(1) }, second],
    ];
    for (const [one, other] of odd) {
      expect(() => transcript({ ...asPeers, offerer: one, answerer: other })).toThrow(E_IDENTITY);
    }
    expect(() => transcript({ ...honest, mode: 'peer' })).toThrow(E_IDENTITY);
    expect(() => transcript({ ...asPeers, mode: 'pair' })).toThrow(E_IDENTITY);
  });

  test('the error tells the peer nothing', () => {
    const wrongKey = new Secret(bytes(4));
    const check = (): void => joinerChecks({ proof: sharerProof(), key: wrongKey });
    expect(check).not.toThrow(/mac|signature|key/i);
  });
});
