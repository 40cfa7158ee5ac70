/**
 * An open DataChannel as a Carrier.
 *
 * Invariant: the native objects are closed exactly when the carrier is.
 */
import { networkInterfaces } from 'node:os';
import type { Clock } from '../../shared/clock.ts';
import { portholeError, toError, type PortholeError } from '../../shared/errors.ts';
import { DATACHANNEL_DATA_BYTES, GATE_LOW_WATER_BYTES } from '../../shared/limits.ts';
import type { Carrier, CarrierEvents, CarrierReach, ChannelBinding } from './carrier.ts';
import { Mailbox } from './mailbox.ts';
import type { NativeChannel } from './native-channel.ts';

export interface DataChannelCarrierOptions {
  readonly native: NativeChannel;
  readonly binding: ChannelBinding;
  readonly clock: Clock;
}

export class DataChannelCarrier implements Carrier {
  readonly kind = 'datachannel';
  readonly dataPayloadBytes = DATACHANNEL_DATA_BYTES;
  readonly binding: ChannelBinding;
  readonly reach: CarrierReach;
  readonly #native: NativeChannel;
  readonly #mailbox: Mailbox;

  constructor({ native, binding, clock }: DataChannelCarrierOptions) {
    this.#native = native;
    this.binding = binding;
    this.reach = reachOf(native.remoteAddress());
    this.#mailbox = new Mailbox(clock);
  }

  start(events: CarrierEvents): void {
    this.#mailbox.start(events);
  }

  send(message: Uint8Array): void {
    if (this.#mailbox.closed) return;
    try {
      this.#native.send(message);
    } catch (thrown) {
      this.#sendFailed(toError(thrown));
    }
  }

  bufferedAmount(): number {
    return this.#mailbox.closed ? 0 : this.#native.bufferedAmount();
  }

  close(): void {
    this.end(undefined);
  }

  /** Takes what the channel received. Text is no message of ours and ends the carrier. */
  deliver(message: string | Uint8Array): void {
    if (typeof message === 'string') {
      this.end(portholeError('E_PROTOCOL', { reason: 'text instead of a frame' }));
    } else if (!this.#mailbox.deliver(message)) {
      this.end(portholeError('E_PROTOCOL', { reason: 'too much before the link was ready' }));
    }
  }

  /** Takes the channel's low water event, which may be stale by the time it gets here. */
  drained(): void {
    if (this.#native.bufferedAmount() <= GATE_LOW_WATER_BYTES) this.#mailbox.drained();
  }

  /** Ends the carrier with `cause`; `undefined` when this end wanted it. Safe to call again. */
  end(cause: PortholeError | undefined): void {
    if (this.#mailbox.closed) return;
    this.#mailbox.close(cause);
    this.#native.close();
  }

  #sendFailed(cause: Error): void {
    // An open channel refuses only what we must not send; a closed one has not told us yet.
    this.end(
      this.#native.isOpen()
        ? portholeError('E_INTERNAL', { reason: 'a message could not be sent' }, { cause })
        : connectionLost('closed', cause),
    );
  }
}

function reachOf(address: string | undefined): CarrierReach {
  const own = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  return own.some((info) => info.address === address) ? 'this-computer' : 'network';
}

/** The error of a connection that was open and ended without this end wanting it; its cause says the reason alone. */
export function connectionLost(how: 'closed' | 'failed', cause?: Error): PortholeError {
  const reason =
    how === 'closed' ? 'it closed the connection' : 'nothing gets through between the two any more';
  const why = new Error(reason, { cause });
  return portholeError('E_LINK_LOST', { peer: 'the other computer', reason }, { cause: why });
}
