/** Sleep, stops and changes of network, in virtual time. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SystemWatch } from '../../../src/engine/noticing/system-watch.ts';
import type { Interfaces } from '../../../src/engine/signaling/endpoint.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NOON = 1_900_000_000_000;

let clock: VirtualClock;
/** What the time of day is ahead of the monotonic clock. */
let ahead: number;
let interfaces: Interfaces;
let told: (number | 'network')[];
let watch: SystemWatch;

function card(...addresses: readonly string[]): Interfaces[string] {
  return addresses.map((address) => ({
    address,
    netmask: '255.255.255.0',
    mac: '02:00:00:00:00:01',
    internal: address === '127.0.0.1',
    cidr: `${address}/24`,
    family: 'IPv4',
  }));
}

beforeEach(() => {
  clock = new VirtualClock();
  ahead = NOON;
  interfaces = { lo: card('127.0.0.1'), eth0: card('192.0.2.7') };
  told = [];
  watch = new SystemWatch({
    clock,
    timeOfDay: () => ahead + clock.now(),
    interfaces: () => interfaces,
    events: {
      onWoke: (gapMs) => told.push(gapMs),
      onNetworkChanged: () => told.push('network'),
    },
  });
});
afterEach(() => {
  watch.close();
  if (clock.pendingTimers > 0) throw new Error('a timer is left');
});

describe('waking', () => {
  test('nothing is told while time passes as it should', () => {
    clock.advance(3_600_000);
    expect(told).toEqual([]);
  });

  test('a stopped process: its tick is late', () => {
    clock.advance(10_400);
    clock.jump(30_000);
    clock.advance(0);
    // The tick was due 600 ms after the stop began.
    expect(told).toEqual([29_400]);
    clock.advance(60_000);
    expect(told).toHaveLength(1);
  });

  test('a pause that a busy machine makes is no sleep', () => {
    clock.advance(10_000);
    clock.jump(3900);
    clock.advance(10_000);
    expect(told).toEqual([]);
  });

  test('sleep that stops the monotonic clock: the time of day went on', () => {
    clock.advance(10_500);
    ahead += 8 * 3_600_000;
    clock.advance(500);
    expect(told).toEqual([8 * 3_600_000]);
    clock.advance(60_000);
    expect(told).toHaveLength(1);
  });

  test('a clock that was set back is told too, once, and harms nothing', () => {
    clock.advance(10_500);
    ahead -= 3_600_000;
    clock.advance(60_000);
    expect(told).toEqual([0]);
  });

  test('a clock that time servers draw slowly is not', () => {
    for (let second = 0; second < 600; second++) {
      ahead += 100;
      clock.advance(1000);
    }
    expect(told).toEqual([]);
  });

  test('nothing is told after the end', () => {
    watch.close();
    clock.jump(60_000);
    clock.advance(60_000);
    expect(told).toEqual([]);
  });
});

describe('addresses', () => {
  test('another address is told within a second', () => {
    clock.advance(10_100);
    interfaces = { ...interfaces, eth0: card('198.51.100.7') };
    clock.advance(900);
    expect(told).toEqual(['network']);
    clock.advance(60_000);
    expect(told).toEqual(['network']);
  });

  test('right after waking, behind it', () => {
    clock.advance(10_000);
    interfaces = { lo: card('127.0.0.1'), wlan0: card('198.51.100.7') };
    clock.jump(60_000);
    clock.advance(0);
    expect(told).toEqual([59_000, 'network']);
  });

  test('old one gone, new one a moment later: told twice at most', () => {
    clock.advance(10_900);
    interfaces = { lo: card('127.0.0.1') };
    clock.advance(200);
    interfaces = { lo: card('127.0.0.1'), eth0: card('198.51.100.7') };
    clock.advance(60_000);
    expect(told).toEqual(['network', 'network']);
  });

  test('the last of many is told, when they have settled', () => {
    clock.advance(10_000);
    for (const last of [1, 2, 3, 4]) {
      interfaces = { ...interfaces, eth0: card(`198.51.100.${last}`) };
      clock.advance(1000);
    }
    expect(told).toHaveLength(2);
    clock.advance(60_000);
    expect(told).toHaveLength(3);
  });

  test.each([
    ['another order', () => ({ eth0: card('192.0.2.7'), lo: card('127.0.0.1') })],
    ['loopback', () => ({ ...interfaces, lo: card('127.0.0.1', '127.0.0.1') })],
    [
      'a link-local IPv6 address',
      () => ({ ...interfaces, awdl0: card('fe80::1'), eth0: card('fe80::2', '192.0.2.7') }),
    ],
    ['a container', () => ({ ...interfaces, veth1234: card('169.254.3.4') })],
  ])('%s is no change', (_what, changed) => {
    clock.advance(10_000);
    interfaces = changed();
    clock.advance(60_000);
    expect(told).toEqual([]);
  });

  test('the same address on another card is one', () => {
    clock.advance(10_000);
    interfaces = { lo: card('127.0.0.1'), wlan0: card('192.0.2.7') };
    clock.advance(60_000);
    expect(told).toEqual(['network']);
  });

  test('a system that says nothing has changed nothing', () => {
    clock.advance(10_000);
    const before = interfaces;
    interfaces = new Proxy(before, {
      ownKeys: () => {
        throw new Error('no such call');
      },
    });
    clock.advance(10_000);
    interfaces = before;
    clock.advance(10_000);
    expect(told).toEqual([]);
  });
});
