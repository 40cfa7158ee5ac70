/** The framing between a rendezvous server and its hosts, and the address of such a server. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  encodeHostFrame,
  HOST_FRAME_BYTES_MAX,
  type HostFrame,
  parseHostFrame,
} from '../../src/engine/signaling/host-frame.ts';
import { parseRendezvousUrl } from '../../src/engine/signaling/rendezvous-url.ts';
import { endpointUrl, hostUrl } from '../../src/engine/signaling/endpoint.ts';

const guest = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const frame: fc.Arbitrary<HostFrame> = fc.oneof(
  fc.record({ kind: fc.constantFrom('opened' as const, 'closed' as const), guest }),
  fc.record({
    kind: fc.constant('message' as const),
    guest,
    data: fc.oneof(fc.uint8Array(), fc.string({ unit: 'binary' })),
  }),
);

/** With an array for a Buffer. */
function plain(read: HostFrame | undefined): HostFrame | undefined {
  if (read?.kind !== 'message' || typeof read.data === 'string') return read;
  return { ...read, data: Uint8Array.from(read.data) };
}

describe('a host frame', () => {
  test('is the same when it was written and read', () => {
    fc.assert(
      fc.property(frame, (before) => {
        expect(plain(parseHostFrame(encodeHostFrame(before)))).toEqual(before);
      }),
    );
  });

  test('has one spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const read = parseHostFrame(bytes);
        const written = read === undefined ? bytes : Uint8Array.from(encodeHostFrame(read));
        expect(written).toEqual(bytes);
      }),
    );
  });

  test.each([
    ['nothing', []],
    ['a guest only', [0, 0, 0, 1]],
    ['kind 0', [0, 0, 0, 1, 0]],
    ['kind 5', [0, 0, 0, 1, 5]],
    ['an opening with something in it', [0, 0, 0, 1, 1, 0]],
    ['a closing with something in it', [0, 0, 0, 1, 4, 0]],
    ['text that is no UTF-8', [0, 0, 0, 1, 3, 0xff]],
    ['too much', Array.from({ length: HOST_FRAME_BYTES_MAX + 1 }, () => 2)],
  ])('%s is none', (_what, bytes) => {
    expect(parseHostFrame(Uint8Array.from(bytes))).toBeUndefined();
  });
});

describe('the address of a rendezvous server', () => {
  test.each([
    ['ws://example.org', 'ws', 'example.org', 80],
    ['wss://example.org', 'wss', 'example.org', 443],
    ['wss://example.org/', 'wss', 'example.org', 443],
    ['WSS://Example.ORG:443', 'wss', 'example.org', 443],
    ['ws://example.org:443', 'ws', 'example.org', 443],
    ['ws://192.0.2.1:7678', 'ws', '192.0.2.1', 7678],
    ['ws://[2001:db8::1]:7678', 'ws', '2001:db8::1', 7678],
    ['wss://bücher.example', 'wss', 'xn--bcher-kva.example', 443],
  ])('%s', (text, scheme, host, port) => {
    expect(parseRendezvousUrl(text)).toEqual({ scheme, host, port });
  });

  test.each([
    '',
    'example.org',
    'example.org:80',
    'http://example.org',
    'https://example.org',
    'ws:example.org',
    'ws://',
    'ws:///x',
    'ws://:80',
    'ws://example.org/x',
    'ws://example.org?x',
    'ws://example.org#x',
    'ws://a@example.org',
    'ws://a:b@example.org',
    'ws://example.org:0',
    'ws://example.org:65536',
    'ws://exa mple.org',
    ' ws://example.org',
    'ws://example.org\n',
    'ws://example_org',
    'ws://exa..mple.org',
    'ws://[2001:db8::1',
    'ws://[fe80::1%25eth0]',
  ])('%j is none, and says how it should look', (text) => {
    const refusal = expect.objectContaining({
      code: 'E_USAGE',
      message: expect.stringContaining('ws://HOST:PORT'),
    });
    expect(() => parseRendezvousUrl(text)).toThrow(refusal);
  });

  test('leads to the rooms of a host', () => {
    const server = parseRendezvousUrl('wss://[2001:db8::1]');
    expect(endpointUrl(server)).toBe('wss://[2001:db8::1]:443');
    expect(hostUrl(server, new Uint8Array(16))).toBe(
      'wss://[2001:db8::1]:443/host/AAAAAAAAAAAAAAAAAAAAAA',
    );
  });
});
