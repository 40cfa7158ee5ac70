/**
 * A carrier around another: shows every message that arrives, and makes some arrive again.
 *
 * What arrives again is taken off the ARRIVED that goes back. ARRIVED counts what came over the
 * carrier, a carrier brings each message once (SCTP and TLS do), and a count beyond what was sent is
 * a lie that ends the link. The frames themselves must bear being seen twice: a resumed session
 * sends them again.
 */
import type { Carrier, CarrierEvents } from '../../src/engine/carrier/carrier.ts';
import { encodeArrived, FRAME, parseFrame, parseOffset } from '../../src/engine/protocol/frame.ts';
import type { Clock } from '../../src/shared/clock.ts';

/** Frames that ARRIVED does not count. */
const UNCOUNTED = new Set<number | undefined>([FRAME.ARRIVED, FRAME.MARK, FRAME.HANDSHAKE]);

export interface TapOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Share of messages that arrive twice, 0 to 1. @default 0 */
  readonly duplicates?: number;
  /** The second one comes up to this much later, ms. @default 50 */
  readonly lateMs?: number;
  readonly onMessage?: (message: Uint8Array) => void;
}

export function tapCarrier(inner: Carrier, options: TapOptions): Carrier {
  return new TapCarrier(inner, options);
}

class TapCarrier implements Carrier {
  readonly #inner: Carrier;
  readonly #options: TapOptions;
  #events: CarrierEvents | undefined;
  #repeatedBytes = 0;
  #state: 'open' | 'closed' = 'open';

  constructor(inner: Carrier, options: TapOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  get kind() {
    return this.#inner.kind;
  }

  get binding() {
    return this.#inner.binding;
  }

  get reach() {
    return this.#inner.reach;
  }

  get route() {
    return this.#inner.route;
  }

  get dataPayloadBytes() {
    return this.#inner.dataPayloadBytes;
  }

  start(events: CarrierEvents): void {
    this.#events = events;
    this.#inner.start({
      onMessage: (message) => this.#receive(message),
      onDrained: () => events.onDrained(),
      onClosed: (cause) => {
        this.#state = 'closed';
        events.onClosed(cause);
      },
    });
  }

  send(message: Uint8Array): void {
    this.#inner.send(message[0] === FRAME.ARRIVED ? this.#honest(message) : message);
  }

  bufferedAmount(): number {
    return this.#inner.bufferedAmount();
  }

  close(): void {
    this.#state = 'closed';
    this.#inner.close();
  }

  #receive(message: Uint8Array): void {
    const { clock, random, duplicates, lateMs } = this.#options;
    if (random() < (duplicates ?? 0)) {
      const again = message.slice();
      clock.after(random() * (lateMs ?? 50), () => this.#repeat(again));
    }
    this.#deliver(message);
  }

  #repeat(message: Uint8Array): void {
    if (this.#state === 'closed') return;
    if (!UNCOUNTED.has(message[0])) this.#repeatedBytes += message.length;
    this.#deliver(message);
  }

  #deliver(message: Uint8Array): void {
    this.#options.onMessage?.(message);
    this.#events?.onMessage(message);
  }

  #honest(message: Uint8Array): Uint8Array {
    const total = parseOffset(parseFrame(message).payload);
    return encodeArrived(Math.max(0, total - this.#repeatedBytes));
  }
}
