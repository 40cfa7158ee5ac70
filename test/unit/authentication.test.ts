import { readFileSync } from 'node:fs';

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
import { encodeInvite, parseInvite } from '../../src/engine/pairing/invite.ts';
import { deriveSealingKey, derivePairingKeys } from '../../src/engine/pairing/keys.ts';
import { SealedConversation } from '../../src/engine/pairing/sealing.ts';
import { Secret } from '../../src/engine/pairing/secret.ts';
import { encodeSignalingMessage } from '../../src/engine/signaling/envelope.ts';
import { CAPABILITIES_MAX } from '../../src/shared/limits.ts';

const bytes = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value);
const toHex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const fromHex = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value, 'hex'));

const sharer = createIdentity(bytes(1));
const joiner = createIdentity(bytes(2));
const key = new Secret(bytes(3));

function hello(identity: Identity, role: AuthRole, nonce: number): Hello {
  const capabilities = [CAPABILITY_TRUST_INVITE];
  const { publicKey } = identity;
  return { version: 1, role, publicKey, nonce: bytes(nonce), capabilities, name: `name ${nonce}` };
}

const offerer = hello(sharer, 'offerer', 10);
const answerer = hello(joiner, 'answerer', 11);
const honest: TranscriptInput = {
  mode: 'invite',
  offerer,
  answerer,
  offererFingerprint: bytes(20),
  answererFingerprint: bytes(21),
  tag: bytes(30, 16),
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
  test('both sides accept each other and name the session alike', () => {
    expect(() => joinerChecks({ proof: sharerProof() })).not.toThrow();
    const digest = transcript(honest);
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
  ])('%s is refused', (_what, change) => {
    expect(() => transcript({ ...honest, offerer: { ...offerer, ...change } })).toThrow(E_IDENTITY);
  });

  test('the error tells the peer nothing', () => {
    const wrongKey = new Secret(bytes(4));
    const check = (): void => joinerChecks({ proof: sharerProof(), key: wrongKey });
    expect(check).not.toThrow(/mac|signature|key/i);
  });
});

interface Vectors {
  readonly seeds: Record<'sharer' | 'joiner', string>;
  readonly invite: {
    readonly secret: string;
    readonly expiresAt: number;
    readonly name: string;
    readonly endpoints: { host: string; port: number }[];
    readonly trust: 'compare' | 'trust-invite';
    readonly link: string;
  };
  readonly keys: Record<'prk' | 'room' | 'kmac' | 'sealingOfJoiner', string>;
  readonly deviceIds: Record<'sharer' | 'joiner', string>;
  readonly envelope: Record<'salt' | 'plaintext' | 'message', string>;
  readonly auth: Record<'offerer' | 'answerer', { nonce: string; name: string; caps: string[] }> &
    Record<'offererFingerprint' | 'answererFingerprint', string> &
    Record<'transcript' | 'offererSignature' | 'offererMac', string>;
}

// The frozen vectors: what other implementations and later versions are checked against.
describe('test/vectors/pairing.json', () => {
  const file = new URL('../vectors/pairing.json', import.meta.url);
  const vectors: Vectors = JSON.parse(readFileSync(file, 'utf8'));
  const identities = {
    sharer: createIdentity(fromHex(vectors.seeds.sharer)),
    joiner: createIdentity(fromHex(vectors.seeds.joiner)),
  };
  const secret = new Secret(fromHex(vectors.invite.secret));
  const keys = derivePairingKeys(secret);

  test('device ids', () => {
    expect(identities.sharer.deviceId).toBe(vectors.deviceIds.sharer);
    expect(identities.joiner.deviceId).toBe(vectors.deviceIds.joiner);
  });

  test('invite', () => {
    const { link, secret: _hex, ...rest } = vectors.invite;
    const { publicKey } = identities.sharer;
    expect(encodeInvite({ ...rest, secret, publicKey })).toBe(link);
    const parsed = parseInvite(link, rest.expiresAt - 1);
    expect(parsed).toMatchObject(rest);
    expect(toHex(parsed.secret.reveal())).toBe(vectors.invite.secret);
    expect(toHex(parsed.publicKey)).toBe(toHex(publicKey));
  });

  test('keys and an envelope', () => {
    expect(toHex(keys.prk.reveal())).toBe(vectors.keys.prk);
    expect(toHex(keys.room)).toBe(vectors.keys.room);
    expect(toHex(keys.mac.reveal())).toBe(vectors.keys.kmac);
    const salt = fromHex(vectors.envelope.salt);
    const sealingKey = deriveSealingKey(keys.prk, 'joiner', salt).reveal();
    expect(toHex(sealingKey)).toBe(vectors.keys.sealingOfJoiner);
    const conversation = new SealedConversation({ keys, role: 'joiner', salt });
    const envelope = conversation.seal(fromHex(vectors.envelope.plaintext));
    const message = encodeSignalingMessage({ kind: 'envelope', envelope });
    expect(Buffer.from(message).toString('hex')).toBe(vectors.envelope.message);
  });

  test('transcript and proof', () => {
    const { auth } = vectors;
    const side = (who: 'sharer' | 'joiner', role: AuthRole): Hello => ({
      version: 1,
      role,
      publicKey: identities[who].publicKey,
      nonce: fromHex(auth[role].nonce),
      capabilities: auth[role].caps,
      name: auth[role].name,
    });
    const digest = transcript({
      mode: 'invite',
      offerer: side('sharer', 'offerer'),
      answerer: side('joiner', 'answerer'),
      offererFingerprint: fromHex(auth.offererFingerprint),
      answererFingerprint: fromHex(auth.answererFingerprint),
      tag: keys.room,
    });
    expect(toHex(digest)).toBe(auth.transcript);
    const proof = makeProof({
      identity: identities.sharer,
      role: 'offerer',
      transcript: digest,
      key: keys.mac,
    });
    expect(toHex(proof.signature)).toBe(auth.offererSignature);
    expect(toHex(proof.mac)).toBe(auth.offererMac);
  });
});
