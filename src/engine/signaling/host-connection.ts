/**
 * A device's one connection to a rendezvous server for one room: it carries all guests of the room.
 *
 * Invariant: whatever the server does, it holds at most RENDEZVOUS_GUESTS_MAX guests, each bounded
 * as every BoundedChannel is; the first thing a right server would not do ends it. `onClosed` comes
 * exactly once, after that of its guests.
 */
import { WebSocket } from 'ws';

import type { CancelTimer, Clock } from '../../shared/clock.ts';
import {
  CONNECT_TIMEOUT_MS,
  RENDEZVOUS_FRAMES_PER_SECOND_MAX,
  RENDEZVOUS_GUESTS_MAX,
  RENDEZVOUS_SILENCE_MS,
  SIGNALING_CLOSE_MS,
  SIGNALING_CONNECT_TIMEOUT_MS,
  SIGNALING_FIRST_MESSAGE_MS,
} from '../../shared/limits.ts';
import { BoundedChannel, type Transport } from './channel.ts';
import { watchOpening } from './connect-failure.ts';
import {
  encodeHostFrame,
  HOST_FRAME_BYTES_MAX,
  type HostFrame,
  parseHostFrame,
  REPLACED,
} from './host-frame.ts';
import { RateLimit } from './rate-limit.ts';
import type { RoomOwner } from './server.ts';
import { joined, WEBSOCKET_OPTIONS } from './websocket-channel.ts';

export interface HostConnectionOptions {
  /** Of the room, at the server. */
  readonly url: string;
  readonly clock: Clock;
  /** Gets a channel for each guest. */
  readonly owner: RoomOwner;
  onOpen(): void;
  /** `reason`: a few words for a person, why this connection is gone. */
  onClosed(reason: string): void;
}

const BUSY = 'too many computers are connected to it just now';
const NO_RENDEZVOUS = 'it is no rendezvous server';
const REASONS = { 404: NO_RENDEZVOUS, 426: NO_RENDEZVOUS, 429: BUSY, 503: BUSY } as const;

const CLOSE_REASONS: Readonly<Record<number, string>> = {
  1001: 'it was stopped',
  [REPLACED]: 'another connection took its place',
};

/** See the module header. */
export class HostConnection {
  readonly #options: HostConnectionOptions;
  readonly #socket: WebSocket;
  readonly #frames: RateLimit;
  readonly #guests = new Map<number, BoundedChannel>();
  #phase: 'open' | 'leaving' | 'closed' = 'open';
  /** The first one counts. */
  #reason: string | undefined;
  #cancelTimer: CancelTimer;

  /** Begins to connect. */
  constructor(options: HostConnectionOptions) {
    this.#options = options;
    this.#frames = new RateLimit(options.clock, RENDEZVOUS_FRAMES_PER_SECOND_MAX);
    this.#socket = new WebSocket(options.url, {
      ...WEBSOCKET_OPTIONS,
      maxPayload: HOST_FRAME_BYTES_MAX,
      followRedirects: false,
    });
    this.#cancelTimer = this.#endAfter(SIGNALING_CONNECT_TIMEOUT_MS, 'no answer in time');
    this.#listen();
  }

  /** Takes no more guests, and closes when the last one is gone. Safe to call again. */
  leave(): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'leaving';
    this.#closeIfEmpty();
  }

  /** Closes behind what was sent, guests or not. Safe to call again. */
  close(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'leaving';
    this.#cancelTimer();
    this.#cancelTimer = this.#endAfter(SIGNALING_CLOSE_MS, 'it did not say goodbye');
    this.#socket.close(1000);
  }

  #listen(): void {
    const socket = this.#socket;
    watchOpening(socket, REASONS, {
      onOpen: () => this.#opened(),
      onFailed: ({ message }) => this.#end(message),
    });
    socket.on('message', (data, isBinary) => this.#receive(isBinary ? joined(data) : undefined));
    socket.on('ping', () => this.#admit());
    socket.on('pong', () => this.#admit());
    socket.on('close', (code) => this.#closed(code));
  }

  #opened(): void {
    if (this.#phase !== 'open') return;
    this.#watchSilence();
    this.#options.onOpen();
  }

  #receive(bytes: Uint8Array | undefined): void {
    if (this.#socket.readyState !== WebSocket.OPEN || this.#admit() === 'refused') return;
    const frame = bytes === undefined ? undefined : parseHostFrame(bytes);
    if (frame === undefined) this.#end('what it sent is not understood');
    else if (frame.kind === 'opened') this.#guestOpened(frame.guest);
    else if (frame.kind === 'closed') this.#guests.get(frame.guest)?.carrierClosed();
    else this.#guests.get(frame.guest)?.receive(frame.data);
    if (frame?.kind === 'closed') this.#forget(frame.guest);
  }

  #guestOpened(guest: number): void {
    if (this.#guests.has(guest) || this.#guests.size >= RENDEZVOUS_GUESTS_MAX) {
      this.#end('what it sent is not understood');
      return;
    }
    if (this.#phase !== 'open') return this.#send({ kind: 'closed', guest });
    const channel = new BoundedChannel({
      transport: this.#transportOf(guest),
      clock: this.#options.clock,
      firstMessageMs: SIGNALING_FIRST_MESSAGE_MS,
      lifeMs: CONNECT_TIMEOUT_MS,
    });
    this.#guests.set(guest, channel);
    this.#options.owner(channel);
  }

  #transportOf(guest: number): Transport {
    return {
      unsentBytes: () => this.#socket.bufferedAmount,
      send: (data) => this.#send({ kind: 'message', guest, data }),
      close: () => this.#send({ kind: 'closed', guest }),
      terminate: () => {
        this.#send({ kind: 'closed', guest });
        this.#options.clock.soon(() => {
          this.#guests.get(guest)?.carrierClosed();
          this.#forget(guest);
        });
      },
    };
  }

  #forget(guest: number): void {
    this.#guests.delete(guest);
    if (this.#phase === 'leaving') this.#closeIfEmpty();
  }

  #closeIfEmpty(): void {
    if (this.#guests.size === 0) this.close();
  }

  #send(frame: HostFrame): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(encodeHostFrame(frame), () => {});
  }

  /** Counts one frame or ping of the server; one too many ends it. */
  #admit(): 'admitted' | 'refused' {
    if (this.#frames.admit() === 'refused') {
      this.#end('it sent too much');
      return 'refused';
    }
    if (this.#phase === 'open') this.#watchSilence();
    return 'admitted';
  }

  #watchSilence(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#endAfter(RENDEZVOUS_SILENCE_MS, 'it fell silent');
  }

  #endAfter(delayMs: number, reason: string): CancelTimer {
    return this.#options.clock.after(delayMs, () => this.#end(reason));
  }

  #end(reason: string): void {
    if (this.#phase === 'closed') return;
    this.#reason ??= reason;
    this.#socket.terminate();
  }

  #closed(code: number): void {
    const reason = this.#reason ?? CLOSE_REASONS[code] ?? 'the connection was lost';
    this.#phase = 'closed';
    this.#cancelTimer();
    const guests = [...this.#guests.values()];
    this.#guests.clear();
    for (const channel of guests) channel.carrierClosed();
    this.#options.onClosed(reason);
  }
}
