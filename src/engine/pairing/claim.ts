/**
 * The calling computer's end of a conversation in a room, of an invite or of a paired device: claims
 * it, takes the offer, answers it.
 *
 * Invariant: nothing is believed but what was sealed under the keys of the room; all that servers
 * and networks can do is make the claim fail. When it fails, its connection is closed.
 */
import type { Clock } from '../../shared/clock.ts';
import { type PortholeError, portholeError, toError } from '../../shared/errors.ts';
import type { SignalingChannel } from '../signaling/channel.ts';
import { connectSignaling } from '../signaling/client.ts';
import type { Sought } from '../signaling/client.ts';
import type { Endpoint } from '../signaling/endpoint.ts';
import type { RefusalReason, SignalingMessage } from '../signaling/envelope.ts';
import { encodeClaim, encodeDescription, parseDescription } from './claim-messages.ts';
import type { Identity } from './identity.ts';
import type { PairingKeys } from './keys.ts';
import { SealedConversation } from './sealing.ts';

/** Where the other computer is met, and with which keys. */
export interface Room {
  readonly keys: PairingKeys;
  /** Most likely first. */
  readonly endpoints: readonly Endpoint[];
  /** Whose room it is, for the reason when it is not there. */
  readonly sought: Sought;
  /** The error of a room that turns us away. */
  refusal(reason: RefusalReason): PortholeError;
}

export interface ClaimOptions {
  readonly room: Room;
  readonly identity: Pick<Identity, 'publicKey'>;
  /** Name of this device. */
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Takes the offer and makes the answer; both opaque to pairing. */
  answerOffer(offer: Uint8Array): Promise<Uint8Array>;
  /** After the claim resolved: an invite was burned or ended meanwhile. At most once. */
  onRefused(error: PortholeError): void;
}

/** A claim whose answer is on its way. */
export interface ClaimedRoom {
  /** Lets go of the signaling connection; to be called when the link is up, or given up. */
  close(): void;
}

/**
 * Claims a room and exchanges descriptions with whoever made it, at whichever endpoint that is met.
 * Rejects with `room.refusal()` when nobody else answers, E_UNREACHABLE when nobody genuine does in
 * time, the reason of `signal` when it aborts, and whatever `answerOffer` rejects with.
 */
export async function claimRoom(options: ClaimOptions): Promise<ClaimedRoom> {
  const { clock, signal } = options;
  const { endpoints, keys, sought } = options.room;
  const conversation = await connectSignaling({
    endpoints,
    room: keys.room,
    clock,
    signal,
    sought,
    talk: async (channel) => {
      const begun = new JoinerConversation({ ...options, channel });
      await begun.offered();
      return begun;
    },
  });
  const onAbort = (): void => conversation.fail(toError(signal.reason));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    await conversation.answered();
  } catch (error) {
    conversation.close();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  return { close: () => conversation.close() };
}

interface JoinerOptions extends ClaimOptions {
  readonly channel: SignalingChannel;
}

type Phase = 'claim' | 'offered' | 'answering' | 'answered' | 'over';

class JoinerConversation {
  readonly #options: JoinerOptions;
  readonly #sealing: SealedConversation;
  readonly #offer = outcome<Uint8Array>();
  readonly #answer = outcome<void>();
  #phase: Phase = 'claim';

  constructor(options: JoinerOptions) {
    this.#options = options;
    this.#sealing = new SealedConversation({ keys: options.room.keys, role: 'joiner' });
  }

  /** Sends the claim; resolves when a genuine offer is there. */
  async offered(): Promise<void> {
    const { channel, identity, name } = this.#options;
    this.#send(encodeClaim({ publicKey: identity.publicKey, name }));
    channel.start({
      onMessage: (message) => this.#receive(message),
      onClosed: (reason) => this.fail(unreachable(reason)),
    });
    await this.#offer.promise;
  }

  /** Answers the offer; resolves when the answer was sent. */
  async answered(): Promise<void> {
    if (this.#phase === 'offered') {
      this.#phase = 'answering';
      const offer = await this.#offer.promise;
      this.#answerTo(offer).catch((error: unknown) => this.fail(toError(error)));
    }
    await this.#answer.promise;
  }

  /** Ends the claim, unless the answer was sent. */
  fail(error: Error): void {
    if (this.#phase === 'answered' || this.#phase === 'over') return;
    this.close();
    this.#offer.reject(error);
    this.#answer.reject(error);
  }

  close(): void {
    this.#phase = 'over';
    this.#options.channel.close();
  }

  #receive(message: SignalingMessage): void {
    if (this.#phase === 'over') return;
    if (message.kind === 'refusal') {
      this.#refused(this.#options.room.refusal(message.reason));
      return;
    }
    const plaintext = this.#sealing.open(message.envelope);
    const offer = plaintext === undefined ? undefined : parseDescription('offer', plaintext);
    if (offer === undefined || this.#phase !== 'claim') {
      this.fail(unreachable('a message was changed on the way'));
      this.close();
      return;
    }
    this.#phase = 'offered';
    this.#offer.resolve(offer);
  }

  #refused(error: PortholeError): void {
    const isTooLateToFail = this.#phase === 'answered';
    this.fail(error);
    if (!isTooLateToFail) return;
    this.close();
    this.#options.onRefused(error);
  }

  async #answerTo(offer: Uint8Array): Promise<void> {
    const answer = await this.#options.answerOffer(offer);
    if (this.#phase !== 'answering') return;
    this.#send(encodeDescription('answer', answer));
    this.#phase = 'answered';
    this.#answer.resolve();
  }

  #send(plaintext: Uint8Array): void {
    this.#options.channel.send({ kind: 'envelope', envelope: this.#sealing.seal(plaintext) });
  }
}

function unreachable(reason: string): PortholeError {
  return portholeError('E_UNREACHABLE', { reason }, { cause: new Error(reason) });
}

interface Outcome<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** What Promise.withResolvers() makes, which Node 20 has not. Nobody need look at a rejection. */
function outcome<T>(): Outcome<T> {
  let settle: Pick<Outcome<T>, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  if (settle === undefined) throw new Error('a promise did not run its executor');
  return { promise, ...settle };
}
