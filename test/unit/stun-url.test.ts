/** Which STUN servers are taken: what the library cannot take would end the process there. */
import { expect, it } from 'vitest';
import { requireStunUrl } from '../../src/shared/stun-url.ts';

it.each(['stun:stun.example.org', 'stun:192.0.2.1:3478', 'stun:[2001:db8::1]:65535', 'STUN:h:1'])(
  '%s is taken',
  (text) => {
    expect(requireStunUrl(text)).toBe(text);
  },
);

it.each([
  'stun.example.org:3478',
  'stun:',
  'stun:h:0',
  'stun:h:65536',
  'stun:h:99999',
  'turn:h:1',
  'stun://h:1',
  'stun:a b',
  'stun:h:1\nx',
])('%j is not', (text) => {
  expect(() => requireStunUrl(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
});
