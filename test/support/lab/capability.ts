/** Whether this computer can make the networks, NATs and faults of the lab. */
import { canGuardNetworks } from '../networks.ts';
import { needs } from '../programs.ts';

/** `note` says why not; that is also said loudly. */
export async function canMakeFaults(): Promise<{ readonly can: boolean; readonly note: string }> {
  const { missing, note } = needs('conntrack', 'sysctl');
  return missing ? { can: false, note } : canGuardNetworks();
}

/** The same, and a TURN server. */
export async function canMakeGrid(): Promise<{ readonly can: boolean; readonly note: string }> {
  const { missing, note } = needs('turnserver');
  return missing ? { can: false, note } : canMakeFaults();
}
