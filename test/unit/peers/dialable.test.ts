/** What a paired peer can make this computer dial: nothing that is only reachable from here by trust. */
import { describe, expect, it } from 'vitest';
import { dialable } from '../../../src/engine/peers/dialable.ts';

function hosts(names: readonly string[], peer: 'network' | 'this-computer', own: string[] = []) {
  const endpoints = names.map((host) => ({ host, port: 4711 }));
  return dialable({ endpoints, rendezvous: [] }, peer, own).endpoints.map(({ host }) => host);
}

describe('of the addresses a peer tells', () => {
  it.each(['192.168.1.9', '10.0.0.2', '203.0.113.7', 'fd12:3456::1', '2001:db8::7'])(
    '%s is dialed',
    (address) => {
      expect(hosts([address], 'network')).toEqual([address]);
    },
  );

  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '::ffff:127.0.0.1',
    '0.0.0.0',
    '::',
    '169.254.169.254',
    '169.254.3.4',
    '::ffff:169.254.169.254',
    '100.100.100.200',
    'fe80::1',
    'ff02::1',
    '224.0.0.1',
    '255.255.255.255',
    '64:ff9b::7f00:1',
    'intranet',
    'localhost',
    'printer.example',
  ])('%s is not', (address) => {
    expect(hosts([address], 'network')).toEqual([]);
  });

  it('loopback is dialed when the peer is on this very computer', () => {
    expect(hosts(['127.0.0.1', '::1', '169.254.169.254'], 'this-computer')).toEqual([
      '127.0.0.1',
      '::1',
    ]);
  });

  it('link-local is dialed from a computer that has such an address, metadata never', () => {
    const told = ['169.254.3.4', '169.254.169.254', '::ffff:169.254.3.4', 'fe80::1'];
    expect(hosts(told, 'network', ['127.0.0.1', '169.254.9.9'])).toEqual(['169.254.3.4']);
  });
});

it('of its rendezvous servers those that are nothing but a server, and no forbidden address', () => {
  const rendezvous = [
    'wss://rv.example.org',
    'ws://203.0.113.7:8443/',
    'ws://127.0.0.1:2375',
    'ws://169.254.169.254',
    'ws://[::1]:80',
    'wss://rv.example.org/admin?delete=1',
    'ws://2130706433:80',
    'http://rv.example.org',
    'nonsense',
  ];
  expect(dialable({ endpoints: [], rendezvous }, 'network', []).rendezvous).toEqual([
    'wss://rv.example.org',
    'ws://203.0.113.7:8443/',
  ]);
});
