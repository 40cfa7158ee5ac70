/** Who may use a share, in a few words. */
import type { Access, PeerView } from '../../../shared/contract.ts';
import type { PORTS } from '../../../shared/messages/ports.ts';
import type { Say } from '../../../shared/messages/language.ts';
import { mayUse } from '../add-device/grants.ts';

export function whoCanUse(
  access: Access,
  peers: readonly PeerView[],
  say: Say<(typeof PORTS)['en']>,
): string {
  const able = peers.filter(({ id }) => mayUse(access, id));
  if (access.kind === 'everyone') {
    const except = peers.length - able.length;
    return except === 0 ? say('everyone') : say('everyoneBut', { count: except });
  }
  const [first] = able;
  if (first === undefined) return say('nobody');
  return able.length === 1 ? first.name : say('devices', { count: able.length });
}
