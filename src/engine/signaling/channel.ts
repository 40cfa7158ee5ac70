/**
 * One signaling connection, the same at both ends and over whatever carries it (a WebSocket, or a
 * guest's share of a host's connection to a rendezvous server): whole parsed messages.
 *
 * Invariant: bounded in messages, rate, size, time and unsent bytes whatever the other side does;
 * the first thing that is no message ends it. `onClosed` comes exactly once, and nothing after it.
 */
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import {
  SIGNALING_BUFFERED_BYTES_MAX,
  SIGNALING_CLOSE_MS,
  SIGNALING_MESSAGES_MAX,
  SIGNALING_MESSAGES_PER_SECOND_MAX,
} from '../../shared/limits.ts';
import {
  encodeSignalingMessage,
  parseSignalingMessage,
  type SignalingMessage,
} from './envelope.ts';
import { RateLimit } from './rate-limit.ts';

export interface SignalingEvents {
  onMessage(message: SignalingMessage): void;
  /** `reason`: a few words for a person, why this connection is gone. */
  onClosed(reason: string): void;
}

/** A connection as pairing sees it. No method throws; a closed one ignores them. */
export interface SignalingChannel {
  /** Sets the receiver of events, once; what came before is delivered then. */
  start(events: SignalingEvents): void;
  send(message: SignalingMessage): void;
  /** Closes when what was sent is on its way. Safe to call again. */
  close(): void;
}

/** What carries a BoundedChannel. No method throws, whatever its state. */
export interface Transport {
  /** Bytes given to `send` that are not on their way yet. */
  unsentBytes(): number;
  /** Bytes go as a binary message, a string as a text one. */
  send(data: Uint8Array | string): void;
  /** Says goodbye behind what was sent; `carrierClosed` of the channel follows if the other side answers. */
  close(): void;
  /** Ends it at once; `carrierClosed` of the channel follows, in a later turn. */
  terminate(): void;
}

export interface BoundedChannelOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** The first message must have come by then, ms. */
  readonly firstMessageMs: number;
  /** The connection ends then, ms. */
  readonly lifeMs: number;
}

/** A SignalingChannel over any Transport, which tells it what happens. */
export class BoundedChannel implements SignalingChannel {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #rate: RateLimit;
  readonly #timers: CancelTimer[] = [];
  readonly #cancelFirst: CancelTimer;
  #events: SignalingEvents | undefined;
  #early: SignalingMessage[] = [];
  #phase: 'open' | 'closing' | 'closed' = 'open';
  #reason = 'the connection was closed';
  #received = 0;

  constructor(options: BoundedChannelOptions) {
    this.#transport = options.transport;
    this.#clock = options.clock;
    this.#rate = new RateLimit(options.clock, SIGNALING_MESSAGES_PER_SECOND_MAX);
    this.#endAfter(options.lifeMs, 'no answer in time');
    this.#cancelFirst = this.#endAfter(options.firstMessageMs, 'no answer in time');
  }

  start(events: SignalingEvents): void {
    this.#events = events;
    const early = this.#early;
    this.#early = [];
    for (const message of early) events.onMessage(message);
    if (this.#phase === 'closed') events.onClosed(this.#reason);
  }

  send(message: SignalingMessage): void {
    if (this.#phase !== 'open') return;
    this.#transport.send(encodeSignalingMessage(message));
    if (this.#transport.unsentBytes() > SIGNALING_BUFFERED_BYTES_MAX)
      this.end('it reads too slowly');
  }

  close(): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'closing';
    this.#transport.close();
    this.#endAfter(SIGNALING_CLOSE_MS, this.#reason);
  }

  /** The carrier brought a message: bytes of a binary one, the string of a text one. */
  receive(data: Uint8Array | string): void {
    this.#cancelFirst();
    if (this.#phase !== 'open' || this.admit() === 'refused') return;
    const message = parseSignalingMessage(data);
    if (message === undefined) this.end('what came was no signaling message');
    else if (this.#events === undefined) this.#early.push(message);
    else this.#events.onMessage(message);
  }

  /** Counts one message or ping against the limits; one too many ends the channel. */
  admit(): 'admitted' | 'refused' {
    this.#received++;
    const isWithin = this.#rate.admit() === 'admitted' && this.#received <= SIGNALING_MESSAGES_MAX;
    if (isWithin) return 'admitted';
    this.end('too many messages');
    return 'refused';
  }

  /** Ends it at once, for `reason`. */
  end(reason: string): void {
    if (this.#phase === 'closed') return;
    if (this.#phase === 'open') this.#reason = reason;
    this.#phase = 'closing';
    this.#transport.terminate();
  }

  /** The carrier is gone. Later calls do nothing. */
  carrierClosed(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    for (const cancel of this.#timers) cancel();
    this.#events?.onClosed(this.#reason);
  }

  #endAfter(delayMs: number, reason: string): CancelTimer {
    const cancel = this.#clock.after(delayMs, () => this.end(reason));
    this.#timers.push(cancel);
    return cancel;
  }
}
