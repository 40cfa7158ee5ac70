/** Where a peer can be found later: both ways, and what is no such message. */
import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { type Reach, readReach, writeReach } from '../../../src/engine/link/reach.ts';
import {
  ControlSchema,
  EndpointSchema,
  ReachSchema,
} from '../../../src/engine/protocol/generated/session_pb.ts';
import {
  CONTROL_PER_MINUTE_MAX,
  REACH_ENDPOINTS_MAX,
  REACH_RENDEZVOUS_MAX,
} from '../../../src/shared/limits.ts';
import { seededRandom } from '../../../src/shared/random.ts';
import { Attack, control } from '../../support/attack.ts';
import { linkPair } from '../../support/link-pair.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const REACH: Reach = {
  endpoints: [
    { host: '192.0.2.7', port: 40_123, scheme: 'ws' },
    { host: '2001:db8::1', port: 443, scheme: 'wss' },
    { host: 'laptop.fritz.box', port: 1, scheme: 'ws' },
  ],
  rendezvous: ['wss://rv.example.com', 'ws://[::1]:8080/path'],
  name: 'Zoë’s laptop',
};

const E_PROTOCOL = expect.objectContaining({ code: 'E_PROTOCOL' });

interface Wire {
  readonly hosts?: string[];
  readonly port?: number;
  readonly rendezvous?: string[];
  readonly name?: string;
}

function wire({ hosts = [], port = 80, rendezvous = [], name = '' }: Wire) {
  const endpoints = hosts.map((host) => create(EndpointSchema, { host, port }));
  return create(ReachSchema, { endpoints, rendezvous, name });
}

const times = (count: number, text: string): string[] => Array.from({ length: count }, () => text);

describe('the reach of a peer', () => {
  it('arrives as it was sent, each time it changes', () => {
    const clock = new VirtualClock();
    const { sides } = linkPair({ clock, random: seededRandom(1), faults: { delayMs: [1, 50] } });
    clock.advance(1000);
    sides[0].link.announceReach(REACH);
    sides[0].link.announceReach({ ...REACH, name: 'new name', endpoints: [] });
    clock.advance(1000);
    expect(sides[1].log.reaches).toEqual([REACH, { ...REACH, name: 'new name', endpoints: [] }]);
    sides[0].link.close();
    clock.runUntilIdle(5000);
  });

  it('may be nothing, and may be all of it', () => {
    expect(readReach(wire({}))).toEqual({ endpoints: [], rendezvous: [], name: '' });
    const most = {
      hosts: times(REACH_ENDPOINTS_MAX, 'a'.repeat(63)),
      port: 65_535,
      rendezvous: times(REACH_RENDEZVOUS_MAX, `wss://${'a.'.repeat(120)}example`),
      name: 'n'.repeat(64),
    };
    expect(readReach(wire(most)).endpoints).toHaveLength(REACH_ENDPOINTS_MAX);
  });

  it.each<[string, Wire]>([
    ['too many addresses', { hosts: times(REACH_ENDPOINTS_MAX + 1, 'a') }],
    ['too many rendezvous servers', { rendezvous: times(REACH_RENDEZVOUS_MAX + 1, 'ws://a') }],
    ['port 0', { hosts: ['a'], port: 0 }],
    ['port 65536', { hosts: ['a'], port: 65_536 }],
    ['no host', { hosts: [''] }],
    ['a host with a space', { hosts: ['a b'] }],
    ['a host with a port', { hosts: ['a:80'] }],
    ['a host with a path', { hosts: ['a/b'] }],
    ['a host with a user', { hosts: ['u@a'] }],
    ['a host in brackets', { hosts: ['[::1]'] }],
    ['a host with a zone', { hosts: ['fe80::1%eth0'] }],
    ['a host with a control character', { hosts: ['a\n'] }],
    ['a host that begins with a dash', { hosts: ['-a'] }],
    ['a long label', { hosts: ['a'.repeat(64)] }],
    ['a long host', { hosts: ['a.'.repeat(130)] }],
    ['half an address', { hosts: ['1.2.3'] }],
    ['a wrong address', { hosts: ['1.2.3.256'] }],
    ['a rendezvous server of another protocol', { rendezvous: ['https://a'] }],
    ['a rendezvous server that is a script', { rendezvous: ['javascript:alert(1)'] }],
    ['a rendezvous server with a password', { rendezvous: ['wss://u:p@a'] }],
    ['a rendezvous server that is no URL', { rendezvous: ['a'] }],
    ['a long rendezvous server', { rendezvous: [`wss://a/${'b'.repeat(249)}`] }],
    ['a long name', { name: 'n'.repeat(65) }],
  ])('with %s ends the link', (_what, malformed) => {
    expect(() => readReach(wire(malformed))).toThrow(E_PROTOCOL);
    const attack = new Attack().authenticate();
    const kind = { case: 'reach' as const, value: wire(malformed) };
    attack.send(control(0, toBinary(ControlSchema, create(ControlSchema, { kind }))));
    attack.clock.advance(1000);
    expect(attack.code).toBe('E_PROTOCOL');
    expect(attack.victim.log.reaches).toEqual([]);
  });

  it('has a name that is safe to show', () => {
    expect(readReach(wire({ name: 'a\u202Eb\u0007' })).name).toBe('ab');
  });

  it('is cut to what the peer takes before it is sent', () => {
    const large: Reach = {
      endpoints: Array.from({ length: 20 }, (_, index) => ({ host: `h${index}`, port: 80 })),
      rendezvous: times(9, 'ws://a'),
      name: 'é'.repeat(60),
    };
    const read = readReach(writeReach(large));
    expect(read.endpoints.map(({ host }) => host)).toEqual(
      Array.from({ length: REACH_ENDPOINTS_MAX }, (_, index) => `h${index}`),
    );
    expect([read.rendezvous.length, read.name]).toEqual([REACH_RENDEZVOUS_MAX, 'é'.repeat(32)]);
  });
});

describe('CONTROL messages', () => {
  it('are a thousand and some a minute at most; one more ends the link', () => {
    const clock = new VirtualClock();
    const { sides } = linkPair({ clock, random: seededRandom(1) });
    clock.advance(1000);
    for (let sent = 0; sent < CONTROL_PER_MINUTE_MAX; sent++) {
      sides[0].link.announce([]);
      // Acknowledged: of more than a few at a time only the newest would be sent.
      clock.advance(10);
    }
    expect(sides[1].log.endings).toEqual([]);
    sides[0].link.announce([]);
    clock.advance(1000);
    expect(sides[1].log.endings).toMatchObject([{ code: 'E_PROTOCOL' }]);
  });
});
