/** Grants as arithmetic: who may use a share after each change, and that changes do not touch others. */
import { describe, expect, it } from 'vitest';
import {
  allows,
  grant,
  offeredAgain,
  revoke,
  withoutDevice,
} from '../../../src/engine/service/access.ts';
import type { Access } from '../../../src/shared/contract.ts';

const EVERYONE: Access = { kind: 'everyone', except: [] };
const NOBODY: Access = { kind: 'chosen', peers: [] };

describe('grants', () => {
  it.each<[string, Access, readonly string[]]>([
    ['everyone', EVERYONE, ['a', 'b', 'c']],
    ['everyone but b', revoke(EVERYONE, 'b'), ['a', 'c']],
    ['everyone again', grant(revoke(EVERYONE, 'b'), 'b'), ['a', 'b', 'c']],
    ['nobody', NOBODY, []],
    ['a and c', grant(grant(NOBODY, 'a'), 'c'), ['a', 'c']],
    ['c', revoke(grant(grant(NOBODY, 'a'), 'c'), 'a'), ['c']],
    ['everyone, b forgotten', withoutDevice(EVERYONE, 'b'), ['a', 'b', 'c']],
    ['everyone but b, b forgotten', withoutDevice(revoke(EVERYONE, 'b'), 'b'), ['a', 'c']],
    ['a and c, a forgotten', withoutDevice(grant(grant(NOBODY, 'a'), 'c'), 'a'), ['c']],
  ])('%s', (_name, access, allowed) => {
    expect(['a', 'b', 'c'].filter((id) => allows(access, id))).toEqual(allowed);
  });

  it('change nothing twice, and never what they were given', () => {
    for (const access of [EVERYONE, NOBODY, revoke(EVERYONE, 'a'), grant(NOBODY, 'a')]) {
      const copy = structuredClone(access);
      const [granted, revoked] = [grant(access, 'a'), revoke(access, 'a')];
      expect(grant(granted, 'a')).toBe(granted);
      expect(revoke(revoked, 'a')).toBe(revoked);
      expect(access).toEqual(copy);
    }
  });

  it.each<[string, Access, Access | undefined, readonly string[]]>([
    ['for the first time', EVERYONE, undefined, ['a', 'b']],
    ['to everyone but a', EVERYONE, revoke(EVERYONE, 'a'), ['b']],
    ['to all instead of b', EVERYONE, grant(NOBODY, 'b'), ['a', 'b']],
    ['to b instead of all', grant(NOBODY, 'b'), EVERYONE, ['b']],
    ['to b instead of a', grant(NOBODY, 'b'), grant(NOBODY, 'a'), ['b']],
  ])('hold when a share is offered again %s', (_name, wanted, before, allowed) => {
    const access = offeredAgain(wanted, before);
    expect(['a', 'b'].filter((id) => allows(access, id))).toEqual(allowed);
  });

  it('go by the whole id, to the letter', () => {
    const access = grant(NOBODY, 'ABCD');
    for (const other of ['abcd', 'ABC', 'ABCDE', '', ' ABCD']) {
      expect(allows(access, other)).toBe(false);
    }
  });
});
