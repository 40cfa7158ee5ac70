/**
 * The joining side of an online pairing: goes to the room of an invite and pairs with whoever made
 * it.
 */
import { portholeError } from '../../shared/errors.ts';
import { CONNECT_TIMEOUT_MS } from '../../shared/limits.ts';
import { startDeadline } from '../deadline.ts';
import type { PairingTrust } from '../pairing/channel-authenticator.ts';
import type { Room } from '../pairing/claim.ts';
import { refusedError } from '../pairing/invite.ts';
import type { Invite } from '../pairing/invite.ts';
import { derivePairingKeys } from '../pairing/keys.ts';
import { meet } from './meet.ts';
import { askVerdict } from './pairing-talk.ts';
import type { PairingTalk } from './pairing-talk.ts';
import type { PeerConnection } from './peer-connection.ts';
import type { LinkRequest, PeerSet } from './peer-set.ts';

export interface JoinInviteOptions {
  readonly peers: PeerSet;
  readonly invite: Invite;
  readonly trust: PairingTrust;
  readonly talk: PairingTalk;
  /** The local port a person asked for. */
  readonly localPort: number | undefined;
}

/**
 * Resolves with the new peer when the link with it is up. Rejects with what the room says
 * (`E_INVITE_…`), E_UNREACHABLE, E_IDENTITY, E_DIGITS_DIFFER, E_CONFIRM_TIMEOUT, or the reason of
 * the talk's signal.
 */
export async function joinInvite(options: JoinInviteOptions): Promise<PeerConnection> {
  const { peers, invite, trust, talk, localPort } = options;
  const { clock, connectors, identity, deviceName } = peers.context;
  const room: Room = {
    keys: derivePairingKeys(invite.secret),
    endpoints: invite.endpoints,
    sought: 'invite',
    refusal: (reason) => refusedError(reason, invite),
  };
  const deadline = startDeadline({
    clock,
    parent: talk.signal,
    afterMs: CONNECT_TIMEOUT_MS,
    error: portholeError('E_UNREACHABLE', { reason: 'no connection came about in time' }),
  });
  try {
    return await meet({
      room,
      identity,
      name: deviceName(),
      clock,
      connectors,
      deadline,
      useCarrier: (carrier, { cancelled, onProved }) => {
        const request: LinkRequest = {
          role: 'answerer',
          keys: room.keys,
          expectedPublicKey: invite.publicKey,
          localPort,
          metAt: invite.endpoints,
          purpose: 'pairing',
          mode: {
            kind: 'pair',
            trust,
            ask: (comparison) => askVerdict(talk, comparison),
            onStored: () => {},
          },
          onProved,
        };
        return peers.openLink(carrier, request, cancelled);
      },
    });
  } finally {
    deadline.cancel();
  }
}
