/**
 * Who may use a share, as arithmetic on `Access`. Device ids are whole, never the short form.
 *
 * Invariant: pure; a change that changes nothing returns the very same object.
 */
import type { Access } from '../../shared/contract.ts';

/** Whether the (paired and authenticated) device may use a share with this access. */
export function allows(access: Access, deviceId: string): boolean {
  switch (access.kind) {
    case 'everyone':
      return !access.except.includes(deviceId);
    case 'chosen':
      return access.peers.includes(deviceId);
  }
}

/** Lets the device in. */
export function grant(access: Access, deviceId: string): Access {
  if (allows(access, deviceId)) return access;
  switch (access.kind) {
    case 'everyone':
      return { kind: 'everyone', except: without(access.except, deviceId) };
    case 'chosen':
      return { kind: 'chosen', peers: [...access.peers, deviceId] };
  }
}

/** Shuts the device out, and no other. */
export function revoke(access: Access, deviceId: string): Access {
  if (!allows(access, deviceId)) return access;
  switch (access.kind) {
    case 'everyone':
      return { kind: 'everyone', except: [...access.except, deviceId] };
    case 'chosen':
      return { kind: 'chosen', peers: without(access.peers, deviceId) };
  }
}

/**
 * Access of a share that is offered again: whom a person shut out of it stays out until granted
 * again, or the list of those who may use it is another.
 */
export function offeredAgain(wanted: Access, before: Access | undefined): Access {
  return wanted.kind === 'everyone' && before?.kind === 'everyone' ? before : wanted;
}

/**
 * Access after the device was forgotten: it is granted nothing by name any more, and what was kept
 * from it stays kept from it, should it ever pair again.
 */
export function withoutDevice(access: Access, deviceId: string): Access {
  return access.kind === 'chosen' ? revoke(access, deviceId) : access;
}

function without(ids: readonly string[], deviceId: string): string[] {
  return ids.filter((id) => id !== deviceId);
}
