/**
 * Where one paired device finds this one: a room whose tag both derive from their pair key and the
 * day, so that a server cannot tell that two days belong together.
 *
 * Invariant: at most one caller is being connected at a time, the latest; the rooms of yesterday,
 * today and tomorrow (UTC) are open, so that a clock may be wrong by a day.
 */
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { toPortholeError } from '../../shared/errors.ts';
import type { PortholeError } from '../../shared/errors.ts';
import { PEER_ROOM_REFRESH_MS, PEER_SALTS_MAX } from '../../shared/limits.ts';
import type { Claimant } from '../pairing/claim-messages.ts';
import { derivePeerKeys } from '../pairing/keys.ts';
import type { PairingKeys } from '../pairing/keys.ts';
import { SaltMemory } from '../pairing/sealing.ts';
import type { Secret } from '../pairing/secret.ts';
import { SharerConversation } from '../pairing/sharer-conversation.ts';
import type { Offer } from '../pairing/sharer-conversation.ts';
import type { RoomRegistry } from '../signaling/server.ts';
import type { SignalingChannel } from '../signaling/channel.ts';

const DAY_MS = 86_400_000;

/** Days since 1970 in UTC. */
export function utcDayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}

export interface PeerRoomOptions {
  readonly pairKey: Secret;
  readonly publicKey: Uint8Array;
  readonly clock: Clock;
  readonly rooms: RoomRegistry;
  /** Time of day, ms since 1970. */
  readonly timeOfDay: () => number;
  /** Begins connecting to the peer, which is proved only on the channel. Withdrawn, it spares a link that is up. */
  makeOffer(keys: PairingKeys): Promise<Offer>;
  /** A room could not be opened. */
  onFailed(error: PortholeError): void;
}

/** See the module header. */
export class PeerRoom {
  readonly #options: PeerRoomOptions;
  readonly #leave = new Map<number, () => void>();
  readonly #conversations = new Set<SharerConversation>();
  #current: SharerConversation | undefined;
  #cancelTimer: CancelTimer = () => {};

  constructor(options: PeerRoomOptions) {
    this.#options = options;
    this.#refresh();
  }

  /** Closes the rooms, and ends the attempt under way; a link that is up lives on. */
  close(): void {
    this.#cancelTimer();
    for (const leave of this.#leave.values()) leave();
    for (const conversation of this.#conversations) conversation.close();
    // Its conversation can be gone already.
    this.#current?.close();
  }

  #refresh(): void {
    const { clock, timeOfDay } = this.#options;
    const today = utcDayOf(timeOfDay());
    const days = [today - 1, today, today + 1];
    for (const [day, leave] of this.#leave) {
      if (days.includes(day)) continue;
      leave();
      this.#leave.delete(day);
    }
    this.#cancelTimer = clock.after(PEER_ROOM_REFRESH_MS, () => this.#refresh());
    for (const day of days) if (!this.#leave.has(day)) this.#tryOpen(day);
  }

  /** Where there is no room for more rooms the peer can still be called, and the next refresh tries again. */
  #tryOpen(day: number): void {
    try {
      this.#open(day);
    } catch (thrown) {
      this.#options.onFailed(toPortholeError(thrown));
    }
  }

  #open(day: number): void {
    const { rooms, pairKey } = this.#options;
    const keys = derivePeerKeys(pairKey, day);
    const salts = new SaltMemory(PEER_SALTS_MAX, 'forget-oldest');
    const leave = rooms.openRoom(keys.room, (channel) => this.#admit(channel, keys, salts));
    this.#leave.set(day, leave);
  }

  #admit(channel: SignalingChannel, keys: PairingKeys, salts: SaltMemory): void {
    const conversation = new SharerConversation({
      channel,
      keys,
      salts,
      onClaim: (claimant, from) => this.#claim(claimant, from, keys),
      onInvalid: () => {},
      onOfferFailed: () => {},
      onClosed: (closed) => this.#conversations.delete(closed),
    });
    this.#conversations.add(conversation);
  }

  async #claim(
    claimant: Claimant,
    from: SharerConversation,
    keys: PairingKeys,
  ): Promise<Offer | undefined> {
    if (Buffer.compare(claimant.publicKey, this.#options.publicKey) !== 0) {
      from.close();
      return undefined;
    }
    this.#current?.close();
    this.#current = from;
    return await this.#options.makeOffer(keys);
  }
}
