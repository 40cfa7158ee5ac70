import { describe, expect, it } from 'vitest';
import {
  beginningsOf,
  conditionsOf,
  nextLook,
  visibleConditions,
} from '../../../src/renderer/app/conditions.ts';
import type { Connection } from '../../../src/renderer/bridge/bridge.ts';
import type { StatusView } from '../../../src/shared/contract.ts';
import { CONDITION_VISIBLE_MS } from '../../../src/shared/page-limits.ts';
import { EMPTY_STATUS, LAPTOP, PHONE, SERVER } from '../../support/fake-views.ts';

const READY: Connection = { kind: 'ready' };

function kindsOf(connection: Connection, change: Partial<StatusView>): string[] {
  return conditionsOf(connection, { ...EMPTY_STATUS, ...change }).map(({ kind }) => kind);
}

function shownAfter(ms: number, connection: Connection, change: Partial<StatusView>): string[] {
  const conditions = conditionsOf(connection, { ...EMPTY_STATUS, ...change });
  const beginnings = beginningsOf(conditions, new Map(), 0);
  return visibleConditions(conditions, beginnings, ms).map(({ kind }) => kind);
}

describe('conditions', () => {
  it('are none while all is well', () => {
    expect(kindsOf(READY, { peers: [LAPTOP] })).toEqual([]);
    expect(conditionsOf({ kind: 'connecting' }, null)).toEqual([]);
  });

  it('name a rendezvous server only when none answers', () => {
    const up = { url: 'wss://a.example', state: 'open', reason: '' } as const;
    const down = { url: 'wss://b.example:8443/x', state: 'unreachable', reason: 'gone' } as const;
    expect(kindsOf(READY, { rendezvous: [up, down] })).toEqual([]);
    expect(conditionsOf(READY, { ...EMPTY_STATUS, rendezvous: [down] })).toEqual([
      { kind: 'rendezvous', server: 'b.example:8443' },
    ]);
  });

  it('tell a network that blocks UDP with and without a relay', () => {
    const blocked = { ...PHONE, obstacle: 'E_UDP_BLOCKED' };
    expect(kindsOf(READY, { peers: [blocked] })).toEqual(['udp-blocked']);
    expect(kindsOf(READY, { peers: [blocked, SERVER] })).toEqual(['udp-relay']);
  });

  it('are shown when they have lasted, pausing at once', () => {
    const change = { network: 'offline', sharing: 'paused' } as const;
    expect(shownAfter(CONDITION_VISIBLE_MS - 1, READY, change)).toEqual(['paused']);
    expect(shownAfter(CONDITION_VISIBLE_MS, READY, change)).toEqual(['offline', 'paused']);
  });

  it('are hidden by their cause, even before it is shown itself', () => {
    const down = { url: 'wss://b.example', state: 'unreachable', reason: 'gone' } as const;
    const change: Partial<StatusView> = { network: 'offline', rendezvous: [down] };
    expect(shownAfter(1, READY, change)).toEqual([]);
    expect(shownAfter(60_000, READY, { ...change, rendezvous: [down] })).toEqual(['offline']);
    expect(shownAfter(60_000, { kind: 'lost' }, { ...change, sharing: 'paused' })).toEqual([
      'lost',
    ]);
    expect(shownAfter(0, { kind: 'refused' }, change)).toEqual(['refused']);
  });

  it('keep their beginning until they end', () => {
    const offline = conditionsOf(READY, { ...EMPTY_STATUS, network: 'offline' });
    const first = beginningsOf(offline, new Map(), 100);
    const later = beginningsOf(offline, first, 900);
    expect(later.get('offline')).toBe(100);
    expect(nextLook(offline, later, 900)).toBe(CONDITION_VISIBLE_MS - 800);
    const ended = beginningsOf([], later, 950);
    expect(beginningsOf(offline, ended, 1000).get('offline')).toBe(1000);
    expect(nextLook(offline, later, 100 + CONDITION_VISIBLE_MS)).toBeUndefined();
  });
});
