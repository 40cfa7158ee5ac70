/**
 * The frozen vectors of what people carry: other implementations and later versions are checked
 * against them. A change of the format writes them anew, on purpose:
 * `UPDATE_VECTORS=1 npx vitest run test/unit/blobs.test.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { packDescription, type SessionDescription } from '../../src/engine/pairing/description.ts';
import { createIdentity } from '../../src/engine/pairing/identity.ts';
import {
  encodeCode,
  type Invite,
  type OfflineCode,
  type OnlineCode,
  parseCode,
} from '../../src/engine/pairing/invite.ts';
import { encodeAnswer, parseAnswer } from '../../src/engine/pairing/offline-answer.ts';
import { Secret } from '../../src/engine/pairing/secret.ts';

const FILE = new URL('../vectors/blobs.json', import.meta.url);

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const range = (from: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => from + index);

const seeds = { sharer: range(0, 32), joiner: range(64, 32) };
const salt = range(0x30, 16);
const EXPIRES_AT = 1_900_000_000_000;

const invite: Invite = {
  secret: new Secret(range(0xa0, 16)),
  publicKey: createIdentity(seeds.sharer).publicKey,
  expiresAt: EXPIRES_AT,
  name: 'Zoë’s laptop',
  endpoints: [],
  trust: 'compare',
};

const online: readonly OnlineCode[] = [
  {
    kind: 'online',
    invite: {
      ...invite,
      trust: 'trust-invite',
      endpoints: [
        { host: '192.0.2.7', port: 40_123 },
        { host: '2001:db8::1', port: 40_123 },
        { host: 'rv.example.com', port: 80 },
      ],
    },
  },
  {
    kind: 'online',
    invite: {
      ...invite,
      endpoints: [
        { host: '192.0.2.7', port: 443, scheme: 'wss' },
        { host: '2001:db8::1', port: 443, scheme: 'wss' },
        { host: 'rv.example.com', port: 443, scheme: 'wss' },
      ],
    },
  },
];

const offer: SessionDescription = {
  kind: 'offer',
  iceSecret: range(0x10, 16),
  fingerprint: range(0x80, 32),
  candidates: [
    { address: '203.0.113.7', port: 50_123, type: 'srflx' },
    { address: '192.0.2.7', port: 50_123, type: 'host' },
    { address: '2001:db8::1', port: 50_123, type: 'host' },
  ],
};
const offline: OfflineCode = { kind: 'offline', invite, offer };

const claimant = { publicKey: createIdentity(seeds.joiner).publicKey, name: 'Büro' };
const description: SessionDescription = {
  kind: 'answer',
  iceSecret: range(0x20, 16),
  fingerprint: range(0xc0, 32),
  candidates: [{ address: '198.51.100.2', port: 50_321, type: 'host' }],
};

function inviteFields({ secret, publicKey, ...rest }: Invite): object {
  return { secret: toHex(secret.reveal()), publicKey: toHex(publicKey), ...rest };
}

function made(): object {
  return {
    about:
      'Frozen vectors of the codes that people carry (docs/protocol.md): bytes in hexadecimal, times in ms since 1970. The answer is to the offline code.',
    online: online.map((code) => ({ ...inviteFields(code.invite), text: encodeCode(code) })),
    offline: {
      ...inviteFields(invite),
      offer: toHex(packDescription(offer)),
      text: encodeCode(offline),
    },
    answer: {
      publicKey: toHex(claimant.publicKey),
      name: claimant.name,
      description: toHex(packDescription(description)),
      salt: toHex(salt),
      text: encodeAnswer({ code: offline, claimant, description, salt }),
    },
  };
}

interface Vectors {
  readonly online: readonly { readonly text: string }[];
  readonly offline: { readonly text: string };
  readonly answer: { readonly text: string };
}

describe('test/vectors/blobs.json', () => {
  const text = `${JSON.stringify(made(), undefined, 2)}\n`;
  if (process.env['UPDATE_VECTORS'] === '1') writeFileSync(FILE, text);
  const frozen: Vectors = JSON.parse(readFileSync(FILE, 'utf8'));

  test('is what this version writes', () => {
    expect(frozen).toEqual(JSON.parse(text));
  });

  test('is read by this version', () => {
    for (const [index, code] of online.entries()) {
      const parsed = parseCode(frozen.online[index]?.text ?? '', EXPIRES_AT);
      expect(inviteFields(parsed.invite)).toEqual(inviteFields(code.invite));
    }
    const parsed = parseCode(frozen.offline.text, EXPIRES_AT);
    expect(parsed).toMatchObject({ kind: 'offline', offer });
    if (parsed.kind === 'online') return;
    const { claimant: read, ...rest } = parseAnswer(frozen.answer.text, parsed);
    expect(rest).toEqual({ description });
    expect([toHex(read.publicKey), read.name]).toEqual([toHex(claimant.publicKey), claimant.name]);
  });
});
