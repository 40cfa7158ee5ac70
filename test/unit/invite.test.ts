import { createHash } from 'node:crypto';
import type { NetworkInterfaceInfo } from 'node:os';
import { inspect } from 'node:util';

import * as fc from 'fast-check';
import { encodeQR } from 'qr';
import { describe, expect, test } from 'vitest';

import { createIdentity } from '../../src/engine/pairing/identity.ts';
import {
  createInvite,
  encodeInvite,
  INVITE_PREFIX,
  type Invite,
  parseInvite,
} from '../../src/engine/pairing/invite.ts';
import { Secret } from '../../src/engine/pairing/secret.ts';
import { type Endpoint, endpointsOfThisComputer } from '../../src/engine/signaling/endpoint.ts';
import { type ErrorCode, PortholeError } from '../../src/shared/errors.ts';
import {
  INVITE_CHARS_MAX,
  INVITE_CLOCK_SKEW_MS,
  INVITE_ENDPOINTS_MAX,
  INVITE_LIFE_MS,
  INVITE_LINK_CHARS_MAX,
  INVITE_NAME_BYTES_MAX,
} from '../../src/shared/limits.ts';

const NOW = 1_900_000_000_000;

function makeInvite(changes: Partial<Invite> = {}): Invite {
  const invite = createInvite({
    publicKey: createIdentity().publicKey,
    nowMs: NOW,
    name: 'Ada’s laptop',
    endpoints: [
      { host: '192.0.2.7', port: 40_123 },
      { host: 'fd00::2', port: 40_123 },
      { host: 'rv.example.com', port: 443 },
    ],
    trust: 'trust-invite',
  });
  return { ...invite, ...changes };
}

/** As plain values, the secret too. */
function plain(invite: Invite): unknown {
  const { secret, publicKey, ...rest } = invite;
  return { ...rest, secret: [...secret.reveal()], publicKey: [...publicKey] };
}

function failureOf(text: string, nowMs = NOW): PortholeError | undefined {
  try {
    parseInvite(text, nowMs);
    return undefined;
  } catch (error) {
    if (error instanceof PortholeError) return error;
    throw error;
  }
}

const codeOf = (text: string, nowMs?: number): ErrorCode | undefined =>
  failureOf(text, nowMs)?.code;

const hostName = fc.constantFrom('a', 'rv.example.com', 'x-1.y', `${'a'.repeat(63)}.example`);
const endpoint: fc.Arbitrary<Endpoint> = fc.record(
  {
    host: fc.oneof(fc.ipV4(), fc.constantFrom('::1', 'fd00::2', '2001:db8::a:1'), hostName),
    port: fc.integer({ min: 1, max: 65_535 }),
    scheme: fc.constant('wss' as const),
  },
  { requiredKeys: ['host', 'port'] },
);

const address = (host: string): NetworkInterfaceInfo => ({
  address: host,
  netmask: '',
  mac: '',
  internal: host.endsWith('::1'),
  cidr: null,
  ...(host.includes(':') ? { family: 'IPv6' as const, scopeid: 0 } : { family: 'IPv4' as const }),
});

/** The hosts an invite keeps of those it is given. */
function hostsOf(endpoints: readonly Endpoint[], name = 'n'.repeat(24)): string[] {
  const invite = createInvite({ ...makeInvite(), nowMs: NOW, name, endpoints });
  return invite.endpoints.map(({ host }) => host);
}

describe('invite', () => {
  test('comes back as it was', () => {
    const secret = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const trust = fc.constantFrom('compare' as const, 'trust-invite' as const);
    const endpoints = fc.array(endpoint, { maxLength: INVITE_ENDPOINTS_MAX });
    fc.assert(
      fc.property(secret, trust, endpoints, fc.string({ unit: 'grapheme' }), (...given) => {
        const [bytes, trusted, places, name] = given;
        const made = createInvite({ ...makeInvite(), nowMs: NOW, name, endpoints: [] });
        const rest = { secret: new Secret(bytes), trust: trusted, endpoints: places };
        const invite: Invite = { ...made, ...rest };
        expect(plain(parseInvite(encodeInvite(invite), NOW))).toEqual(plain(invite));
      }),
    );
  });

  test('lives INVITE_LIFE_MS, its name and its endpoints are bounded', () => {
    const invite = makeInvite();
    expect(invite.expiresAt - NOW).toBe(INVITE_LIFE_MS);
    const named = createInvite({ ...invite, nowMs: NOW, name: 'é'.repeat(40) });
    expect(Buffer.byteLength(named.name)).toBe(INVITE_NAME_BYTES_MAX);
    const five = Array.from({ length: INVITE_ENDPOINTS_MAX + 1 }, () => ({ host: 'a', port: 1 }));
    expect(() => encodeInvite(makeInvite({ endpoints: five }))).toThrow(RangeError);
  });

  test('with four addresses fits a QR code of version 10 at ECC M', () => {
    const endpoints = endpointsOfThisComputer(65_535, {
      docker0: [address('172.17.0.1')],
      eth0: [1, 2, 3, 4].map((index) => address(`2001:db8:1:1:1:1:1:${index}`)),
      wlan0: [address('fe80::1:2'), address('169.254.7.7'), address('192.168.100.101')],
      lo: [address('::1')],
    });
    expect(endpoints.map(({ host }) => host)).toEqual([
      '192.168.100.101',
      '2001:db8:1:1:1:1:1:1',
      '2001:db8:1:1:1:1:1:2',
      '169.254.7.7',
    ]);
    const name = 'n'.repeat(INVITE_NAME_BYTES_MAX);
    // 213 bytes is what version 10-M holds (ISO/IEC 18004 table 7).
    expect(INVITE_LINK_CHARS_MAX).toBe(213);
    expect(encodeInvite(makeInvite({ name, endpoints })).length).toBeLessThanOrEqual(213);
  });

  test('for the network and a rendezvous server fits a QR code of version 10 at ECC M', () => {
    const endpoints: Endpoint[] = [
      { host: '192.168.100.101', port: 65_535 },
      { host: '2001:db8:1:1:1:1:1:1', port: 65_535 },
      { host: 'rendezvous.example.space', port: 443, scheme: 'wss' },
    ];
    expect(endpoints[2]?.host).toHaveLength(24);
    const name = 'n'.repeat(INVITE_NAME_BYTES_MAX);
    const invite = createInvite({ ...makeInvite(), nowMs: NOW, name, endpoints });
    expect(invite.endpoints).toEqual(endpoints);
    const link = encodeInvite(invite);
    const options = { ecc: 'medium', encoding: 'byte', border: 4 } as const;
    expect(encodeQR(link, 'raw', options)).toHaveLength(57 + 8);
    expect(encodeQR(link, 'raw', { ...options, ecc: 'low' })).toHaveLength(53 + 8);
  });

  test('leaves out the endpoints that do not fit, the least useful first', () => {
    const places: Endpoint[] = [
      { host: '192.168.1.2', port: 1 },
      { host: '2001:db8::1', port: 1 },
      { host: '169.254.1.2', port: 1 },
      { host: '127.0.0.1', port: 1 },
      { host: 'rendezvous.example.space', port: 443, scheme: 'wss' },
      { host: '2001:db8::2', port: 1 },
    ];
    expect(hostsOf(places)).toEqual(['192.168.1.2', '2001:db8::1', 'rendezvous.example.space']);
    expect(hostsOf(places, 'n')).toHaveLength(INVITE_ENDPOINTS_MAX);
    const servers = ['a', 'b', 'c'].map((letter) => ({
      host: `${letter.repeat(60)}.example`,
      port: 443,
      scheme: 'wss' as const,
    }));
    expect(hostsOf([...places, ...servers])).toEqual(['rendezvous.example.space']);
    expect(hostsOf(servers)).toEqual([servers[0]?.host]);
    fc.assert(
      fc.property(fc.array(endpoint, { minLength: 1, maxLength: 8 }), (endpoints) => {
        const invite = createInvite({ ...makeInvite(), nowMs: NOW, endpoints });
        const isShort = encodeInvite(invite).length <= INVITE_LINK_CHARS_MAX;
        expect(isShort || invite.endpoints.length === 1).toBe(true);
      }),
    );
  });

  test('with only the loopback interface up names 127.0.0.1', () => {
    expect(endpointsOfThisComputer(80, {})).toEqual([{ host: '127.0.0.1', port: 80 }]);
  });

  test.each([
    ['white space around', (link: string) => `  ${link}\r\n`],
    ['wrapped lines', (link: string) => link.replaceAll(/.{40}/g, '$&\n')],
    ['quotes', (link: string) => `"${link}"`],
    ['curly quotes', (link: string) => `“${link}”`],
    ['angle brackets', (link: string) => `<${link}>`],
    ['the bare code', (link: string) => link.slice(INVITE_PREFIX.length)],
    ['padding', (link: string) => `${link}=`],
    ['another case of the scheme', (link: string) => link.replace('porthole', 'Porthole')],
    ['zero width characters', (link: string) => `\u200b${link}\ufeff`],
  ])('is read through %s', (_what, change) => {
    const invite = makeInvite();
    expect(plain(parseInvite(change(encodeInvite(invite)), NOW))).toEqual(plain(invite));
  });

  test('every cut is noticed', () => {
    const link = encodeInvite(makeInvite());
    for (let length = INVITE_PREFIX.length; length < link.length; length++) {
      expect(codeOf(link.slice(0, length))).toBe('E_INVITE_DAMAGED');
    }
    const bare = link.slice(INVITE_PREFIX.length);
    for (let length = 8; length < bare.length; length++) {
      expect(codeOf(bare.slice(0, length))).toBe('E_INVITE_DAMAGED');
    }
  });

  test('every single mistyped character is noticed', () => {
    const link = encodeInvite(makeInvite());
    for (let at = INVITE_PREFIX.length; at < link.length; at++) {
      for (const other of 'Ax0_-.é') {
        if (link[at] === other) continue;
        expect(codeOf(link.slice(0, at) + other + link.slice(at + 1))).toBe('E_INVITE_DAMAGED');
      }
    }
  });

  test.each(['', 'hello', 'https://example.com/#AQAA', 'porthole://open#AQAA', '🙂', 'pair#'])(
    '%j is no invite',
    (text) => expect(codeOf(text)).toBe('E_INVITE_INVALID'),
  );

  test('too much text', () => {
    expect(codeOf('A'.repeat(1_000_000))).toBe('E_INVITE_INVALID');
    expect(codeOf(INVITE_PREFIX + 'A'.repeat(INVITE_CHARS_MAX + 1))).toBe('E_INVITE_DAMAGED');
  });

  test('expires, with some patience for a wrong clock', () => {
    const invite = makeInvite();
    const link = encodeInvite(invite);
    expect(codeOf(link, invite.expiresAt + INVITE_CLOCK_SKEW_MS - 1)).toBeUndefined();
    const failure = failureOf(link, invite.expiresAt + INVITE_CLOCK_SKEW_MS);
    expect(failure?.code).toBe('E_INVITE_EXPIRED');
    const at = new Date(invite.expiresAt);
    const minutes = String(at.getMinutes()).padStart(2, '0');
    expect(failure?.message).toContain(`${String(at.getHours()).padStart(2, '0')}:${minutes}`);
  });

  test('another version or an unknown flag is a newer Porthole', () => {
    const blob = Buffer.from(encodeInvite(makeInvite()).slice(INVITE_PREFIX.length), 'base64url');
    for (const [at, value] of [
      [0, 2],
      [1, 0x81],
    ] as const) {
      const body = Buffer.from(blob.subarray(0, -4));
      body[at] = value;
      const check = createHash('sha256').update(body).digest().subarray(0, 4);
      const code = Buffer.concat([body, check]).toString('base64url');
      expect(codeOf(INVITE_PREFIX + code)).toBe('E_VERSION');
      expect(codeOf(code)).toBe('E_VERSION');
    }
  });

  test('a right check over wrong fields is damaged, whatever the fields', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), (fields) => {
        const body = Buffer.concat([Uint8Array.of(1, 0), fields]);
        const check = createHash('sha256').update(body).digest().subarray(0, 4);
        const text = INVITE_PREFIX + Buffer.concat([body, check]).toString('base64url');
        expect([undefined, 'E_INVITE_DAMAGED', 'E_INVITE_EXPIRED']).toContain(codeOf(text, NOW));
      }),
      { numRuns: 2000 },
    );
  });

  test('any garbage gets one of the four codes', () => {
    const codes = ['E_INVITE_INVALID', 'E_INVITE_DAMAGED', 'E_INVITE_EXPIRED', 'E_VERSION'];
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.base64String(),
      fc.string({ unit: 'binary' }).map((text) => INVITE_PREFIX + text),
    );
    fc.assert(
      fc.property(garbage, (text) => {
        expect(codes).toContain(codeOf(text));
      }),
      { numRuns: 2000 },
    );
  });

  test('its secret does not show', () => {
    const invite = makeInvite({ secret: new Secret(Buffer.alloc(16, 0xcd)) });
    const shown = `${inspect(invite, { depth: 9 })}${JSON.stringify(invite)}${String(invite.secret)}`;
    expect(shown).toContain('[secret]');
    expect(shown).not.toMatch(/cdcd|205,\s*205|zc3N/i);
  });
});
