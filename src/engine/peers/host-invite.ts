/**
 * The inviting side of an online pairing: shows an invite, connects whoever claims it, and waits
 * until one device is paired or the invite is over.
 *
 * Invariant: when it settles, no attempt of it goes on; the room of an invite that is over only
 * says so, until `finished` lets go of it.
 */
import type { InviteEnd } from '../pairing/invite-state.ts';
import { createInvite, encodeInvite, refusedError } from '../pairing/invite.ts';
import type { Invite } from '../pairing/invite.ts';
import { InviteRoom } from '../pairing/invite-room.ts';
import type { InviteWarning } from '../pairing/invite-room.ts';
import type { Claimant } from '../pairing/claim-messages.ts';
import type { Offer } from '../pairing/sharer-conversation.ts';
import type { Endpoint } from '../signaling/endpoint.ts';
import type { RoomRegistry } from '../signaling/server.ts';
import { portholeError, toError, toPortholeError } from '../../shared/errors.ts';
import type { PortholeError } from '../../shared/errors.ts';
import type { PeerConnection } from './peer-connection.ts';
import type { HostOptions } from './host-offline.ts';
import { makeOffer } from './make-offer.ts';
import { askVerdict } from './pairing-talk.ts';

export interface HostInviteOptions extends HostOptions {
  readonly rooms: RoomRegistry;
  readonly endpoints: readonly Endpoint[];
  /** Resolves when the invite's room can be entered. */
  settled(): Promise<void>;
  /** Takes the room of a finished invite, to close it in time. */
  finished(room: InviteRoom): void;
}

/**
 * Resolves with the new peer when the link with it is up. Rejects with E_INVITE_EXPIRED,
 * E_INVITE_BURNED, E_DIGITS_DIFFER, E_CONFIRM_TIMEOUT, what ended a link that had spent the invite,
 * or the reason of the talk's signal.
 */
export async function hostInvite(options: HostInviteOptions): Promise<PeerConnection> {
  const hosted = new HostedInvite(options);
  try {
    await Promise.race([options.settled(), hosted.outcome]);
    hosted.show();
    return await hosted.outcome;
  } finally {
    hosted.end();
  }
}

class HostedInvite {
  readonly outcome: Promise<PeerConnection>;
  readonly #options: HostInviteOptions;
  readonly #invite: Invite;
  readonly #room: InviteRoom;
  readonly #onAbort = (): void => this.#fail(toError(this.#options.talk.signal.reason));
  #isOver = false;
  /** The one being connected, also after it has spent the invite. */
  #attempt: Offer | undefined;
  #succeed!: (connection: PeerConnection) => void;
  #fail!: (error: Error) => void;

  constructor(options: HostInviteOptions) {
    this.#options = options;
    const { peers, talk, endpoints, trust } = options;
    const { identity, deviceName, clock, timeOfDay } = peers.context;
    this.outcome = new Promise((resolve, reject) => {
      this.#succeed = resolve;
      this.#fail = reject;
    });
    const nowMs = timeOfDay();
    const { publicKey } = identity;
    this.#invite = createInvite({ publicKey, nowMs, name: deviceName(), endpoints, trust });
    this.#room = new InviteRoom({
      invite: this.#invite,
      clock,
      rooms: options.rooms,
      timeOfDay,
      makeOffer: (claimant) => this.#offer(claimant),
      onWarning: (warning) => this.#warn(warning),
      onEnded: (how) => this.#ended(how),
    });
    talk.signal.addEventListener('abort', this.#onAbort, { once: true });
    if (talk.signal.aborted) this.#onAbort();
  }

  show(): void {
    const expiresAt = new Date(this.#invite.expiresAt).toISOString();
    const link = encodeInvite(this.#invite);
    this.#options.talk.emit({ kind: 'invite', mode: 'online', link, expiresAt });
  }

  end(): void {
    this.#isOver = true;
    this.#options.talk.signal.removeEventListener('abort', this.#onAbort);
    this.#room.cancel();
    // Whoever went away after saying yes has not paired.
    this.#attempt?.onWithdrawn();
    this.#options.finished(this.#room);
  }

  async #offer(claimant: Claimant): Promise<Offer> {
    const { peers, trust, talk, onStored } = this.#options;
    let invite: 'open' | 'spent' = 'open';
    const attempt = await makeOffer({
      peers,
      request: {
        role: 'offerer',
        keys: this.#room.keys,
        expectedPublicKey: claimant.publicKey,
        purpose: 'pairing',
        mode: { kind: 'pair', trust, ask: (comparison) => askVerdict(talk, comparison), onStored },
        onProved: (peer) => {
          this.#room.use(peer.publicKey);
          invite = 'spent';
        },
      },
      onLink: (connection) => this.#succeed(connection),
      onFailed: (thrown) =>
        this.#claimFailed(asSeenHere(toPortholeError(thrown), claimant), invite),
    });
    this.#attempt = attempt;
    return attempt;
  }

  #claimFailed(cause: PortholeError, invite: 'open' | 'spent'): void {
    if (invite === 'spent') return this.#fail(cause);
    const text = `A computer with the code could not connect: ${cause.message}`;
    this.#options.talk.emit({ kind: 'warning', text });
  }

  #warn(warning: InviteWarning): void {
    // Whoever asked for the invite has their answer, and hears no more.
    if (this.#isOver) return;
    switch (warning.kind) {
      case 'second-claimant':
        return this.#fail(portholeError('E_INVITE_BURNED', { name: warning.name }));
      case 'late-claimant': {
        const text = `Another device (${warning.name || 'without a name'}) also tried this code. Go on only if both screens show the same number.`;
        return this.#options.talk.emit({ kind: 'warning', text });
      }
      case 'invalid-attempts': {
        const text = 'Someone tried an invalid code. This one stays good.';
        return this.#options.talk.emit({ kind: 'warning', text });
      }
      case 'offer-failed':
        return this.#claimFailed(toPortholeError(warning.error), 'open');
    }
  }

  #ended(how: InviteEnd): void {
    if (how === 'expired') this.#fail(refusedError('expired', this.#invite));
  }
}

/** It was not this side that cancelled: the person there has gone. */
function asSeenHere(cause: PortholeError, { name }: Claimant): PortholeError {
  if (cause.code !== 'E_INVITE_CANCELLED') return cause;
  const details = { peer: name || 'the other computer', reason: 'it was stopped there' };
  return portholeError('E_PAIRING_LOST', details, { cause });
}
