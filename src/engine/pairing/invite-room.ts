/**
 * The room of one invite at the sharing computer: whoever comes with the link is answered here.
 *
 * Invariant: at most one claimant is being connected at a time, at most one ever uses the invite,
 * and a second computer with the link is noticed. A finished invite goes on saying so for
 * INVITE_AFTERLIFE_MS, then its room is closed.
 */
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { portholeError } from '../../shared/errors.ts';
import { INVITE_AFTERLIFE_MS, INVITE_INVALID_ATTEMPTS_WARN } from '../../shared/limits.ts';
import type { SignalingChannel } from '../signaling/channel.ts';
import type { RefusalReason } from '../signaling/envelope.ts';
import type { RoomRegistry } from '../signaling/server.ts';
import type { Claimant } from './claim-messages.ts';
import { type Invite, refusedError } from './invite.ts';
import {
  type InviteEnd,
  type InviteEvent,
  type InvitePhase,
  type InviteState,
  nextInviteState,
} from './invite-state.ts';
import { derivePairingKeys, type PairingKeys } from './keys.ts';
import { SaltMemory } from './sealing.ts';
import { type Offer, SharerConversation } from './sharer-conversation.ts';

export type InviteWarning =
  /** Another computer (with this name, says it) claimed the invite too; it is burned. */
  | { readonly kind: 'second-claimant'; readonly name: string }
  /** Another computer came with the code when it was used already. Told once. */
  | { readonly kind: 'late-claimant'; readonly name: string }
  /** INVITE_INVALID_ATTEMPTS_WARN computers came without the secret. Told once. */
  | { readonly kind: 'invalid-attempts'; readonly count: number }
  /** `makeOffer` failed; the claimant may try again. */
  | { readonly kind: 'offer-failed'; readonly error: Error };

export interface InviteRoomOptions {
  readonly invite: Invite;
  readonly clock: Clock;
  /** Where the room is opened, usually the SignalingServer. */
  readonly rooms: RoomRegistry;
  /** Time of day, ms since 1970. @default Date.now */
  timeOfDay?(): number;
  /**
   * Begins connecting to the computer that claimed the invite. `claimant.publicKey` is what its
   * authentication must be checked against.
   */
  makeOffer(claimant: Claimant): Promise<Offer>;
  onWarning(warning: InviteWarning): void;
  /** The invite is done; `used` only by `use()`. */
  onEnded(how: InviteEnd): void;
}

/** See the module header. */
export class InviteRoom {
  readonly keys: PairingKeys;
  readonly #options: InviteRoomOptions;
  readonly #salts = new SaltMemory();
  readonly #conversations = new Set<SharerConversation>();
  readonly #leave: () => void;
  #cancelTimer: CancelTimer;
  #state: InviteState = { phase: 'open' };
  /** The conversation of the claimant, also when its connection is gone. */
  #current: SharerConversation | undefined;
  #invalidAttempts = 0;
  /** Who used it, until another one was told of. */
  #user: Uint8Array | undefined;

  /** Opens the room. Throws what `rooms.openRoom` throws. */
  constructor(options: InviteRoomOptions) {
    this.#options = options;
    this.keys = derivePairingKeys(options.invite.secret);
    this.#leave = options.rooms.openRoom(this.keys.room, (channel) => this.#admit(channel));
    const left = Math.max(0, options.invite.expiresAt - this.#timeOfDay());
    this.#cancelTimer = options.clock.after(left, () => this.#advance({ kind: 'expire' }));
  }

  get phase(): InvitePhase {
    return this.#state.phase;
  }

  /**
   * Spends the invite for the authenticated computer with `publicKey`; nothing may be granted to
   * it before. Throws E_INVITE_USED, E_INVITE_EXPIRED or E_INVITE_CANCELLED when it is too late,
   * and E_IDENTITY when that computer has not claimed the invite.
   */
  use(publicKey: Uint8Array): void {
    this.#expireIfDue();
    const { phase } = this.#state;
    if (isEnd(phase)) throw refusedError(refusalOf(phase), this.#options.invite);
    const event: InviteEvent = { kind: 'use', by: publicKey };
    if (nextInviteState(this.#state, event) === this.#state) throw portholeError('E_IDENTITY');
    this.#current?.finish();
    this.#current = undefined;
    this.#user = publicKey;
    this.#advance(event);
  }

  /** The person took the invite back. Nothing happens if it is done already. */
  cancel(): void {
    this.#advance({ kind: 'cancel' });
  }

  /** Cancels the invite and closes the room at once. Safe to call again. */
  close(): void {
    this.cancel();
    this.#cancelTimer();
    this.#leave();
    for (const conversation of this.#conversations) conversation.close();
  }

  #admit(channel: SignalingChannel): void {
    const conversation = new SharerConversation({
      channel,
      keys: this.keys,
      salts: this.#salts,
      onClaim: async (claimant, from) => await this.#claim(claimant, from),
      onInvalid: () => this.#countInvalid(),
      onOfferFailed: (error) => this.#options.onWarning({ kind: 'offer-failed', error }),
      onClosed: (closed) => this.#conversations.delete(closed),
    });
    this.#conversations.add(conversation);
    this.#expireIfDue();
    const { phase } = this.#state;
    // Of a used one its owner hears who else had the code, so that one must be named first.
    if (isEnd(phase) && phase !== 'used') conversation.refuse(refusalOf(phase));
  }

  async #claim(claimant: Claimant, from: SharerConversation): Promise<Offer | undefined> {
    this.#expireIfDue();
    const before = this.phase;
    const phase = this.#advance({ kind: 'claim', by: claimant.publicKey });
    if (before === 'claimed' && phase === 'burned') {
      this.#options.onWarning({ kind: 'second-claimant', name: claimant.name });
    }
    if (phase === 'used') this.#tellLate(claimant);
    if (isEnd(phase)) from.refuse(refusalOf(phase));
    if (phase !== 'claimed') return undefined;
    this.#current?.close();
    this.#current = from;
    return await this.#options.makeOffer(claimant);
  }

  #tellLate({ publicKey, name }: Claimant): void {
    if (this.#user === undefined || Buffer.compare(this.#user, publicKey) === 0) return;
    this.#user = undefined;
    this.#options.onWarning({ kind: 'late-claimant', name });
  }

  #countInvalid(): void {
    this.#invalidAttempts++;
    if (this.#invalidAttempts !== INVITE_INVALID_ATTEMPTS_WARN) return;
    this.#options.onWarning({ kind: 'invalid-attempts', count: this.#invalidAttempts });
  }

  #timeOfDay(): number {
    return this.#options.timeOfDay?.() ?? Date.now();
  }

  /** The timer stands still while a computer sleeps; the time of day does not. */
  #expireIfDue(): void {
    if (this.#timeOfDay() >= this.#options.invite.expiresAt) this.#advance({ kind: 'expire' });
  }

  #advance(event: InviteEvent): InvitePhase {
    const next = nextInviteState(this.#state, event);
    if (next === this.#state) return next.phase;
    this.#state = next;
    if (isEnd(next.phase)) this.#end(next.phase);
    return next.phase;
  }

  #end(phase: InviteEnd): void {
    this.#current?.refuse(refusalOf(phase));
    this.#current = undefined;
    for (const conversation of this.#conversations) {
      if (phase !== 'used' || conversation.hasClaimed) conversation.refuse(refusalOf(phase));
    }
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(INVITE_AFTERLIFE_MS, this.#leave);
    this.#options.onEnded(phase);
  }
}

function isEnd(phase: InvitePhase): phase is InviteEnd {
  return phase !== 'open' && phase !== 'claimed';
}

/** Burned looks like used: the invite cannot tell which of its claimants it was meant for. */
function refusalOf(phase: InviteEnd): RefusalReason {
  return phase === 'burned' ? 'used' : phase;
}
