/**
 * The joining computer's end of an online pairing: claims an invite, takes the offer, answers it.
 *
 * Invariant: nothing is believed but what was sealed under the invite's secret; all that servers
 * and networks can do is make the claim fail. When it fails, its connection is closed.
 */
import type { Clock } from '../../shared/clock.ts';
import { type PortholeError, portholeError, toError } from '../../shared/errors.ts';
import type { SignalingChannel } from '../signaling/channel.ts';
import { connectSignaling } from '../signaling/client.ts';
import type { SignalingMessage } from '../signaling/envelope.ts';
import { encodeClaim, encodeDescription, parseDescription } from './claim-messages.ts';
import type { Identity } from './identity.ts';
import { type Invite, refusedError } from './invite.ts';
import { derivePairingKeys, type PairingKeys } from './keys.ts';
import { SealedConversation } from './sealing.ts';

export interface ClaimOptions {
  readonly invite: Invite;
  readonly identity: Pick<Identity, 'publicKey'>;
  /** Name of this device. */
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Takes the offer and makes the answer; both opaque to pairing. */
  answerOffer(offer: Uint8Array): Promise<Uint8Array>;
  /** After the claim resolved: the invite was burned or ended meanwhile. At most once. */
  onRefused(error: PortholeError): void;
}

/** A claim whose answer is on its way. */
export interface ClaimedInvite {
  /** For the authentication of the channel: its MAC key, and the room as its tag. */
  readonly keys: PairingKeys;
  /** Lets go of the signaling connection; to be called when the link is up, or given up. */
  close(): void;
}

/**
 * Claims an invite and exchanges descriptions. Rejects with E_INVITE_USED, E_INVITE_EXPIRED or
 * E_INVITE_CANCELLED when its room says so, E_UNREACHABLE when nobody genuine answers in time,
 * the reason of `signal` when it aborts, and whatever `answerOffer` rejects with.
 */
export async function claimInvite(options: ClaimOptions): Promise<ClaimedInvite> {
  const keys = derivePairingKeys(options.invite.secret);
  const { clock, signal } = options;
  const { endpoints } = options.invite;
  const channel = await connectSignaling({ endpoints, room: keys.room, clock, signal });
  const conversation = new JoinerConversation({ ...options, keys, channel });
  const onAbort = (): void => conversation.fail(toError(signal.reason));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    await conversation.run();
  } catch (error) {
    conversation.close();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  return { keys, close: () => conversation.close() };
}

interface JoinerOptions extends ClaimOptions {
  readonly keys: PairingKeys;
  readonly channel: SignalingChannel;
}

type Phase = 'offer' | 'answering' | 'answered' | 'over';

class JoinerConversation {
  readonly #options: JoinerOptions;
  readonly #sealing: SealedConversation;
  readonly #outcome = outcome();
  #phase: Phase = 'offer';

  constructor(options: JoinerOptions) {
    this.#options = options;
    this.#sealing = new SealedConversation({ keys: options.keys, role: 'joiner' });
  }

  /** Sends the claim; resolves when the answer was sent. */
  async run(): Promise<void> {
    const { channel, identity, name } = this.#options;
    this.#send(encodeClaim({ publicKey: identity.publicKey, name }));
    channel.start({
      onMessage: (message) => this.#receive(message),
      onClosed: (reason) => this.fail(portholeError('E_UNREACHABLE', { reason })),
    });
    await this.#outcome.promise;
  }

  /** Ends the claim, unless the answer was sent. */
  fail(error: Error): void {
    if (this.#phase === 'answered' || this.#phase === 'over') return;
    this.close();
    this.#outcome.reject(error);
  }

  close(): void {
    this.#phase = 'over';
    this.#options.channel.close();
  }

  #receive(message: SignalingMessage): void {
    if (this.#phase === 'over') return;
    if (message.kind === 'refusal') {
      this.#refused(refusedError(message.reason, this.#options.invite));
      return;
    }
    const plaintext = this.#sealing.open(message.envelope);
    const offer = plaintext === undefined ? undefined : parseDescription('offer', plaintext);
    if (offer === undefined || this.#phase !== 'offer') {
      this.fail(portholeError('E_UNREACHABLE', { reason: 'a message was changed on the way' }));
      this.close();
      return;
    }
    this.#phase = 'answering';
    this.#answer(offer).catch((error: unknown) => this.fail(toError(error)));
  }

  #refused(error: PortholeError): void {
    const isTooLateToFail = this.#phase === 'answered';
    this.fail(error);
    if (!isTooLateToFail) return;
    this.close();
    this.#options.onRefused(error);
  }

  async #answer(offer: Uint8Array): Promise<void> {
    const answer = await this.#options.answerOffer(offer);
    if (this.#phase !== 'answering') return;
    this.#send(encodeDescription('answer', answer));
    this.#phase = 'answered';
    this.#outcome.resolve();
  }

  #send(plaintext: Uint8Array): void {
    this.#options.channel.send({ kind: 'envelope', envelope: this.#sealing.seal(plaintext) });
  }
}

interface Outcome {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What Promise.withResolvers() makes, which Node 20 has not. */
function outcome(): Outcome {
  let settle: Pick<Outcome, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  if (settle === undefined) throw new Error('a promise did not run its executor');
  return { promise, ...settle };
}
