/**
 * A room of a rendezvous server: the connection of its host, and the guests it carries.
 *
 * Invariant: guests get numbers upwards, never again the same; what a guest sends reaches its host
 * only, what the host sends reaches the guest it names only. A guest can be cut off for what it
 * does, the host only for what the host does. When the host's connection is gone so are all guests.
 */
import type { WebSocket } from 'ws';

import type { CancelTimer, Clock } from '../../shared/clock.ts';
import {
  RENDEZVOUS_FRAMES_PER_SECOND_MAX,
  RENDEZVOUS_GUESTS_MAX,
  RENDEZVOUS_GUESTS_PER_SECOND_MAX,
  RENDEZVOUS_HOST_BUFFERED_BYTES_MAX,
  RENDEZVOUS_MISSED_PINGS_MAX,
  RENDEZVOUS_PING_MS,
  SIGNALING_CLOSE_MS,
  SIGNALING_CONNECTIONS_PER_ADDRESS_MAX,
  SIGNALING_MESSAGES_MAX,
} from '../../shared/limits.ts';
import { AddressCounter } from './address-counter.ts';
import type { SignalingChannel } from './channel.ts';
import { encodeSignalingMessage, parseSignalingMessage } from './envelope.ts';
import { encodeHostFrame, type HostFrame, parseHostFrame, REPLACED } from './host-frame.ts';
import { RateLimit } from './rate-limit.ts';
import { joined } from './websocket-channel.ts';

export interface HostedRoomOptions {
  /** The host's open connection. */
  readonly socket: WebSocket;
  readonly clock: Clock;
  /** A message was passed on. */
  onMessage(): void;
  /** The host is gone. */
  onClosed(): void;
}

interface Guest {
  readonly channel: SignalingChannel;
  /** Messages the host sent to it. */
  sent: number;
}

/** See the module header. */
export class HostedRoom {
  readonly #options: HostedRoomOptions;
  readonly #socket: WebSocket;
  readonly #frames: RateLimit;
  readonly #arrivals: RateLimit;
  readonly #guests = new Map<number, Guest>();
  readonly #addresses = new AddressCounter(SIGNALING_CONNECTIONS_PER_ADDRESS_MAX);
  #nextGuest = 1;
  #missedPings = 0;
  #cancelTimer: CancelTimer;

  constructor(options: HostedRoomOptions) {
    const { socket, clock } = options;
    this.#options = options;
    this.#socket = socket;
    this.#frames = new RateLimit(clock, RENDEZVOUS_FRAMES_PER_SECOND_MAX);
    this.#arrivals = new RateLimit(clock, RENDEZVOUS_GUESTS_PER_SECOND_MAX);
    this.#cancelTimer = clock.after(RENDEZVOUS_PING_MS, () => this.#ping());
    socket.on('message', (data, isBinary) => this.#receive(isBinary ? joined(data) : undefined));
    socket.on('ping', () => this.#admit());
    socket.on('pong', () => {
      if (this.#admit() === 'admitted') this.#missedPings = 0;
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.#closed());
  }

  /** Whether another guest may come: 101, or the HTTP status to turn it away with. */
  statusFor(address: string): 101 | 429 | 503 {
    const isBusy =
      this.#guests.size >= RENDEZVOUS_GUESTS_MAX ||
      this.#socket.bufferedAmount > RENDEZVOUS_HOST_BUFFERED_BYTES_MAX ||
      this.#arrivals.admit() === 'refused';
    if (isBusy) return 503;
    return this.#addresses.stateOf(address) === 'free' ? 101 : 429;
  }

  /** Takes a guest in. */
  welcome(channel: SignalingChannel, address: string): void {
    const id = this.#nextGuest++;
    const guest: Guest = { channel, sent: 0 };
    this.#guests.set(id, guest);
    this.#addresses.add(address);
    this.#send({ kind: 'opened', guest: id });
    channel.start({
      onMessage: (message) => this.#toHost(id, encodeSignalingMessage(message)),
      onClosed: () => {
        this.#guests.delete(id);
        this.#addresses.remove(address);
        this.#send({ kind: 'closed', guest: id });
      },
    });
  }

  /** Another connection hosts the room from now on. */
  replace(): void {
    this.#close(REPLACED);
  }

  #toHost(id: number, data: Uint8Array | string): void {
    if (this.#socket.bufferedAmount > RENDEZVOUS_HOST_BUFFERED_BYTES_MAX) {
      this.#guests.get(id)?.channel.close();
      return;
    }
    this.#options.onMessage();
    this.#send({ kind: 'message', guest: id, data });
  }

  #receive(bytes: Uint8Array | undefined): void {
    if (this.#socket.readyState !== this.#socket.OPEN || this.#admit() === 'refused') return;
    this.#missedPings = 0;
    const frame = bytes === undefined ? undefined : parseHostFrame(bytes);
    if (frame === undefined || frame.kind === 'opened') this.#socket.terminate();
    // One that has just gone is no fault of the host.
    else this.#toGuest(frame, this.#guests.get(frame.guest));
  }

  #toGuest(frame: Exclude<HostFrame, { kind: 'opened' }>, guest: Guest | undefined): void {
    if (frame.kind === 'closed') return guest?.channel.close();
    const message = parseSignalingMessage(frame.data);
    if (message === undefined) return this.#socket.terminate();
    if (guest === undefined) return;
    guest.sent++;
    if (guest.sent > SIGNALING_MESSAGES_MAX) return guest.channel.close();
    this.#options.onMessage();
    guest.channel.send(message);
  }

  /** Counts one frame or ping of the host; one too many ends it. */
  #admit(): 'admitted' | 'refused' {
    const verdict = this.#frames.admit();
    if (verdict === 'refused') this.#socket.terminate();
    return verdict;
  }

  #ping(): void {
    if (this.#missedPings >= RENDEZVOUS_MISSED_PINGS_MAX) return this.#socket.terminate();
    this.#missedPings++;
    this.#socket.ping(undefined, undefined, () => {});
    this.#cancelTimer = this.#options.clock.after(RENDEZVOUS_PING_MS, () => this.#ping());
  }

  #send(frame: HostFrame): void {
    this.#socket.send(encodeHostFrame(frame), () => {});
  }

  #close(code: number): void {
    this.#cancelTimer();
    this.#socket.close(code);
    this.#cancelTimer = this.#options.clock.after(SIGNALING_CLOSE_MS, () =>
      this.#socket.terminate(),
    );
  }

  #closed(): void {
    this.#cancelTimer();
    for (const { channel } of this.#guests.values()) channel.close();
    this.#options.onClosed();
  }
}
