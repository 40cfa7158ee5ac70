/**
 * Two carriers joined in memory, for tests: reorders, delays, duplicates and throttles as told, all
 * from the injected clock and random numbers, so that a run repeats exactly.
 *
 * Invariant: whatever was sent arrives at least once, whole, unless an end closes or the pair is
 * severed first.
 */
import type { Clock } from '../../shared/clock.ts';
import { portholeError } from '../../shared/errors.ts';
import { DATACHANNEL_DATA_BYTES, GATE_LOW_WATER_BYTES } from '../../shared/limits.ts';
import type { Carrier, CarrierEvents, ChannelBinding } from './carrier.ts';
import { Mailbox } from './mailbox.ts';

export interface MemoryFaults {
  /** Least and largest time a message travels, ms; a range reorders. @default [0, 0] */
  readonly delayMs?: readonly [least: number, largest: number];
  /**
   * Share of messages that `delayMs` is for, 0 to 1; the others arrive in the next turn of the loop
   * and overtake them. For real time, where a timer takes 1 ms at least. @default 1
   */
  readonly delayedShare?: number;
  /** Share of messages that arrive twice, 0 to 1. @default 0 */
  readonly duplicates?: number;
  /** Bytes per second and direction; what is above it waits in `bufferedAmount()`. @default no limit */
  readonly bytesPerSecond?: number;
}

export interface MemoryPairOptions {
  readonly clock: Clock;
  /** Like `Math.random`; seeded, so that a run repeats. */
  readonly random: () => number;
  readonly faults?: MemoryFaults;
}

export interface MemoryCarrierPair {
  readonly ends: readonly [Carrier, Carrier];
  /** Cuts the connection: both ends close with `E_LINK_LOST`, what is under way is lost. */
  sever(): void;
}

/** Makes two carriers of which each receives what the other sends. */
export function memoryCarrierPair(options: MemoryPairOptions): MemoryCarrierPair {
  const bindings = [fingerprint(options.random), fingerprint(options.random)] as const;
  const first = new MemoryCarrier({ local: bindings[0], remote: bindings[1] }, options);
  const second = new MemoryCarrier({ local: bindings[1], remote: bindings[0] }, options);
  first.join(second);
  second.join(first);
  return {
    ends: [first, second],
    sever: () => {
      first.lose('the test cut it');
      second.lose('the test cut it');
    },
  };
}

function fingerprint(random: () => number): Uint8Array {
  return Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256));
}

class MemoryCarrier implements Carrier {
  readonly kind = 'memory';
  readonly reach = 'this-computer';
  readonly route = undefined;
  readonly dataPayloadBytes = DATACHANNEL_DATA_BYTES;
  readonly binding: ChannelBinding;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #faults: MemoryFaults;
  readonly #mailbox: Mailbox;
  #peer: MemoryCarrier | undefined;
  #buffered = 0;
  #lineFreeAt = 0;

  constructor(binding: ChannelBinding, { clock, random, faults }: MemoryPairOptions) {
    this.binding = binding;
    this.#clock = clock;
    this.#random = random;
    this.#faults = faults ?? {};
    this.#mailbox = new Mailbox(clock);
  }

  join(peer: MemoryCarrier): void {
    this.#peer = peer;
  }

  start(events: CarrierEvents): void {
    this.#mailbox.start(events);
  }

  send(message: Uint8Array): void {
    if (this.#mailbox.closed) return;
    const copy = message.slice();
    const wait = this.#waitForLine(copy.length);
    if (wait === 0) {
      this.#travel(copy);
      return;
    }
    this.#buffered += copy.length;
    this.#clock.after(wait, () => this.#leave(copy));
  }

  bufferedAmount(): number {
    return this.#mailbox.closed ? 0 : this.#buffered;
  }

  close(): void {
    if (this.#mailbox.closed) return;
    this.#mailbox.close(undefined);
    this.#clock.after(this.#delay(), () => this.#peer?.lose('it closed the connection'));
  }

  lose(reason: string): void {
    const cause = new Error(reason);
    this.#mailbox.close(
      portholeError('E_LINK_LOST', { peer: 'the other computer', reason }, { cause }),
    );
  }

  /** Takes the line for `bytes`; returns how long until the last of them has left, ms. */
  #waitForLine(bytes: number): number {
    const { bytesPerSecond } = this.#faults;
    if (bytesPerSecond === undefined) return 0;
    const now = this.#clock.now();
    this.#lineFreeAt = Math.max(now, this.#lineFreeAt) + (bytes * 1000) / bytesPerSecond;
    return this.#lineFreeAt - now;
  }

  #leave(message: Uint8Array): void {
    if (this.#mailbox.closed) return;
    const wasHigh = this.#buffered > GATE_LOW_WATER_BYTES;
    this.#buffered -= message.length;
    this.#travel(message);
    if (wasHigh && this.#buffered <= GATE_LOW_WATER_BYTES) this.#mailbox.drained();
  }

  #travel(message: Uint8Array): void {
    this.#arriveLater(message);
    if (this.#random() < (this.#faults.duplicates ?? 0)) this.#arriveLater(message.slice());
  }

  #arriveLater(message: Uint8Array): void {
    const arrive = (): void => {
      if (!this.#mailbox.closed) this.#peer?.receive(message);
    };
    if (this.#isDelayed()) this.#clock.after(this.#delay(), arrive);
    else this.#clock.soon(arrive);
  }

  /** Draws a number only when it is asked to choose, so that runs without the option stay the same. */
  #isDelayed(): boolean {
    const { delayedShare } = this.#faults;
    return delayedShare === undefined || this.#random() < delayedShare;
  }

  receive(message: Uint8Array): void {
    if (!this.#mailbox.deliver(message)) this.lose('too much came before it was ready');
  }

  #delay(): number {
    const [least, largest] = this.#faults.delayMs ?? [0, 0];
    return least + this.#random() * (largest - least);
  }
}
