import { expect, test } from 'vitest';
import { parseTurnUrl } from '../../../src/shared/ice-url.ts';
import { parseRendezvousUrl } from '../../../src/engine/signaling/rendezvous-url.ts';
import {
  checkHold,
  checkName,
  checkPort,
  checkRendezvous,
  checkStun,
  checkTurn,
} from '../../../src/renderer/screens/settings/setting-checks.ts';

test('a name is trimmed, not empty, and fits', () => {
  expect(checkName('  workbench ')).toEqual({ ok: true, value: 'workbench' });
  expect(checkName(' ')).toEqual({ ok: false, complaint: 'nameEmpty' });
  expect(checkName('a'.repeat(64)).ok).toBe(true);
  expect(checkName('a'.repeat(65))).toEqual({ ok: false, complaint: 'nameLong' });
  expect(checkName('電'.repeat(21)).ok).toBe(true);
  expect(checkName('電'.repeat(22)).ok).toBe(false);
});

test('numbers are whole and within their limits', () => {
  expect(checkHold('0')).toEqual({ ok: true, value: 0 });
  expect(checkHold(' 600 ')).toEqual({ ok: true, value: 600 });
  const holdInvalid: readonly string[] = ['', '601', '-1', '1.5', '1e2', '0x10', 'a minute'];
  expect(holdInvalid.map((text) => checkHold(text))).toEqual(
    holdInvalid.map(() => ({ ok: false, complaint: 'holdInvalid' })),
  );
  expect(checkPort(' ')).toEqual({ ok: true, value: null });
  expect(checkPort('65535')).toEqual({ ok: true, value: 65_535 });
  const portInvalid: readonly string[] = ['0', '65536', '80a'];
  expect(portInvalid.map((text) => checkPort(text))).toEqual(
    portInvalid.map(() => ({ ok: false, complaint: 'portInvalid' })),
  );
});

test('the engine takes every rendezvous server that passes', () => {
  for (const url of ['wss://rv.example.org', 'ws://10.0.0.1:8080', 'wss://[fd00::1]:443/']) {
    expect(checkRendezvous(url, [])).toEqual({ ok: true, value: url });
    expect(() => parseRendezvousUrl(url)).not.toThrow();
  }
  const rendezvousInvalid: readonly string[] = [
    '',
    'rv.example.org',
    'https://rv.example.org',
    'wss://a/b',
    'wss://u@a',
  ];
  expect(rendezvousInvalid.map((text) => checkRendezvous(text, []))).toEqual(
    rendezvousInvalid.map(() => ({ ok: false, complaint: 'rendezvousInvalid' })),
  );
  expect(checkRendezvous('ws://a', ['ws://a'])).toEqual({ ok: false, complaint: 'already' });
  const many = Array.from({ length: 16 }, (_, index) => `ws://a${index}`);
  expect(checkRendezvous('ws://b', many)).toEqual({ ok: false, complaint: 'tooMany' });
});

test('stun: is put before a host alone', () => {
  expect(checkStun('stun.example.org:3478', [])).toEqual({
    ok: true,
    value: 'stun:stun.example.org:3478',
  });
  expect(checkStun('stun:host', [])).toEqual({ ok: true, value: 'stun:host' });
  expect(checkStun('stun:host:99999', [])).toEqual({ ok: false, complaint: 'stunInvalid' });
});

test('any user and password get to the relay as they were typed', () => {
  const fields = { server: 'turn:turn.example.org:3478', user: 'a:b@c', password: 'p@:ß %/#' };
  const checked = checkTurn(fields, []);
  if (!checked.ok) throw new Error(checked.complaint);
  expect(parseTurnUrl(checked.value)).toEqual({
    host: 'turn.example.org',
    port: 3478,
    username: 'a:b@c',
    password: 'p@:ß %/#',
  });
  expect(checkTurn({ ...fields, server: 'a b' }, [])).toMatchObject({
    complaint: 'turnServerInvalid',
  });
  expect(checkTurn({ ...fields, user: '' }, [])).toMatchObject({ complaint: 'turnUserEmpty' });
  expect(checkTurn({ ...fields, password: '' }, [])).toMatchObject({
    complaint: 'turnPasswordEmpty',
  });
  const there = ['turn:a%3Ab%40c@turn.example.org:3478'];
  expect(checkTurn(fields, there)).toMatchObject({ complaint: 'already' });
});
