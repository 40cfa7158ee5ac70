/**
 * Notices when the peer has gone silent: PING while there is traffic or not, and any message is a
 * sign of life.
 *
 * Invariant: silence is counted only while this process was running; a computer that slept, or a
 * stopped process, gives the peer a fresh start.
 */
import { LINK_SILENCE_MS, PING_ACTIVE_MS, PING_IDLE_MS } from '../../shared/limits.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';

/** A tick later than this was not a busy event loop but a process that did not run, ms. */
const STOPPED_MS = 3 * PING_ACTIVE_MS;

export interface HeartbeatEvents {
  /** Whether there are sockets: then the peer is asked every second, else every four. */
  isActive(): boolean;
  sendPing(id: number): void;
  onSilent(): void;
}

export class Heartbeat {
  readonly #clock: Clock;
  readonly #events: HeartbeatEvents;
  #cancel: CancelTimer;
  #heardAt: number;
  #tickedAt: number;
  #pingedAt: number;
  #pingId = 0;
  #roundTripMs: number | undefined;

  constructor(clock: Clock, events: HeartbeatEvents) {
    this.#clock = clock;
    this.#events = events;
    const now = clock.now();
    this.#heardAt = now;
    this.#tickedAt = now;
    this.#pingedAt = now - PING_IDLE_MS;
    this.#cancel = clock.after(0, this.#tick);
  }

  /** Round trip of the last PING that was answered, ms. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** A message of any kind came. */
  onMessage(): void {
    this.#heardAt = this.#clock.now();
  }

  onPong(id: number): void {
    if (id === this.#pingId) this.#roundTripMs = this.#clock.now() - this.#pingedAt;
  }

  stop(): void {
    this.#cancel();
  }

  readonly #tick = (): void => {
    const now = this.#clock.now();
    const sinceTick = now - this.#tickedAt;
    const wasStopped = sinceTick > PING_ACTIVE_MS + STOPPED_MS;
    if (wasStopped) this.#heardAt = now;
    this.#tickedAt = now;
    if (now - this.#heardAt > LINK_SILENCE_MS) return this.#events.onSilent();
    this.#cancel = this.#clock.after(PING_ACTIVE_MS, this.#tick);
    const interval = this.#events.isActive() ? PING_ACTIVE_MS : PING_IDLE_MS;
    if (now - this.#pingedAt >= interval - PING_ACTIVE_MS / 2) this.#ping(now);
  };

  #ping(now: number): void {
    this.#pingId = (this.#pingId + 1) >>> 0;
    this.#pingedAt = now;
    this.#events.sendPing(this.#pingId);
  }
}
