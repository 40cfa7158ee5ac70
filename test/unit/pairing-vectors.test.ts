/**
 * The frozen vectors of pairing: what other implementations and later versions are checked against.
 * What is given stays as it is; `UPDATE_VECTORS=1 npx vitest run test/unit/pairing-vectors.test.ts`
 * writes what follows from it anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import {
  type AuthMode,
  type AuthRole,
  type Hello,
  makeProof,
  transcript,
} from '../../src/engine/pairing/authentication.ts';
import { commitmentTo, digitsOf } from '../../src/engine/pairing/digits.ts';
import { createIdentity } from '../../src/engine/pairing/identity.ts';
import { encodeInvite, parseInvite } from '../../src/engine/pairing/invite.ts';
import {
  derivePairingKeys,
  derivePairKey,
  derivePeerKeys,
  deriveSealingKey,
} from '../../src/engine/pairing/keys.ts';
import { SealedConversation } from '../../src/engine/pairing/sealing.ts';
import { Secret } from '../../src/engine/pairing/secret.ts';
import { encodeSignalingMessage } from '../../src/engine/signaling/envelope.ts';

const toHex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const fromHex = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value, 'hex'));
const NONE = new Uint8Array(0);

interface AuthGiven {
  readonly nonce: string;
  readonly name: string;
  readonly caps: string[];
  /** X25519 public key. */
  readonly ephemeral: string;
  readonly digitsNonce: string;
}

interface Vectors {
  readonly about: string;
  readonly seeds: Record<'sharer' | 'joiner', string>;
  deviceIds: Record<'sharer' | 'joiner', string>;
  readonly invite: {
    readonly secret: string;
    readonly expiresAt: number;
    readonly name: string;
    readonly endpoints: { host: string; port: number }[];
    readonly trust: 'compare' | 'trust-invite';
    link: string;
  };
  keys: Record<'prk' | 'room' | 'kmac' | 'sealingOfJoiner', string>;
  envelope: Record<'salt' | 'plaintext' | 'message', string>;
  /** What both HELLOs and both certificates are made of. */
  readonly auth: Record<AuthRole, AuthGiven> &
    Record<'offererFingerprint' | 'answererFingerprint' | 'x25519Shared', string> & {
      readonly utcDay: number;
    };
  pair: Record<
    'commitment' | 'transcript' | 'offererSignature' | 'offererMac' | 'digits' | 'pairKey',
    string
  >;
  /** Mode `peer` under that pair key on that day; the same HELLOs without capabilities and digits. */
  peer: Record<'room' | 'prk' | 'kmac' | 'transcript' | 'offererSignature' | 'offererMac', string>;
}

const FILE = new URL('../vectors/pairing.json', import.meta.url);
const given: Vectors = JSON.parse(readFileSync(FILE, 'utf8'));
const identities = {
  offerer: createIdentity(fromHex(given.seeds.sharer)),
  answerer: createIdentity(fromHex(given.seeds.joiner)),
};
const secret = new Secret(fromHex(given.invite.secret));
const keys = derivePairingKeys(secret);

function helloOf(mode: AuthMode, role: AuthRole): Hello {
  const { nonce, name, caps, ephemeral, digitsNonce } = given.auth[role];
  const { publicKey } = identities[role];
  const isCommitted = mode === 'pair' && role === 'answerer';
  return {
    version: 1,
    role,
    publicKey,
    nonce: fromHex(nonce),
    capabilities: mode === 'pair' ? caps : [],
    name,
    ephemeral: mode === 'pair' ? fromHex(ephemeral) : NONE,
    commitment: isCommitted ? commitmentTo(fromHex(digitsNonce), publicKey) : NONE,
  };
}

function transcriptOf(mode: AuthMode, tag: Uint8Array): Uint8Array {
  return transcript({
    mode,
    offerer: helloOf(mode, 'offerer'),
    answerer: helloOf(mode, 'answerer'),
    offererFingerprint: fromHex(given.auth.offererFingerprint),
    answererFingerprint: fromHex(given.auth.answererFingerprint),
    tag,
  });
}

function offererProof(
  digest: Uint8Array,
  key: Secret,
): Record<'offererSignature' | 'offererMac', string> {
  const proof = makeProof({
    identity: identities.offerer,
    role: 'offerer',
    transcript: digest,
    key,
  });
  return { offererSignature: toHex(proof.signature), offererMac: toHex(proof.mac) };
}

function pairVectors(): Vectors['pair'] {
  const digest = transcriptOf('pair', keys.room);
  const shared = fromHex(given.auth.x25519Shared);
  return {
    commitment: toHex(helloOf('pair', 'answerer').commitment),
    transcript: toHex(digest),
    ...offererProof(digest, keys.mac),
    digits: digitsOf({
      transcript: digest,
      offererNonce: fromHex(given.auth.offerer.digitsNonce),
      answererNonce: fromHex(given.auth.answerer.digitsNonce),
    }),
    pairKey: toHex(derivePairKey({ transcript: digest, prk: keys.prk, shared }).reveal()),
  };
}

function peerVectors(): Vectors['peer'] {
  const peerKeys = derivePeerKeys(new Secret(fromHex(pairVectors().pairKey)), given.auth.utcDay);
  const digest = transcriptOf('peer', peerKeys.room);
  return {
    room: toHex(peerKeys.room),
    prk: toHex(peerKeys.prk.reveal()),
    kmac: toHex(peerKeys.mac.reveal()),
    transcript: toHex(digest),
    ...offererProof(digest, peerKeys.mac),
  };
}

function envelopeVectors(): Vectors['envelope'] {
  const { salt, plaintext } = given.envelope;
  const conversation = new SealedConversation({ keys, role: 'joiner', salt: fromHex(salt) });
  const envelope = conversation.seal(fromHex(plaintext));
  return {
    salt,
    plaintext,
    message: Buffer.from(encodeSignalingMessage({ kind: 'envelope', envelope })).toString('hex'),
  };
}

function vectors(): Vectors {
  const { publicKey } = identities.offerer;
  const salt = fromHex(given.envelope.salt);
  return {
    about: given.about,
    seeds: given.seeds,
    deviceIds: { sharer: identities.offerer.deviceId, joiner: identities.answerer.deviceId },
    invite: { ...given.invite, link: encodeInvite({ ...given.invite, secret, publicKey }) },
    keys: {
      prk: toHex(keys.prk.reveal()),
      room: toHex(keys.room),
      kmac: toHex(keys.mac.reveal()),
      sealingOfJoiner: toHex(deriveSealingKey(keys.prk, 'joiner', salt).reveal()),
    },
    envelope: envelopeVectors(),
    auth: given.auth,
    pair: pairVectors(),
    peer: peerVectors(),
  };
}

describe('test/vectors/pairing.json', () => {
  test('is what this code does', () => {
    const text = `${JSON.stringify(vectors(), null, 2)}\n`;
    if (process.env['UPDATE_VECTORS'] === '1') writeFileSync(FILE, text);
    expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(vectors());
  });

  test('has an invite that can be read', () => {
    const { link, secret: hex, ...rest } = given.invite;
    const parsed = parseInvite(link, rest.expiresAt - 1);
    expect(parsed).toMatchObject(rest);
    expect(toHex(parsed.secret.reveal())).toBe(hex);
    expect(toHex(parsed.publicKey)).toBe(toHex(identities.offerer.publicKey));
  });
});
