/**
 * Notices when a carrier has gone silent: PING while there is traffic or not, and any message is a
 * sign of life.
 *
 *   well     heard lately
 *   doubted  there is reason to doubt it, and it was asked: a new carrier is worth trying
 *   suspect  silent for longer than an answer could take: where there is another, it is done with
 *
 * Invariant: silence is counted only while this process was running and asking; after a stop the
 * carrier is doubted until it is heard again, and has all its time to be.
 */
import {
  HEARTBEAT_TICK_MS,
  LINK_SILENCE_MS,
  PING_ACTIVE_MS,
  PING_IDLE_MS,
  SUSPECT_ACTIVE_MS,
  SUSPECT_IDLE_MS,
  SUSPECT_ROUND_TRIPS,
} from '../../shared/limits.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';

/** A tick later than this was not a busy event loop but a process that did not run, ms. */
const STOPPED_MS = 3000;

/** Weight of a new sample in the smoothed round trip (RFC 6298). */
const SMOOTHING = 1 / 8;

export type Health = 'well' | 'doubted' | 'suspect';

export interface HeartbeatEvents {
  /** Whether there are sockets: then the peer is asked every second, else every four. */
  isActive(): boolean;
  sendPing(id: number): void;
  /** `health` changed. */
  onHealth(): void;
  onSilent(): void;
}

export class Heartbeat {
  readonly #clock: Clock;
  readonly #events: HeartbeatEvents;
  #cancel: CancelTimer;
  #health: Health = 'well';
  #heardAt: number;
  /** Since when silence counts: it was heard, or began to be asked every second. */
  #silentSince: number;
  #activity: 'active' | 'idle' = 'idle';
  #tickedAt: number;
  #pingedAt: number;
  #pingId = 0;
  #roundTripMs: number | undefined;

  constructor(clock: Clock, events: HeartbeatEvents) {
    this.#clock = clock;
    this.#events = events;
    const now = clock.now();
    this.#heardAt = now;
    this.#silentSince = now;
    this.#tickedAt = now;
    this.#pingedAt = now - PING_IDLE_MS;
    this.#cancel = clock.after(0, this.#tick);
  }

  get health(): Health {
    return this.#health;
  }

  /** Smoothed round trip of the PINGs that were answered, ms. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** A message of any kind came. */
  onMessage(): void {
    this.#heardAt = this.#clock.now();
    this.#silentSince = this.#heardAt;
    this.#become('well');
  }

  onPong(id: number): void {
    if (id !== this.#pingId) return;
    const sample = this.#clock.now() - this.#pingedAt;
    const before = this.#roundTripMs ?? sample;
    this.#roundTripMs = before + (sample - before) * SMOOTHING;
  }

  /** There is reason to doubt it (this computer slept, its network changed): asks at once. */
  doubt(): void {
    this.#ping(this.#clock.now());
    if (this.#health === 'well') this.#become('doubted');
  }

  stop(): void {
    this.#cancel();
  }

  readonly #tick = (): void => {
    const now = this.#clock.now();
    const wasStopped = now - this.#tickedAt > HEARTBEAT_TICK_MS + STOPPED_MS;
    this.#tickedAt = now;
    if (wasStopped) {
      this.#heardAt = now;
      this.#silentSince = now;
    }
    if (now - this.#heardAt > LINK_SILENCE_MS) return this.#events.onSilent();
    this.#cancel = this.#clock.after(HEARTBEAT_TICK_MS, this.#tick);
    this.#updateActivity(now);
    if (wasStopped) return this.doubt();
    const interval = this.#activity === 'active' ? PING_ACTIVE_MS : PING_IDLE_MS;
    if (now - this.#pingedAt >= interval - HEARTBEAT_TICK_MS / 2) this.#ping(now);
    if (now - this.#silentSince > this.#patienceMs) this.#become('suspect');
  };

  get #patienceMs(): number {
    const least = this.#activity === 'active' ? SUSPECT_ACTIVE_MS : SUSPECT_IDLE_MS;
    return Math.max(least, SUSPECT_ROUND_TRIPS * (this.#roundTripMs ?? 0));
  }

  #updateActivity(now: number): void {
    const activity = this.#events.isActive() ? 'active' : 'idle';
    if (activity === this.#activity) return;
    this.#activity = activity;
    this.#silentSince = now;
  }

  #become(health: Health): void {
    if (health === this.#health) return;
    this.#health = health;
    this.#events.onHealth();
  }

  #ping(now: number): void {
    this.#pingId = (this.#pingId + 1) >>> 0;
    this.#pingedAt = now;
    this.#events.sendPing(this.#pingId);
  }
}
