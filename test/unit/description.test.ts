import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  iceCredentials,
  packDescription,
  readLocalSdp,
  renderCandidates,
  renderSdp,
  unpackDescription,
  type Candidate,
  type SessionDescription,
} from '../../src/engine/pairing/description.ts';
import { PortholeError } from '../../src/shared/errors.ts';
import { CANDIDATES_MAX } from '../../src/shared/limits.ts';

const ipv4 = fc
  .tuple(fc.integer({ min: 1, max: 223 }), fc.nat(255), fc.nat(255), fc.nat(255))
  .map((parts) => parts.join('.'));

const ipv6 = fc
  .tuple(
    fc.integer({ min: 1, max: 0xfeff }),
    fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 7, maxLength: 7 }),
  )
  .map(([first, rest]) => {
    const text = [first, ...rest].map((group) => group.toString(16)).join(':');
    return new URL(`http://[${text}]`).hostname.slice(1, -1);
  });

const candidate: fc.Arbitrary<Candidate> = fc.record({
  address: fc.oneof(ipv4, ipv6),
  port: fc.integer({ min: 1, max: 65_535 }),
  type: fc.constantFrom('host', 'srflx', 'relay'),
});

const description: fc.Arbitrary<SessionDescription> = fc.record({
  kind: fc.constantFrom('offer', 'answer'),
  iceSecret: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fingerprint: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  candidates: fc.array(candidate, { maxLength: CANDIDATES_MAX }),
});

const sample: SessionDescription = {
  kind: 'offer',
  iceSecret: Uint8Array.from({ length: 16 }, (_, index) => index),
  fingerprint: Uint8Array.from({ length: 32 }, (_, index) => 255 - index),
  candidates: [
    { address: '192.0.2.2', port: 42_228, type: 'host' },
    { address: 'fd00::2', port: 42_228, type: 'host' },
    { address: '203.0.113.7', port: 1, type: 'srflx' },
  ],
};

const sampleHex = [
  '10',
  'fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0',
  '000102030405060708090a0b0c0d0e0f',
  '03',
  '00c0000202a4f4',
  '04fd000000000000000000000000000002a4f4',
  '01cb0071070001',
].join('');

const protocolError = expect.objectContaining({ code: 'E_PROTOCOL' });

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

/** Reads and packs again; a tuple that is refused as it should be comes back as it is. */
function reread(bytes: Uint8Array): Uint8Array {
  try {
    return packDescription(unpackDescription(bytes));
  } catch (error) {
    if (error instanceof PortholeError && error.code === 'E_PROTOCOL') return bytes;
    throw error;
  }
}

function withAddress(address: string): Partial<SessionDescription> {
  return { candidates: [{ address, port: 1, type: 'host' }] };
}

describe('the tuple', () => {
  it('is what the protocol page shows', () => {
    expect(Buffer.from(packDescription(sample)).toString('hex')).toBe(sampleHex);
    expect(unpackDescription(bytesOf(sampleHex))).toEqual(sample);
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(description, (original) => {
        expect(unpackDescription(packDescription(original))).toEqual(original);
      }),
    );
  });

  it('has one form only: what unpacks packs to the same bytes', () => {
    const nearly = fc.tuple(description, fc.nat(), fc.nat(255)).map(([original, at, value]) => {
      const bytes = packDescription(original);
      bytes[at % bytes.length] = value;
      return bytes;
    });
    fc.assert(
      fc.property(nearly, (bytes) => {
        expect(reread(bytes)).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused when cut anywhere, or with a byte more', () => {
    const whole = packDescription(sample);
    for (let length = 0; length < whole.length; length++) {
      expect(() => unpackDescription(whole.subarray(0, length))).toThrow(protocolError);
    }
    expect(() => unpackDescription(Uint8Array.of(...whole, 0))).toThrow(protocolError);
  });

  it('is refused when it is garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (garbage) => {
        // Of another version, so that no luck makes it valid.
        expect(() => unpackDescription(Uint8Array.of(0x20, ...garbage))).toThrow(protocolError);
      }),
    );
  });

  it.each([
    ['another kind', '12', 0],
    ['too many addresses', '0b', 49],
    ['an address of no type', '03', 50],
    ['an unknown flag', '08', 50],
    ['the unspecified address', '00000000', 51],
    ['a multicast address', 'e0000001', 51],
    ['broadcast', 'ffffffff', 51],
    ['port 0', '0000', 55],
    ['IPv6 multicast', 'ff02', 58],
    ['IPv4 dressed as IPv6', '00000000000000000000ffff', 58],
  ])('is refused with %s', (_, hex, at) => {
    const bytes = packDescription(sample);
    bytes.set(bytesOf(hex), at);
    expect(() => unpackDescription(bytes)).toThrow(protocolError);
  });

  it('stays under 120 bytes for a usual computer', () => {
    const host = { port: 50_000, type: 'host' } as const;
    const candidates: Candidate[] = [
      { ...host, address: '192.168.1.2' },
      { ...host, address: '10.0.0.2' },
      { ...host, address: '172.17.0.1' },
      { ...host, address: '2001:db8::1' },
      { address: '203.0.113.7', port: 50_000, type: 'srflx' },
    ];
    expect(packDescription({ ...sample, candidates })).toHaveLength(97);
  });

  it('cannot be made of what nobody could unpack', () => {
    const addresses = ['', 'printer.local', '1.2.3', '1.2.3.256', 'fe80::1%eth0', '::1]/x['];
    const many = Array.from({ length: CANDIDATES_MAX + 1 }, (): Candidate => ({
      address: '192.0.2.1',
      port: 1,
      type: 'host',
    }));
    const changes: Partial<SessionDescription>[] = [
      ...addresses.map(withAddress),
      { iceSecret: new Uint8Array(15) },
      { fingerprint: new Uint8Array(31) },
      { candidates: [{ address: '192.0.2.1', port: 65_536, type: 'host' }] },
      { candidates: many },
    ];
    for (const change of changes) {
      expect(() => packDescription({ ...sample, ...change })).toThrow(protocolError);
    }
  });
});

describe('ICE credentials', () => {
  it('are always ones the native library takes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (secret) => {
        const { iceUfrag, icePwd } = iceCredentials(secret);
        expect(iceUfrag).toMatch(/^[A-Za-z0-9+/]{8}$/);
        expect(icePwd).toMatch(/^[A-Za-z0-9+/]{24}$/);
      }),
    );
  });

  it('depend on the secret alone', () => {
    expect(iceCredentials(sample.iceSecret)).toEqual(iceCredentials(sample.iceSecret.slice()));
    expect(iceCredentials(sample.iceSecret)).not.toEqual(iceCredentials(new Uint8Array(16)));
  });
});

const exchanges = fc.constantFrom('live' as const, 'by-hand' as const);

describe('SDP', () => {
  it.each([
    ['live', 'actpass', 'active'],
    // A DTLS client gives up after half a minute: it must be who comes last.
    ['by-hand', 'active', 'passive'],
  ] as const)('%s, offers setup:%s and answers setup:%s', (exchange, offered, answered) => {
    const answer = { ...sample, kind: 'answer' } as const;
    expect(renderSdp(sample, exchange)).toContain(`\r\na=setup:${offered}\r\n`);
    expect(renderSdp(answer, exchange)).toContain(`\r\na=setup:${answered}\r\n`);
  });

  it('holds only lines of the template', () => {
    const line =
      /^([vost]=[\w -]+( IN IP4 0\.0\.0\.0)?|m=application 9 UDP\/DTLS\/SCTP webrtc-datachannel|c=IN IP4 0\.0\.0\.0|a=(mid:0|sctp-port:5000|max-message-size:65536|setup:(active|actpass|passive)|ice-(ufrag|pwd):[\w+/]+|fingerprint:sha-256 [0-9A-F:]{95}))$/;
    const candidateForm =
      /^candidate:\d+ 1 UDP \d+ [0-9a-f.:]+ \d+ typ (host|(srflx|relay) raddr 0\.0\.0\.0 rport 0)$/;
    fc.assert(
      fc.property(description, exchanges, (original, exchange) => {
        const unpacked = unpackDescription(packDescription(original));
        const lines = renderSdp(unpacked, exchange).split('\r\n');
        expect(lines.pop()).toBe('');
        for (const text of lines) expect(text).toMatch(line);
        for (const text of renderCandidates(unpacked)) expect(text).toMatch(candidateForm);
      }),
    );
  });

  it('is read back into the same description, addresses from outside first', () => {
    const { kind, iceSecret, candidates } = sample;
    const addresses = renderCandidates(sample).map((text) => `a=${text}\r\n`);
    const sdp = renderSdp(sample, 'live') + addresses.join('');
    const read = readLocalSdp({ sdp, kind, iceSecret });
    const [first, second, third] = candidates;
    expect(read).toEqual({ ...sample, candidates: [third, first, second] });
  });

  it('leaves out TCP, names, other components and what is too much', () => {
    const hosts = Array.from(
      { length: 12 },
      (_, index) => `a=candidate:1 1 UDP 1 192.0.2.${index + 1} 9 typ host`,
    );
    const sdp = [
      `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'aB').join(':')}`,
      'a=candidate:1 1 TCP 1 192.0.2.99 9 typ host tcptype active',
      'a=candidate:1 1 UDP 1 5b6e0a3c.local 9 typ host',
      'a=candidate:1 2 UDP 1 192.0.2.98 9 typ host',
      'a=candidate:1 1 UDP 1 0.0.0.0 9 typ host',
      ...hosts,
      'a=candidate:1 1 UDP 1 203.0.113.7 9 typ srflx raddr 192.0.2.1 rport 9',
    ].join('\r\n');
    const read = readLocalSdp({ sdp, kind: 'offer', iceSecret: sample.iceSecret });
    expect(read.fingerprint).toEqual(new Uint8Array(32).fill(0xab));
    expect(read.candidates).toHaveLength(CANDIDATES_MAX);
    expect(read.candidates[0]).toEqual({ address: '203.0.113.7', port: 9, type: 'srflx' });
    expect(read.candidates.slice(1).every(({ type }) => type === 'host')).toBe(true);
    expect(read.candidates.map(({ address }) => address)).not.toContain('192.0.2.98');
  });

  it('without a SHA-256 fingerprint is no description', () => {
    const sdp = `a=fingerprint:sha-1 ${Array.from({ length: 20 }, () => 'AB').join(':')}`;
    expect(() => readLocalSdp({ sdp, kind: 'offer', iceSecret: sample.iceSecret })).toThrow(
      expect.objectContaining({ code: 'E_INTERNAL' }),
    );
  });
});
