/**
 * The sharing computer's end of one connection in the room of an invite: takes a claim, sends an
 * offer, takes the answer.
 *
 * Invariant: the first message out of turn, or not genuine, ends it; `onClosed` comes once.
 */
import { toError } from '../../shared/errors.ts';
import type { SignalingChannel } from '../signaling/channel.ts';
import {
  type RefusalReason,
  SEALED_PLAINTEXT_BYTES_MAX,
  type SignalingMessage,
} from '../signaling/envelope.ts';
import {
  type Claimant,
  encodeDescription,
  parseClaim,
  parseDescription,
} from './claim-messages.ts';
import type { PairingKeys } from './keys.ts';
import { type SaltMemory, SealedConversation } from './sealing.ts';

/** One attempt to connect to a claimant. Exactly one offer of an invite is alive at a time. */
export interface Offer {
  /** What the claimant gets, opaque to pairing; at most SEALED_PLAINTEXT_BYTES_MAX - 1 bytes. */
  readonly description: Uint8Array;
  /** The claimant's answer came: connect. Called at most once. */
  onAnswer(answer: Uint8Array): void;
  /** Give it up, whether answered or not. Called at most once, and never after the invite was used through it. */
  onWithdrawn(why?: RefusalReason): void;
}

export interface SharerConversationOptions {
  readonly channel: SignalingChannel;
  readonly keys: PairingKeys;
  readonly salts: SaltMemory;
  /** A genuine claim. Resolves with the offer, or `undefined` when the claim is turned away. */
  onClaim(claimant: Claimant, conversation: SharerConversation): Promise<Offer | undefined>;
  /** The first message was not genuine. */
  onInvalid(): void;
  onOfferFailed(error: Error): void;
  onClosed(conversation: SharerConversation): void;
}

type Phase = 'claim' | 'offering' | 'answer' | 'answered' | 'closed';

/** See the module header. */
export class SharerConversation {
  readonly #options: SharerConversationOptions;
  readonly #sealing: SealedConversation;
  #phase: Phase = 'claim';
  #offer: Offer | undefined;

  constructor(options: SharerConversationOptions) {
    this.#options = options;
    const { keys, salts, channel } = options;
    this.#sealing = new SealedConversation({ keys, salts, role: 'sharer' });
    channel.start({
      onMessage: (message) => this.#receive(message),
      onClosed: () => this.#closed(),
    });
  }

  /** Whether its first message has come. */
  get hasClaimed(): boolean {
    return this.#phase !== 'claim';
  }

  /** Tells the joiner why it is turned away, and closes. Its offer, if any, is withdrawn. */
  refuse(reason: RefusalReason): void {
    this.#options.channel.send({ kind: 'refusal', reason });
    this.#withdraw(reason);
    this.close();
  }

  /** Withdraws the offer, if any, and closes. */
  close(): void {
    this.#withdraw();
    this.#phase = 'closed';
    this.#options.channel.close();
  }

  /** Closes; an answered offer has become the link and is no longer this conversation's. */
  finish(): void {
    if (this.#phase === 'answered') this.#offer = undefined;
    this.close();
  }

  #receive(message: SignalingMessage): void {
    if (this.#phase === 'closed') return;
    const plaintext =
      message.kind === 'envelope' ? this.#sealing.open(message.envelope) : undefined;
    if (this.#phase === 'claim') this.#receiveClaim(plaintext);
    else if (this.#phase === 'answer') this.#receiveAnswer(plaintext);
    else this.close();
  }

  #receiveClaim(plaintext: Uint8Array | undefined): void {
    const claimant = plaintext === undefined ? undefined : parseClaim(plaintext);
    if (claimant === undefined) {
      this.close();
      this.#options.onInvalid();
      return;
    }
    this.#phase = 'offering';
    this.#makeOffer(claimant).catch((error: unknown) => {
      this.close();
      this.#options.onOfferFailed(toError(error));
    });
  }

  async #makeOffer(claimant: Claimant): Promise<void> {
    const offer = await this.#options.onClaim(claimant, this);
    if (offer === undefined) return;
    // It may have been refused or cut off while the offer was being made.
    if (this.#phase !== 'offering') return offer.onWithdrawn();
    this.#offer = offer;
    const message = encodeDescription('offer', offer.description);
    if (message.length > SEALED_PLAINTEXT_BYTES_MAX) throw new RangeError('offer too large');
    this.#phase = 'answer';
    this.#options.channel.send({ kind: 'envelope', envelope: this.#sealing.seal(message) });
  }

  #receiveAnswer(plaintext: Uint8Array | undefined): void {
    const answer = plaintext === undefined ? undefined : parseDescription('answer', plaintext);
    if (answer === undefined) return this.close();
    this.#phase = 'answered';
    this.#offer?.onAnswer(answer);
  }

  /** An answered offer outlives the connection that carried it: the channel may be opening. */
  #closed(): void {
    if (this.#phase !== 'answered') {
      this.#withdraw();
      this.#phase = 'closed';
    }
    this.#options.onClosed(this);
  }

  #withdraw(why?: RefusalReason): void {
    const offer = this.#offer;
    this.#offer = undefined;
    offer?.onWithdrawn(why);
  }
}
