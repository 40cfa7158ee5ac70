/**
 * A local connection without a network, and the application behind it: the application's methods
 * (`send`, `finish`, `abort`, and how it reads) are for the test, the rest is `LocalConnection`.
 *
 * It keeps what `TcpConnection` keeps: data before the end, reading pauses, a reset goes behind what
 * was written and waits for a stalled reader only so long, `onClosed` once and last.
 */
import type { LocalConnection, LocalEvents } from '../../src/engine/tunnel/local-connection.ts';
import type { CancelTimer, Clock } from '../../src/shared/clock.ts';
import { RESET_LINGER_MS } from '../../src/shared/limits.ts';

/** How the application reads: all at once, so many bytes a millisecond, or not at all. */
export type ReaderPace = 'at-once' | 'never' | { readonly bytesPerMs: number };

export interface FakeLocalOptions {
  readonly clock: Clock;
  /** @default 'at-once' */
  readonly reader?: ReaderPace;
  /** Called with what the application reads. */
  readonly onRead?: (bytes: Uint8Array) => void;
  /** Keep what was read in `received`; off where that would be much. @default 'keep' */
  readonly record?: 'keep' | 'count';
}

/** What the application saw last of the other end. */
export type Seen = 'open' | 'end' | 'reset';

const READ_CHUNK_BYTES = 65_536;
const READ_TICK_MS = 5;

export class FakeLocal implements LocalConnection {
  readonly #clock: Clock;
  readonly #options: FakeLocalOptions;
  #pace: ReaderPace;
  #events: LocalEvents | undefined;
  #flow: 'paused' | 'flowing' = 'flowing';
  // From the application.
  #outbox: Uint8Array[] = [];
  #outEnd: 'open' | 'end-due' | 'reset-due' | 'ended' | 'reset' = 'open';
  #pumping: 'idle' | 'scheduled' = 'idle';
  // To the application.
  #corked: Uint8Array[] = [];
  #inbox: Uint8Array[] = [];
  #unwritten = 0;
  #inEnd: 'open' | 'end-due' | 'reset-due' = 'open';
  #reading: 'idle' | 'scheduled' = 'idle';
  #cancelRead: CancelTimer = () => undefined;
  #cancelLinger: CancelTimer = () => undefined;
  #received: Uint8Array[] = [];
  #state: 'alive' | 'closed' = 'alive';

  /** What the application saw of the other end. */
  seen: Seen = 'open';
  receivedBytes = 0;
  sentBytes = 0;
  /** The most that was ever waiting to be read. */
  unwrittenPeak = 0;

  constructor(options: FakeLocalOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#pace = options.reader ?? 'at-once';
  }

  // ── The application ─────────────────────────────────────────────────────────────────────────

  /** Bytes this side took from the application. */
  get takenBytes(): number {
    return this.sentBytes - this.#outbox.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** Whether the tunnel ever took it. */
  get started(): boolean {
    return this.#events !== undefined;
  }

  send(bytes: Uint8Array): void {
    if (this.#outEnd !== 'open' || this.#state === 'closed') return;
    this.sentBytes += bytes.length;
    this.#outbox.push(bytes);
    this.#pumpSoon();
  }

  finish(): void {
    if (this.#outEnd !== 'open') return;
    this.#outEnd = 'end-due';
    this.#pumpSoon();
  }

  /** RST behind what was sent. */
  abort(): void {
    if (this.#outEnd === 'reset' || this.#state === 'closed') return;
    this.#outEnd = 'reset-due';
    this.#pumpSoon();
  }

  read(pace: ReaderPace): void {
    this.#pace = pace;
    this.#readSoon();
  }

  // ── LocalConnection ─────────────────────────────────────────────────────────────────────────

  start(events: LocalEvents): void {
    if (this.#events !== undefined) throw new Error('local connection started twice');
    this.#events = events;
    this.#pumpSoon();
  }

  pause(): void {
    this.#flow = 'paused';
  }

  resume(): void {
    this.#flow = 'flowing';
    this.#pumpSoon();
  }

  write(bytes: Uint8Array): void {
    if (this.#inEnd !== 'open') throw new Error('written behind the end');
    if (this.#state === 'closed') return;
    this.#unwritten += bytes.length;
    this.unwrittenPeak = Math.max(this.unwrittenPeak, this.#unwritten);
    this.#corked.push(bytes);
  }

  flush(): void {
    if (this.#corked.length === 0) return;
    for (const bytes of this.#corked) this.#inbox.push(bytes);
    this.#corked = [];
    this.#readSoon();
  }

  unwrittenBytes(): number {
    return this.#state === 'closed' ? 0 : this.#unwritten;
  }

  end(): void {
    this.flush();
    if (this.#inEnd === 'open') this.#inEnd = 'end-due';
    this.#readSoon();
  }

  reset(): void {
    if (this.#state === 'closed' || this.#inEnd === 'reset-due') return;
    this.flush();
    this.#inEnd = 'reset-due';
    this.#outbox = [];
    this.#outEnd = 'reset';
    this.#cancelLinger = this.#clock.after(RESET_LINGER_MS, () => this.#die('reset'));
    this.#readSoon();
  }

  // ── Inside ──────────────────────────────────────────────────────────────────────────────────

  #pumpSoon(): void {
    if (this.#pumping === 'scheduled' || this.#events === undefined) return;
    this.#pumping = 'scheduled';
    this.#clock.soon(() => this.#pump());
  }

  #pump(): void {
    this.#pumping = 'idle';
    if (this.#state === 'closed' || this.#flow === 'paused') return;
    const chunk = this.#outbox.shift();
    if (chunk !== undefined) {
      if (chunk.length > READ_CHUNK_BYTES) this.#outbox.unshift(chunk.subarray(READ_CHUNK_BYTES));
      this.#events?.onData(chunk.subarray(0, READ_CHUNK_BYTES));
      this.#pumpSoon();
    } else this.#pumpEnd();
  }

  #pumpEnd(): void {
    if (this.#outEnd === 'end-due') {
      this.#outEnd = 'ended';
      this.#events?.onEnd();
      this.#closeIfDone();
    } else if (this.#outEnd === 'reset-due') {
      this.#outEnd = 'reset';
      this.#events?.onReset();
      this.#die(this.seen);
    }
  }

  #readSoon(): void {
    if (this.#reading === 'scheduled' || this.#state === 'closed') return;
    if (this.#pace === 'never' && this.#unwritten > 0) return;
    this.#reading = 'scheduled';
    if (this.#pace === 'at-once' || this.#unwritten === 0) this.#clock.soon(() => this.#read());
    else this.#cancelRead = this.#clock.after(READ_TICK_MS, () => this.#read());
  }

  #read(): void {
    this.#reading = 'idle';
    if (this.#state === 'closed') return;
    this.#take(this.#readableNow());
    if (this.#inbox.length > 0) this.#readSoon();
    else if (this.#unwritten === 0) this.#seeEnd();
    // Last: it may end this connection.
    this.#events?.onWritten();
  }

  #readableNow(): number {
    if (this.#pace === 'at-once') return Number.POSITIVE_INFINITY;
    return this.#pace === 'never' ? 0 : Math.ceil(this.#pace.bytesPerMs * READ_TICK_MS);
  }

  #take(most: number): void {
    for (let left = most; left > 0;) {
      const chunk = this.#inbox.shift();
      if (chunk === undefined) return;
      const part = chunk.subarray(0, left);
      if (part.length < chunk.length) this.#inbox.unshift(chunk.subarray(part.length));
      left -= part.length;
      this.#unwritten -= part.length;
      this.receivedBytes += part.length;
      if (this.#options.record !== 'count') this.#received.push(part);
      this.#options.onRead?.(part);
    }
  }

  #seeEnd(): void {
    if (this.#inEnd === 'reset-due') this.#die('reset');
    else if (this.#inEnd === 'end-due' && this.seen === 'open') {
      this.seen = 'end';
      this.#closeIfDone();
    }
  }

  #closeIfDone(): void {
    if (this.seen === 'end' && this.#outEnd === 'ended') this.#die('end');
  }

  #die(seen: Seen): void {
    if (this.#state === 'closed') return;
    this.seen = seen;
    this.#state = 'closed';
    this.#cancelLinger();
    this.#cancelRead();
    this.#inbox = [];
    this.#corked = [];
    this.#unwritten = 0;
    this.#clock.soon(() => this.#events?.onClosed());
  }
}
