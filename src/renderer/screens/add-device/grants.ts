/** What a device may use. Pure. */
import type { Access, ShareView } from '../../../shared/contract.ts';

/**
 * Whether the device with this short id may use a share. Access names devices by their whole id; a
 * short one is its beginning in groups, and a check character in a group of its own.
 */
export function mayUse(access: Access, shortId: string): boolean {
  const beginning = shortId.split('-').slice(0, -1).join('');
  const isNamed = (ids: readonly string[]): boolean => ids.some((id) => id.startsWith(beginning));
  return access.kind === 'everyone' ? !isNamed(access.except) : isNamed(access.peers);
}

/** Those that somebody could use, by name. */
export function offered(shares: readonly ShareView[]): readonly ShareView[] {
  return shares.filter(({ state }) => state !== 'stopped');
}
