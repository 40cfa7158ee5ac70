/** What is read of packets of the local network, of anybody. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LanNames } from '../../../src/engine/signaling/lan-names.ts';
import {
  answersFor,
  askedIn,
  foundIn,
  questionFor,
} from '../../../src/engine/signaling/lan-records.ts';
import { LAN_ADDRESSES_MAX, LAN_PACKET_RECORDS_MAX } from '../../../src/shared/limits.ts';

const names: LanNames = { service: `${'a'.repeat(32)}.local`, host: `${'b'.repeat(32)}.local` };
const isOurs = (service: string): boolean => service === names.service;
const answers = answersFor(names, 4000, ['192.0.2.7', '2001:db8::7']);

describe('answers', () => {
  test('lead to the endpoints they were made of', () => {
    const endpoints = ['192.0.2.7', '2001:db8::7'].map((host) => ({
      scheme: 'ws',
      host,
      port: 4000,
    }));
    expect(foundIn({ answers }, isOurs)).toEqual([{ service: names.service, endpoints }]);
    const [srv, ...additionals] = answers;
    expect(srv?.type).toBe('SRV');
    const split = { answers: answers.slice(0, 1), additionals };
    expect(foundIn(split, isOurs)).toMatchObject([{ endpoints }]);
  });

  test('of others are not read', () => {
    expect(foundIn({ answers }, () => false)).toEqual([]);
  });

  test('addresses of another host do not count, nor what is no address', () => {
    const srv = { name: names.service, type: 'SRV', data: { port: 1, target: names.host } };
    const other = { name: 'other.local', type: 'A', data: '192.0.2.8' };
    const strange = ['no address', 7, null, '', '::ffff:1.2.3.4.5', 'host.example'].map((data) => ({
      name: names.host,
      type: 'A',
      data,
    }));
    expect(foundIn({ answers: [srv, other, ...strange] }, isOurs)).toMatchObject([
      { endpoints: [] },
    ]);
  });

  test.each([{ port: 0 }, { port: 65_536 }, { port: '4000' }, {}, null, 'x', Buffer.alloc(6)])(
    'a place that is none: %j',
    (data) => {
      const srv = { name: names.service, type: 'SRV', data };
      expect(foundIn({ answers: [srv, ...answers.slice(1)] }, isOurs)).toEqual([]);
    },
  );

  test('addresses and records are bounded', () => {
    const many = Array.from({ length: 200 }, (_, index) => `192.0.2.${index}`);
    const [found] = foundIn({ answers: answersFor(names, 4000, many) }, isOurs);
    expect(found?.endpoints).toHaveLength(LAN_ADDRESSES_MAX);
    const filler = Array.from({ length: LAN_PACKET_RECORDS_MAX }, () => ({ type: 'TXT' }));
    expect(foundIn({ answers: [...filler, ...answers] }, isOurs)).toEqual([]);
  });

  test('anything at all does no harm', () => {
    const record = fc.record({
      name: fc.oneof(fc.anything(), fc.constantFrom(names.service, names.host)),
      type: fc.constantFrom('SRV', 'A', 'AAAA', 'OPT'),
      data: fc.oneof(fc.anything(), fc.constant({ port: 4000, target: names.host })),
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), (records) => {
        for (const { endpoints } of foundIn({ answers: records }, isOurs)) {
          expect(endpoints.length).toBeLessThanOrEqual(LAN_ADDRESSES_MAX);
        }
      }),
    );
  });
});

describe('questions', () => {
  test('are recognised, in any case, and no more of them than allowed', () => {
    const question = questionFor(names.service);
    expect(question).toEqual({ name: names.service, type: 'SRV' });
    const asked = [
      { name: names.service.toUpperCase(), type: 'SRV' },
      { name: 'x.local', type: 'ANY' },
      { name: 'y.local', type: 'PTR' },
    ];
    expect(askedIn({ questions: asked })).toEqual([names.service, 'x.local']);
    const flood = Array.from({ length: 500 }, () => ({ name: 'z.local', type: 'SRV' }));
    expect(askedIn({ questions: flood })).toHaveLength(LAN_PACKET_RECORDS_MAX);
    expect(askedIn({})).toEqual([]);
  });
});
