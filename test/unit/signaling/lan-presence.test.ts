/** One announcement while a room is open. */
import { expect, test } from 'vitest';
import { LanPresence } from '../../../src/engine/signaling/lan-presence.ts';

test('begins with the first room and ends with the last', () => {
  const log: string[] = [];
  const presence = new LanPresence(() => {
    log.push('begun');
    return () => log.push('ended');
  });
  const leaves = [presence.openRoom(), presence.openRoom()];
  for (const leave of leaves) leave();
  for (const leave of leaves) leave();
  presence.openRoom();
  expect(log).toEqual(['begun', 'ended', 'begun']);
});
