/** What may be shared, in every spelling somebody could try (threat 6). */
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  hostOf,
  isLoopback,
  isRefused,
  requireOneShareable,
  requireShareable,
} from '../../../src/engine/service/target-policy.ts';
import type { LanRule } from '../../../src/engine/service/target-policy.ts';
import type { PortholeError } from '../../../src/shared/errors.ts';
import { parseTarget } from '../../../src/shared/target.ts';

const PORT = 8080;
const OWN_PORT = 4711;

type Verdict = 'shared' | 'E_LAN_TARGET' | 'E_TARGET_FORBIDDEN' | 'E_TARGET_INVALID';

function verdict(target: string, lan: LanRule): Verdict {
  try {
    requireShareable(parseTarget(target), { lan, ownPorts: new Set([OWN_PORT]) });
    return 'shared';
  } catch (thrown) {
    return (thrown as PortholeError).code as Verdict;
  }
}

const THIS_COMPUTER = [
  '127.0.0.1',
  '127.0.0.2',
  '127.255.255.254',
  '127.1',
  '0x7f.1',
  '0X7F000001',
  '0177.0.0.1',
  '2130706433',
  '127.0.0.1.',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'app.localhost',
  '0',
  '0.0.0.0',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::0001]',
  '[::ffff:127.0.0.1]',
  '[::FFFF:7f00:1]',
  '[::ffff:0.0.0.0]',
];

const OTHERS = [
  '192.168.1.20',
  '10.0.0.1',
  '172.16.5.4',
  '3232235796',
  '8.8.8.8',
  '100.64.0.1',
  '[fd12::1]',
  '[2001:db8::1]',
  '[::ffff:192.168.1.20]',
  '[64:ff9b::192.168.1.20]',
];

const FORBIDDEN = [
  '169.254.169.254',
  '169.254.1.1.',
  '0xA9FEA9FE',
  '0xa9.0xfe.0xa9.0xfe',
  '2852039166',
  '169.16689662',
  '[::ffff:169.254.1.1]',
  '[::FFFF:A9FE:A9FE]',
  '[0:0:0:0:0:ffff:a9fe:a9fe]',
  '[::169.254.1.1]',
  '[::ffff:0:169.254.1.1]',
  '[64:ff9b::169.254.169.254]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b:1::1]',
  '[2002:a9fe:a9fe::1]',
  '[fe80::1]',
  '[FE80::1]',
  '[fe80::1%eth0]',
  '[febf::1%1]',
  '224.0.0.1',
  '239.255.255.250',
  '[ff02::1]',
  '[ff02::1%eth0]',
  '[::ffff:224.0.0.1]',
  '255.255.255.255',
  '240.0.0.1',
  '0.0.0.1',
  '8080',
  '100.100.100.200',
  '168.63.129.16',
  '[fd00:ec2::254]',
];

describe('targets', () => {
  it.each(THIS_COMPUTER)('%s is this computer: always shared', (host) => {
    expect(verdict(`${host}:${PORT}`, 'this-computer')).toBe('shared');
    const isElsewhere = ['127.0.0.2', '127.255.255.254'].includes(host);
    expect(isLoopback(parseTarget(`${host}:${PORT}`))).toBe(!isElsewhere);
  });

  it('a port alone is this computer', () => {
    expect(verdict(String(PORT), 'this-computer')).toBe('shared');
    expect(isLoopback(parseTarget(String(PORT)))).toBe(true);
  });

  it.each(OTHERS)('%s is another computer: only with allow-lan', (host) => {
    expect(verdict(`${host}:${PORT}`, 'this-computer')).toBe('E_LAN_TARGET');
    expect(verdict(`${host}:${PORT}`, 'allow-lan')).toBe('shared');
    expect(isLoopback(parseTarget(`${host}:${PORT}`))).toBe(false);
  });

  it.each(FORBIDDEN)('%s is never shared', (host) => {
    expect(verdict(`${host}:${PORT}`, 'this-computer')).toBe('E_TARGET_FORBIDDEN');
    expect(verdict(`${host}:${PORT}`, 'allow-lan')).toBe('E_TARGET_FORBIDDEN');
    expect(isLoopback(parseTarget(`${host}:${PORT}`))).toBe(false);
  });

  it.each(['nas.local', 'a_b', 'xn--a', '1.2.3.4.5', '256.1.1.1', '127.0.0.1..', 'localhost.evil'])(
    '%s is a name: judged when it is resolved',
    (host) => {
      expect(hostOf(parseTarget(`${host}:${PORT}`)).kind).toBe('name');
      expect(verdict(`${host}:${PORT}`, 'this-computer')).toBe('shared');
    },
  );
});

describe('what a name resolved to', () => {
  const target = parseTarget(`nas.local:${PORT}`);
  const rules = { lan: 'this-computer', ownPorts: new Set<number>() } as const;

  it('passes when one address does', () => {
    expect(() => requireOneShareable(['192.168.1.20', '127.0.0.1'], target, rules)).not.toThrow();
    expect(() => requireOneShareable([], target, rules)).not.toThrow();
  });

  it('does not when none does', () => {
    expect(() => requireOneShareable(['192.168.1.20'], target, rules)).toThrow(/--allow-lan/);
    expect(() => requireOneShareable(['169.254.169.254'], target, rules)).toThrow(
      /cannot be shared: link-local/,
    );
  });
});

describe('our own ports', () => {
  const addresses = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .map(({ address }) => address);

  it.each(['', ...THIS_COMPUTER.map((host) => `${host}:`)])('are never shared (%s)', (prefix) => {
    expect(verdict(`${prefix}${OWN_PORT}`, 'allow-lan')).toBe('E_TARGET_FORBIDDEN');
  });

  it('are not at any other address of this computer', () => {
    const rules = { lan: 'allow-lan', ownPorts: new Set([OWN_PORT]) } as const;
    const mapped = addresses.filter((address) => address.includes('.'));
    const spelled = [...addresses, ...mapped.map((address) => `::ffff:${address}`)];
    expect(spelled.length).toBeGreaterThan(0);
    for (const address of spelled) expect(isRefused(address, OWN_PORT, rules)).toBe(true);
  });

  it('of other computers are theirs', () => {
    expect(verdict(`198.51.100.77:${OWN_PORT}`, 'allow-lan')).toBe('shared');
  });
});
