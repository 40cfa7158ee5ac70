/**
 * Several places where rooms are opened, as one: guests may come through any of them.
 *
 * Invariant: a room is open in all of them or in none.
 */
import { toError } from '../../shared/errors.ts';
import type { RoomRegistry } from './server.ts';

/** Opens every room in each of `registries`. `openRoom` throws what the first of them throws. */
export function combinedRooms(registries: readonly RoomRegistry[]): RoomRegistry {
  return {
    openRoom(tag, owner) {
      const leaves: (() => void)[] = [];
      const leaveAll = (): void => leaves.forEach((leave) => leave());
      try {
        for (const registry of registries) leaves.push(registry.openRoom(tag, owner));
      } catch (thrown) {
        leaveAll();
        throw toError(thrown);
      }
      return leaveAll;
    },
  };
}
