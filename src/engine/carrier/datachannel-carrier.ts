/**
 * An open DataChannel as a Carrier.
 *
 * Invariant: the native objects are closed exactly when the carrier is.
 */
import { networkInterfaces } from 'node:os';
import type { Clock } from '../../shared/clock.ts';
import { portholeError, toError, type PortholeError } from '../../shared/errors.ts';
import { DATACHANNEL_DATA_BYTES, GATE_LOW_WATER_BYTES } from '../../shared/limits.ts';
import type {
  Carrier,
  CarrierEvents,
  CarrierReach,
  CarrierRoute,
  ChannelBinding,
} from './carrier.ts';
import { Mailbox } from './mailbox.ts';
import type { NativeChannel, SelectedPair } from './native-channel.ts';
import type { Candidate } from '../pairing/description.ts';

export interface DataChannelCarrierOptions {
  readonly native: NativeChannel;
  readonly binding: ChannelBinding;
  readonly clock: Clock;
  /** The addresses the other end described. */
  readonly remoteCandidates: readonly Candidate[];
}

export class DataChannelCarrier implements Carrier {
  readonly dataPayloadBytes = DATACHANNEL_DATA_BYTES;
  readonly binding: ChannelBinding;
  readonly reach: CarrierReach;
  readonly #native: NativeChannel;
  readonly #mailbox: Mailbox;
  readonly #remoteCandidates: readonly Candidate[];
  #kind: 'datachannel' | 'relayed' = 'datachannel';

  constructor({ native, binding, clock, remoteCandidates }: DataChannelCarrierOptions) {
    this.#native = native;
    this.#remoteCandidates = remoteCandidates;
    this.binding = binding;
    // The address of a relay says nothing of where the other end is.
    this.reach =
      this.kind === 'relayed' ? 'network' : reachOf(native.selectedPair()?.remote.address);
    this.#mailbox = new Mailbox(clock);
  }

  /** ICE can find a better way than its first one. */
  get kind(): 'datachannel' | 'relayed' {
    const pair = this.#native.selectedPair();
    if (pair !== undefined) this.#kind = kindOf(pair, this.#remoteCandidates);
    return this.#kind;
  }

  get route(): CarrierRoute | undefined {
    const pair = this.#native.selectedPair();
    if (pair === undefined) return undefined;
    const { address, port } = pair.remote;
    const at = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    const remote =
      this.kind === 'relayed' && pair.local.type !== 'relay' ? 'relay' : pair.remote.type;
    return { local: pair.local.type, remote, address: at };
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

/** The other end's relay is one it described, whatever the library calls it. */
function kindOf(
  { local, remote }: SelectedPair,
  remoteCandidates: readonly Candidate[],
): 'datachannel' | 'relayed' {
  const isTheirs = remoteCandidates.some(
    ({ type, address, port }) =>
      type === 'relay' && address === remote.address && port === remote.port,
  );
  return local.type === 'relay' || isTheirs ? 'relayed' : 'datachannel';
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
