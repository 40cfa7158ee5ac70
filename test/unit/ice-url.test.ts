/** Which STUN servers are taken: what the library cannot take would end the process there. */
import { describe, expect, it } from 'vitest';
import { parseTurnUrl, requireStunUrl, requireTurnArgument } from '../../src/shared/ice-url.ts';

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

describe('TURN servers', () => {
  it.each([
    ['turn:h', { host: 'h', port: 3478, username: undefined, password: undefined }],
    ['turn:me@h:1', { host: 'h', port: 1, username: 'me', password: undefined }],
    ['turn:me:pass@h:1', { host: 'h', port: 1, username: 'me', password: 'pass' }],
    // As the REST API of some servers makes them: user and password with signs of their own.
    [
      'TURN:1700000000%3Ame:a%40b:c/+==@[2001:db8::1]:443',
      { host: '2001:db8::1', port: 443, username: '1700000000:me', password: 'a@b:c/+==' },
    ],
  ])('%s', (text, expected) => {
    expect(parseTurnUrl(text)).toEqual(expected);
  });

  it.each([
    'turn:',
    'turn:@h',
    'turn:me@',
    'turn:me:@h',
    'turn:me@h:0',
    'turn:me@h:70000',
    'turn:me%zz@h',
    'turn:me@h?transport=tcp',
    'turns:me@h',
    'stun:h',
    'turn:a b@h',
  ])('%j is none', (text) => {
    expect(parseTurnUrl(text)).toBeUndefined();
  });

  it('as an argument: with a user', () => {
    expect(requireTurnArgument('turn:me@h:1')).toBe('turn:me@h:1');
    for (const text of ['turn:h', 'h', 'turn:me@h?x']) {
      expect(() => requireTurnArgument(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
    }
  });

  it('as an argument: never with a password, and no error says it', () => {
    const given = 'turn:me:unmistakable@h:1';
    const refuse = (): string => requireTurnArgument(given);
    expect(refuse).toThrow(/--turn-password-file/);
    expect(refuse).not.toThrow(/unmistakable|me:/);
    expect(() => requireTurnArgument('turn:me:unmistakable@@h:1')).not.toThrow(/unmistakable/);
  });
});
