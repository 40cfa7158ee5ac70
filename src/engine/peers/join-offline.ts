/**
 * The joining side of a pairing without any server: takes the offer a person brought, makes the
 * answer they carry back, and waits for as long as that takes.
 */
import { toError } from '../../shared/errors.ts';
import { INVITE_CLOCK_SKEW_MS } from '../../shared/limits.ts';
import { startDeadline } from '../deadline.ts';
import type { PairingTrust } from '../pairing/channel-authenticator.ts';
import { expiredError } from '../pairing/invite.ts';
import type { OfflineCode } from '../pairing/invite.ts';
import { derivePairingKeys } from '../pairing/keys.ts';
import { encodeAnswer } from '../pairing/offline-answer.ts';
import { askVerdict } from './pairing-talk.ts';
import type { PairingTalk } from './pairing-talk.ts';
import type { PeerConnection } from './peer-connection.ts';
import type { LinkRequest, PeerSet } from './peer-set.ts';

export interface JoinOfflineOptions {
  readonly peers: PeerSet;
  readonly code: OfflineCode;
  readonly trust: PairingTrust;
  readonly talk: PairingTalk;
  /** The local port a person asked for. */
  readonly localPort: number | undefined;
}

/**
 * Resolves with the new peer when the link with it is up. Rejects with E_INVITE_EXPIRED,
 * E_UNREACHABLE, E_IDENTITY, E_DIGITS_DIFFER, E_CONFIRM_TIMEOUT or the reason of the talk's signal.
 */
export async function joinOffline(options: JoinOfflineOptions): Promise<PeerConnection> {
  const { peers, code, trust, talk, localPort } = options;
  const { invite, offer } = code;
  const { clock, connectors, identity, deviceName, timeOfDay } = peers.context;
  await connectors.prepared();
  const connector = connectors.create('answerer', 'by-hand');
  const deadline = startDeadline({
    clock,
    parent: talk.signal,
    // As long as the code itself was taken: this computer's clock may be ahead.
    afterMs: Math.max(0, invite.expiresAt + INVITE_CLOCK_SKEW_MS - timeOfDay()),
    error: expiredError(invite),
  });
  try {
    connector.accept(offer);
    const description = await connector.describe();
    const claimant = { publicKey: identity.publicKey, name: deviceName() };
    talk.emit({ kind: 'answer', blob: encodeAnswer({ code, claimant, description }) });
    const carrier = await Promise.race([connector.opened, deadline.aborted]);
    const request: LinkRequest = {
      role: 'answerer',
      keys: derivePairingKeys(invite.secret),
      expectedPublicKey: invite.publicKey,
      localPort,
      purpose: 'pairing',
      mode: {
        kind: 'pair',
        trust,
        ask: (comparison) => askVerdict(talk, comparison),
        onStored: () => {},
      },
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
