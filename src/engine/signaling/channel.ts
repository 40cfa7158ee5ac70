/**
 * One signaling connection, the same at both ends: whole parsed messages over a WebSocket.
 *
 * Invariant: bounded in messages, rate, size and time whatever the other side does; the first
 * thing that is no message ends it. `onClosed` comes exactly once, and nothing after it.
 */
import type { RawData, WebSocket } from 'ws';

import type { CancelTimer, Clock } from '../../shared/clock.ts';
import {
  SIGNALING_BYTES_MAX,
  SIGNALING_CLOSE_MS,
  SIGNALING_MESSAGES_MAX,
  SIGNALING_MESSAGES_PER_SECOND_MAX,
} from '../../shared/limits.ts';
import {
  encodeSignalingMessage,
  parseSignalingMessage,
  type SignalingMessage,
} from './envelope.ts';

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

/** What both ends ask of ws: small messages, no compression. */
export const WEBSOCKET_OPTIONS = {
  maxPayload: SIGNALING_BYTES_MAX,
  maxFragments: SIGNALING_MESSAGES_MAX,
  perMessageDeflate: false,
} as const;

export interface WebSocketChannelOptions {
  readonly clock: Clock;
  /** The first message must have come by then, ms. */
  readonly firstMessageMs: number;
  /** The connection ends then, ms. */
  readonly lifeMs: number;
}

/** A SignalingChannel over an open WebSocket. */
export class WebSocketChannel implements SignalingChannel {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #timers: CancelTimer[] = [];
  #events: SignalingEvents | undefined;
  #early: SignalingMessage[] = [];
  #phase: 'open' | 'closing' | 'closed' = 'open';
  #reason = 'the connection was closed';
  #received = 0;
  #second = { start: 0, count: 0 };

  constructor(socket: WebSocket, options: WebSocketChannelOptions) {
    this.#socket = socket;
    this.#clock = options.clock;
    this.#endAfter(options.lifeMs, 'no answer in time');
    const cancelFirst = this.#endAfter(options.firstMessageMs, 'no answer in time');
    socket.once('message', cancelFirst);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('ping', () => this.#admit());
    socket.on('pong', () => this.#admit());
    socket.on('error', () => this.#end('the connection failed'));
    socket.on('close', () => this.#closed());
  }

  start(events: SignalingEvents): void {
    this.#events = events;
    const early = this.#early;
    this.#early = [];
    for (const message of early) events.onMessage(message);
    if (this.#phase === 'closed') events.onClosed(this.#reason);
  }

  send(message: SignalingMessage): void {
    if (this.#phase === 'open') this.#socket.send(encodeSignalingMessage(message), () => {});
  }

  close(): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'closing';
    this.#socket.close(1000);
    this.#endAfter(SIGNALING_CLOSE_MS, this.#reason);
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#phase !== 'open' || this.#admit() === 'refused') return;
    const bytes = joined(data);
    const message = parseSignalingMessage(isBinary ? bytes : bytes.toString('utf8'));
    if (message === undefined) this.#end('what came was no signaling message');
    else if (this.#events === undefined) this.#early.push(message);
    else this.#events.onMessage(message);
  }

  /** Counts one message or ping against the limits. */
  #admit(): 'admitted' | 'refused' {
    const now = this.#clock.now();
    if (now - this.#second.start >= 1000) this.#second = { start: now, count: 0 };
    this.#received++;
    this.#second.count++;
    const isWithin =
      this.#received <= SIGNALING_MESSAGES_MAX &&
      this.#second.count <= SIGNALING_MESSAGES_PER_SECOND_MAX;
    if (isWithin) return 'admitted';
    this.#end('too many messages');
    return 'refused';
  }

  #endAfter(delayMs: number, reason: string): CancelTimer {
    const cancel = this.#clock.after(delayMs, () => this.#end(reason));
    this.#timers.push(cancel);
    return cancel;
  }

  #end(reason: string): void {
    if (this.#phase === 'open') this.#reason = reason;
    if (this.#phase !== 'closed') this.#phase = 'closing';
    this.#socket.terminate();
  }

  #closed(): void {
    this.#phase = 'closed';
    for (const cancel of this.#timers) cancel();
    this.#events?.onClosed(this.#reason);
  }
}

function joined(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
