/**
 * Reaches a room: tries all endpoints at once, and talks at those that open until one talk shows
 * whom it looks for.
 *
 * An endpoint that opens proves nothing: an address can be somebody else's by now. So the talks take
 * turns. What refuses, says nonsense or hangs up drops out at once, what is silent no longer holds
 * the others up after SIGNALING_TALK_PATIENCE_MS. More than one talk with the right computer would
 * only disturb it, so they do not all begin together.
 *
 * Invariant: when the promise settles no other connection is left, opening or open.
 */
import { WebSocket } from 'ws';

import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { PortholeError, portholeError, toError } from '../../shared/errors.ts';
import {
  CONNECT_TIMEOUT_MS,
  SIGNALING_CONNECT_TIMEOUT_MS,
  SIGNALING_REFUSAL_PATIENCE_MS,
  SIGNALING_TALK_PATIENCE_MS,
} from '../../shared/limits.ts';
import type { SignalingChannel } from './channel.ts';
import { ConnectFailure, type StatusReasons, watchOpening } from './connect-failure.ts';
import { type Endpoint, roomUrl } from './endpoint.ts';
import { WEBSOCKET_OPTIONS, webSocketChannel } from './websocket-channel.ts';

export interface ConnectSignalingOptions<T> {
  /** Most likely first; the first one's failure is the one reported. */
  readonly endpoints: readonly Endpoint[];
  /** Tag of the room, 16 bytes. */
  readonly room: Uint8Array;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whose room it is, for the reason when it is not there. */
  readonly sought: Sought;
  /**
   * Begins a talk; resolves when the other end has shown that it is the right one. A rejection with
   * another code than E_UNREACHABLE is a refusal: told when no other talk succeeds soon. The channel
   * of a talk that rejects, or comes too late, is closed.
   */
  talk(channel: SignalingChannel): Promise<T>;
}

/** The room of an invite, or that of a paired device. */
export type Sought = 'invite' | 'device';

/** Why no endpoint led anywhere; the message is the most telling reason. */
export class SignalingFailure extends Error {
  /** What the servers that answered say the time of day is, ms since 1970. */
  readonly serverTimes: readonly number[];

  constructor(reason: string, serverTimes: readonly number[], options?: ErrorOptions) {
    super(reason, options);
    this.serverTimes = serverTimes;
  }
}

/**
 * Resolves with what the first talk to succeed came to. Rejects with a refusal, with E_UNREACHABLE
 * and the most telling reason (its cause is a SignalingFailure) when no endpoint opens within
 * SIGNALING_CONNECT_TIMEOUT_MS or every talk failed, and with the reason of `signal` when it aborts.
 */
export async function connectSignaling<T>(options: ConnectSignalingOptions<T>): Promise<T> {
  options.signal.throwIfAborted();
  return await new Search(options).result;
}

/** All endpoints of one call, until one talk succeeds. */
class Search<T> {
  readonly result: Promise<T>;
  readonly #options: ConnectSignalingOptions<T>;
  readonly #attempts: readonly Attempt[];
  /** Neither open nor failed. */
  readonly #opening: Set<Attempt>;
  /** Open, and nobody has talked there yet. */
  #waiting: Attempt[] = [];
  #talking = 0;
  /** Talks that may be under way at once. */
  #turns = 1;
  #patience: 'full' | 'running-out' = 'full';
  readonly #failures = new Map<Attempt, Error>();
  readonly #timers: CancelTimer[] = [];
  #state: 'searching' | 'settled' = 'searching';
  #settle!: { resolve(value: T): void; reject(error: Error): void };

  constructor(options: ConnectSignalingOptions<T>) {
    this.#options = options;
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#attempts = options.endpoints.map((endpoint) => new Attempt(endpoint, options));
    this.#opening = new Set(this.#attempts);
    for (const attempt of this.#attempts) void this.#watch(attempt);
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
    const reason = `no answer within ${SIGNALING_CONNECT_TIMEOUT_MS / 1000} s`;
    this.#after(SIGNALING_CONNECT_TIMEOUT_MS, () => this.#stopOpening(new ConnectFailure(reason)));
    if (this.#attempts.length === 0) this.#settleIfHopeless();
  }

  readonly #onAbort = (): void => this.#fail(toError(this.#options.signal.reason));

  async #watch(attempt: Attempt): Promise<void> {
    try {
      await attempt.opened;
    } catch (thrown) {
      if (this.#opening.delete(attempt)) this.#failed(attempt, toError(thrown));
      return;
    }
    if (!this.#opening.delete(attempt)) return;
    this.#waiting.push(attempt);
    this.#takeTurns();
  }

  #takeTurns(): void {
    while (this.#state === 'searching' && this.#talking < this.#turns) {
      const attempt = this.#waiting.shift();
      if (attempt === undefined) return;
      if (this.#patience === 'full') this.#losePatience();
      void this.#talk(attempt);
    }
  }

  /** Twice as many talks each time: a crowd of silent servers takes seconds, not minutes. */
  #losePatience(): void {
    this.#patience = 'running-out';
    this.#after(SIGNALING_TALK_PATIENCE_MS, () => {
      this.#turns *= 2;
      this.#losePatience();
      this.#takeTurns();
    });
  }

  async #talk(attempt: Attempt): Promise<void> {
    this.#talking += 1;
    try {
      const value = await this.#options.talk(attempt.channel);
      if (this.#state === 'settled') return;
      this.#end(attempt);
      this.#settle.resolve(value);
    } catch (thrown) {
      this.#talking -= 1;
      attempt.abandon();
      this.#refused(attempt, toError(thrown));
    }
  }

  #refused(attempt: Attempt, error: Error): void {
    if (isRefusal(error)) this.#after(SIGNALING_REFUSAL_PATIENCE_MS, () => this.#fail(error));
    this.#failed(attempt, error);
    this.#takeTurns();
  }

  #failed(attempt: Attempt, error: Error): void {
    this.#failures.set(attempt, error);
    this.#settleIfHopeless();
  }

  #settleIfHopeless(): void {
    if (this.#opening.size + this.#waiting.length + this.#talking > 0) return;
    const failures = this.#attempts.flatMap((attempt) => this.#failures.get(attempt) ?? []);
    this.#fail(unreachable(failures, NO_ADDRESS[this.#options.sought]));
  }

  #stopOpening(failure: ConnectFailure): void {
    for (const attempt of this.#opening) {
      this.#opening.delete(attempt);
      attempt.abandon();
      this.#failed(attempt, failure);
    }
  }

  #fail(error: Error): void {
    if (this.#state === 'settled') return;
    this.#end(undefined);
    this.#settle.reject(error);
  }

  #end(winner: Attempt | undefined): void {
    this.#state = 'settled';
    for (const cancel of this.#timers) cancel();
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    for (const attempt of this.#attempts) if (attempt !== winner) attempt.abandon();
  }

  #after(delayMs: number, act: () => void): void {
    if (this.#state === 'searching') this.#timers.push(this.#options.clock.after(delayMs, act));
  }
}

/** One endpoint being tried. */
class Attempt {
  /** Rejects with a ConnectFailure. */
  readonly opened: Promise<void>;
  readonly channel: SignalingChannel;
  readonly #socket: WebSocket;

  constructor(endpoint: Endpoint, options: ConnectSignalingOptions<unknown>) {
    this.#socket = new WebSocket(roomUrl(endpoint, options.room), {
      ...WEBSOCKET_OPTIONS,
      followRedirects: false,
    });
    // Listens from the start: the first message can come in the same turn as the opening.
    this.channel = webSocketChannel(this.#socket, {
      clock: options.clock,
      firstMessageMs: CONNECT_TIMEOUT_MS,
      lifeMs: CONNECT_TIMEOUT_MS,
    });
    this.opened = new Promise((resolve, reject) => {
      watchOpening(this.#socket, REASONS[options.sought], {
        onOpen: resolve,
        onFailed: reject,
      });
    });
  }

  abandon(): void {
    this.#socket.terminate();
  }
}

const NO_ADDRESS: Readonly<Record<Sought, string>> = {
  invite: 'the invite names no address',
  device: 'no address of it is known',
};

const BUSY = 'too many computers are connecting to it just now';

const REASONS: Readonly<Record<Sought, StatusReasons>> = {
  invite: { 404: 'this invite is not open there any more', 429: BUSY, 503: BUSY },
  device: { 404: 'the other computer is not waiting there', 429: BUSY, 503: BUSY },
};

function isRefusal(error: Error): boolean {
  return error instanceof PortholeError && error.code !== 'E_UNREACHABLE';
}

/** The refusal, if there was one; else E_UNREACHABLE. */
function unreachable(failures: readonly Error[], noAddress: string): PortholeError {
  const told = mostTelling(failures) ?? new Error(noAddress);
  if (told instanceof PortholeError && isRefusal(told)) return told;
  const { message } = told instanceof PortholeError ? toError(told.cause ?? told) : told;
  const serverTimes = failures.flatMap((failure) =>
    failure instanceof ConnectFailure ? (failure.serverTime ?? []) : [],
  );
  const cause = new SignalingFailure(message, serverTimes, { cause: told });
  return portholeError('E_UNREACHABLE', { reason: message }, { cause });
}

/**
 * Of talks a refusal knows most; a talk that failed knows more than a server without the room, and
 * that more than a busy one, and that more than silence.
 */
function mostTelling(failures: readonly Error[]): Error | undefined {
  const talks = failures.filter((failure) => failure instanceof PortholeError);
  const opening = failures.filter((failure) => failure instanceof ConnectFailure);
  const answered = opening.filter(({ status }) => status !== undefined);
  const absent = answered.find(({ status }) => status === 404);
  return talks.find(isRefusal) ?? talks[0] ?? absent ?? answered[0] ?? failures[0];
}
