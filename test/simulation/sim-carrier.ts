/**
 * Two carriers joined by a path of the simulated network, as a WebRTC DataChannel behaves: reliable,
 * unordered, rate-limited, and patient. What meets a cut path waits and goes on when it heals; each
 * end gives the other one up by itself, 12 to 29 s after it last heard of it, or never.
 *
 * Invariant: a message arrives once and whole, or its carrier has ended at one of the ends. A
 * process that dies says nothing.
 */
import type { Carrier, CarrierEvents, ChannelBinding } from '../../src/engine/carrier/carrier.ts';
import { Mailbox } from '../../src/engine/carrier/mailbox.ts';
import type { CancelTimer } from '../../src/shared/clock.ts';
import { portholeError } from '../../src/shared/errors.ts';
import { DATACHANNEL_DATA_BYTES, GATE_LOW_WATER_BYTES } from '../../src/shared/limits.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { DeviceClock } from './device-clock.ts';

/** When the native stack gives a silent peer up, ms (measured: 12 s with data, 29 s without). */
const LOST_AFTER_MS = [12_000, 29_000] as const;
/** Share of ends that never notice by themselves. */
const NEVER_NOTICES = 0.15;
/** What the native stack sends into the void before it holds the rest back, bytes. */
const STALLED_WINDOW_BYTES = 65_536;
/** After a cut the first retransmission takes up to this long, ms. */
const RETRANSMIT_MS = 2000;

export interface PathShape {
  readonly delayMs: readonly [least: number, largest: number];
  /** Per direction. */
  readonly bytesPerSecond?: number | undefined;
}

/** What a carrier asks of the network between its two ends. */
export interface SimPath {
  readonly shape: PathShape;
  /** Whether a message gets through now. */
  canPass(from: number, to: number): boolean;
}

export interface SimChannelOptions {
  readonly virtual: VirtualClock;
  readonly random: () => number;
  readonly path: SimPath;
  /** Devices of the two ends, and the clocks of the processes that hold them. */
  readonly devices: readonly [number, number];
  readonly clocks: readonly [DeviceClock, DeviceClock];
  readonly log: (text: string) => void;
  readonly name: string;
}

export class SimChannel {
  readonly name: string;
  readonly ends: readonly [SimEnd, SimEnd];

  constructor(options: SimChannelOptions) {
    this.name = options.name;
    const prints = [fingerprint(options.random), fingerprint(options.random)] as const;
    const first = new SimEnd(options, 0, { local: prints[0], remote: prints[1] });
    const second = new SimEnd(options, 1, { local: prints[1], remote: prints[0] });
    first.join(second);
    second.join(first);
    this.ends = [first, second];
  }

  get isGone(): boolean {
    return this.ends.every((end) => end.isGone);
  }

  joins(device: number): boolean {
    return this.ends.some((end) => end.device === device);
  }

  /** The path was cut or healed, or a process stopped or went on. */
  onPathChanged(): void {
    for (const end of this.ends) end.onPathChanged();
  }

  /** The connection breaks: both ends are told, or one, and the other finds out in its own time. */
  sever(which: 'both' | 0 | 1): void {
    for (const side of [0, 1] as const) {
      if (which === 'both' || which === side) this.ends[side].lose('it was cut');
    }
  }

  /** The process of that device is gone. */
  vanish(device: number): void {
    for (const end of this.ends) if (end.device === device) end.vanish();
  }
}

export class SimEnd implements Carrier {
  readonly kind = 'memory';
  readonly reach = 'network';
  readonly route = undefined;
  readonly dataPayloadBytes = DATACHANNEL_DATA_BYTES;
  readonly binding: ChannelBinding;
  readonly device: number;
  readonly #options: SimChannelOptions;
  readonly #clock: DeviceClock;
  readonly #mailbox: Mailbox;
  readonly #line: Uint8Array[] = [];
  readonly #waiting: Uint8Array[] = [];
  readonly #lostAfterMs: number;
  #peer: SimEnd | undefined;
  #life: 'alive' | 'ended' | 'vanished' = 'alive';
  #lineState: 'free' | 'busy' = 'free';
  #buffered = 0;
  #waitingBytes = 0;
  #lineFreeAt = 0;
  #cancelLost: CancelTimer | undefined;

  constructor(options: SimChannelOptions, side: 0 | 1, binding: ChannelBinding) {
    this.#options = options;
    this.binding = binding;
    this.device = options.devices[side];
    this.#clock = options.clocks[side];
    this.#mailbox = new Mailbox(this.#clock);
    const [least, largest] = LOST_AFTER_MS;
    const patience = least + options.random() * (largest - least);
    this.#lostAfterMs = options.random() < NEVER_NOTICES ? Number.POSITIVE_INFINITY : patience;
  }

  join(peer: SimEnd): void {
    this.#peer = peer;
  }

  get name(): string {
    return `carrier ${this.#options.name}`;
  }

  get isGone(): boolean {
    return this.#life !== 'alive';
  }

  // ── Carrier ─────────────────────────────────────────────────────────────────────────────────

  start(events: CarrierEvents): void {
    this.#mailbox.start(events);
  }

  send(message: Uint8Array): void {
    if (this.isGone) return;
    const copy = message.slice();
    this.#buffered += copy.length;
    this.#line.push(copy);
    this.#runLine();
  }

  bufferedAmount(): number {
    return this.isGone ? 0 : this.#buffered;
  }

  close(): void {
    if (this.isGone) return;
    this.#options.log(`${this.name} closed by device ${this.device}`);
    this.#end('ended');
    this.#mailbox.close(undefined);
    this.#tellPeer();
  }

  // ── What happens to it ──────────────────────────────────────────────────────────────────────

  lose(reason: string): void {
    if (this.isGone) return;
    const cause = new Error(reason);
    const lost = portholeError('E_LINK_LOST', { peer: 'the other computer', reason }, { cause });
    this.#options.log(`${this.name} lost at device ${this.device}: ${reason}`);
    this.#end('ended');
    this.#clock.deliver(() => this.#mailbox.close(lost));
  }

  vanish(): void {
    if (this.isGone) return;
    this.#end('vanished');
  }

  onPathChanged(): void {
    if (this.isGone) return;
    this.#watchPeer();
    if (this.#canPass()) this.#sendWaiting();
    this.#runLine();
  }

  #end(life: 'ended' | 'vanished'): void {
    this.#life = life;
    this.#line.length = 0;
    this.#waiting.length = 0;
    this.#cancelLost?.();
    this.#peer?.onPathChanged();
  }

  /** The goodbye of DTLS: it gets through or it does not. */
  #tellPeer(): void {
    const tell = (): void => {
      if (this.#canPass()) this.#peer?.lose('it closed the connection');
    };
    this.#options.virtual.after(this.#delay(), tell);
  }

  /** Whoever hears nothing gives up in its own time. */
  #watchPeer(): void {
    const hears = this.#canPass() && this.#canHear() && this.#peer?.isGone === false;
    if (hears) {
      this.#cancelLost?.();
      this.#cancelLost = undefined;
    } else if (this.#cancelLost === undefined && Number.isFinite(this.#lostAfterMs)) {
      this.#cancelLost = this.#options.virtual.after(this.#lostAfterMs, () =>
        this.lose('nothing was heard of it'),
      );
    }
  }

  // ── The line ────────────────────────────────────────────────────────────────────────────────

  #runLine(): void {
    while (this.#lineState === 'free' && this.#line.length > 0 && this.#mayLeave()) {
      const message = this.#line.shift() as Uint8Array;
      const wait = this.#takeLine(message.length);
      if (wait === 0) this.#leave(message);
      else {
        this.#lineState = 'busy';
        this.#options.virtual.after(wait, () => {
          this.#lineState = 'free';
          if (this.isGone) return;
          this.#leave(message);
          this.#runLine();
        });
      }
    }
  }

  /** Without acknowledgements only a window of it leaves. */
  #mayLeave(): boolean {
    const flows = this.#canPass() && this.#canHear();
    return flows || this.#waitingBytes < STALLED_WINDOW_BYTES;
  }

  #takeLine(bytes: number): number {
    const { bytesPerSecond } = this.#options.path.shape;
    if (bytesPerSecond === undefined) return 0;
    const now = this.#options.virtual.now();
    this.#lineFreeAt = Math.max(now, this.#lineFreeAt) + (bytes * 1000) / bytesPerSecond;
    return this.#lineFreeAt - now;
  }

  #leave(message: Uint8Array): void {
    const wasHigh = this.#buffered > GATE_LOW_WATER_BYTES;
    this.#buffered -= message.length;
    if (this.#canPass()) this.#travel(message, 0);
    else this.#wait(message);
    if (wasHigh && this.#buffered <= GATE_LOW_WATER_BYTES) {
      this.#clock.deliver(() => this.#mailbox.drained());
    }
  }

  #travel(message: Uint8Array, extraMs: number): void {
    this.#options.virtual.after(extraMs + this.#delay(), () => {
      // A dead process sends nothing again.
      if (extraMs > 0 && this.#life === 'vanished') return;
      if (this.#canPass()) this.#peer?.receive(message);
      else if (!this.isGone) this.#wait(message);
    });
  }

  #wait(message: Uint8Array): void {
    this.#waiting.push(message);
    this.#waitingBytes += message.length;
  }

  #sendWaiting(): void {
    const retransmitMs = this.#options.random() * RETRANSMIT_MS;
    for (const message of this.#waiting.splice(0)) this.#travel(message, retransmitMs);
    this.#waitingBytes = 0;
  }

  receive(message: Uint8Array): void {
    if (this.isGone) return;
    this.#clock.deliver(() => {
      if (!this.#mailbox.deliver(message)) this.lose('too much came before it was ready');
    });
  }

  #canPass(): boolean {
    return this.#options.path.canPass(this.device, (this.#peer as SimEnd).device);
  }

  #canHear(): boolean {
    return this.#options.path.canPass((this.#peer as SimEnd).device, this.device);
  }

  #delay(): number {
    const [least, largest] = this.#options.path.shape.delayMs;
    return least + this.#options.random() * (largest - least);
  }
}

function fingerprint(random: () => number): Uint8Array {
  return Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256));
}
