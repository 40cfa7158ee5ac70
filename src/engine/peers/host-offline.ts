/**
 * The inviting side of a pairing without any server: an offer that a person carries over, and the
 * answer they bring back.
 */
import { portholeError, PortholeError, toError } from '../../shared/errors.ts';
import { OFFLINE_INVITE_LIFE_MS } from '../../shared/limits.ts';
import { startDeadline } from '../deadline.ts';
import type { Deadline } from '../deadline.ts';
import type { PairingTrust } from '../pairing/channel-authenticator.ts';
import { createOfflineInvite, encodeCode, expiredError } from '../pairing/invite.ts';
import type { OfflineCode } from '../pairing/invite.ts';
import { derivePairingKeys } from '../pairing/keys.ts';
import { parseAnswer } from '../pairing/offline-answer.ts';
import type { OfflineAnswer } from '../pairing/offline-answer.ts';
import { askVerdict, nextAnswer } from './pairing-talk.ts';
import type { PairingTalk } from './pairing-talk.ts';
import type { PeerConnection } from './peer-connection.ts';
import type { LinkRequest, PeerSet } from './peer-set.ts';

/** What both ways to invite a device need. */
export interface HostOptions {
  readonly peers: PeerSet;
  readonly trust: PairingTrust;
  readonly talk: PairingTalk;
  /** The new peer is stored, and nothing is shared with it yet; what it throws ends the link. */
  readonly onStored: (deviceId: string) => void;
}

/**
 * Resolves with the new peer when the link with it is up. Rejects with E_INVITE_EXPIRED,
 * E_UNREACHABLE, E_IDENTITY, E_DIGITS_DIFFER, E_CONFIRM_TIMEOUT or the reason of the talk's signal.
 * An answer that is none, or another code's, is only a warning: the person may paste again.
 */
export async function hostOffline(options: HostOptions): Promise<PeerConnection> {
  const { peers, trust, talk, onStored } = options;
  const { clock, connectors, identity, deviceName, timeOfDay } = peers.context;
  await connectors.prepared();
  const connector = connectors.create('offerer', 'by-hand');
  const invite = createOfflineInvite({
    publicKey: identity.publicKey,
    nowMs: timeOfDay(),
    name: deviceName(),
    trust,
  });
  const deadline = startDeadline({
    clock,
    parent: talk.signal,
    afterMs: OFFLINE_INVITE_LIFE_MS,
    error: expiredError(invite),
  });
  try {
    const offer = await connector.describe();
    const code: OfflineCode = { kind: 'offline', invite, offer };
    const expiresAt = new Date(invite.expiresAt).toISOString();
    talk.emit({ kind: 'invite', mode: 'offline', link: encodeCode(code), expiresAt });
    const { claimant, description } = await readAnswer(code, talk, deadline);
    connector.accept(description);
    const carrier = await Promise.race([connector.opened, deadline.aborted]);
    const request: LinkRequest = {
      role: 'offerer',
      keys: derivePairingKeys(invite.secret),
      expectedPublicKey: claimant.publicKey,
      purpose: 'pairing',
      mode: { kind: 'pair', trust, ask: (comparison) => askVerdict(talk, comparison), onStored },
      onProved: () => deadline.disarm(),
    };
    const link = peers.openLink(carrier, request, deadline.signal);
    return await Promise.race([link, deadline.aborted]);
  } catch (thrown) {
    connector.abandon();
    throw toError(thrown);
  } finally {
    deadline.cancel();
  }
}

async function readAnswer(
  code: OfflineCode,
  talk: PairingTalk,
  deadline: Deadline,
): Promise<OfflineAnswer> {
  const own = Buffer.from(code.invite.publicKey);
  for (;;) {
    const text = await Promise.race([nextAnswer(talk), deadline.aborted]);
    try {
      const answer = parseAnswer(text, code);
      if (own.equals(answer.claimant.publicKey)) throw portholeError('E_OWN_INVITE');
      return answer;
    } catch (thrown) {
      if (!(thrown instanceof PortholeError)) throw thrown;
      talk.emit({ kind: 'warning', text: thrown.message });
    }
  }
}
