/** What shares a detected port, and whether it is shared already. */
import { describe, expect, test } from 'vitest';
import { listeningView } from '../../../src/engine/service/listening-view.ts';
import { SHARE } from '../../support/control-handlers.ts';

function found(address: string, port = 5173) {
  return { port, address, process: null };
}

describe('a listening port', () => {
  test.each([
    ['127.0.0.1', '5173'],
    ['0.0.0.0', '5173'],
    ['::', '5173'],
    ['::1', '5173'],
    ['127.0.0.2', '127.0.0.2:5173'],
    ['192.168.1.5', '192.168.1.5:5173'],
    ['fd00::7', '[fd00::7]:5173'],
    ['fe80::1%en0', '[fe80::1]:5173'],
  ])('on %s is shared as %s', (address, target) => {
    expect(listeningView(found(address), []).target).toBe(target);
  });

  test('names the share that leads there, unless it is stopped', () => {
    const share = { ...SHARE, target: '127.0.0.1:3000' };
    expect(listeningView(found('::1', 3000), [share]).share).toBe(share.id);
    expect(listeningView(found('::1', 3001), [share]).share).toBeNull();
    expect(listeningView(found('::1', 3000), [{ ...share, state: 'stopped' }]).share).toBeNull();
  });

  test('is labelled by what usually has it', () => {
    expect(listeningView(found('::', 5432), []).label).toBe('PostgreSQL');
  });
});
