/**
 * Reaches a signaling server: tries all endpoints at once and keeps the first that opens.
 *
 * Invariant: when the promise settles no other connection is left, opening or open.
 */
import { WebSocket } from 'ws';

import type { Clock } from '../../shared/clock.ts';
import { type PortholeError, portholeError, toError } from '../../shared/errors.ts';
import { CONNECT_TIMEOUT_MS, SIGNALING_CONNECT_TIMEOUT_MS } from '../../shared/limits.ts';
import type { SignalingChannel } from './channel.ts';
import { ConnectFailure, type StatusReasons, watchOpening } from './connect-failure.ts';
import { type Endpoint, roomUrl } from './endpoint.ts';
import { WEBSOCKET_OPTIONS, webSocketChannel } from './websocket-channel.ts';

export interface ConnectSignalingOptions {
  /** Most likely first; the first one's failure is the one reported. */
  readonly endpoints: readonly Endpoint[];
  /** Tag of the room, 16 bytes. */
  readonly room: Uint8Array;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whose room it is, for the reason when it is not there. */
  readonly sought: Sought;
}

/** The room of an invite, or that of a paired device. */
export type Sought = 'invite' | 'device';

/**
 * Connects to a room. Rejects with E_UNREACHABLE and the most telling reason when no endpoint
 * answers within SIGNALING_CONNECT_TIMEOUT_MS, and with the reason of `signal` when it aborts. When
 * a server answered that the room is not there, the cause is a ConnectFailure with its time of day.
 */
export async function connectSignaling(
  options: ConnectSignalingOptions,
): Promise<SignalingChannel> {
  options.signal.throwIfAborted();
  const attempts = options.endpoints.map((endpoint) => new Attempt(endpoint, options));
  const stop = interruption(options);
  let winner: Attempt | undefined;
  try {
    const first = Promise.any(attempts.map(async (attempt) => await attempt.opened));
    winner = await Promise.race([first, stop.promise]);
    return winner.channel;
  } catch (error) {
    throw error instanceof AggregateError ? unreachable(error.errors) : error;
  } finally {
    stop.cancel();
    for (const attempt of attempts) if (attempt !== winner) attempt.abandon();
  }
}

/** One endpoint being tried. */
class Attempt {
  /** Rejects with a ConnectFailure. */
  readonly opened: Promise<Attempt>;
  readonly channel: SignalingChannel;
  readonly #socket: WebSocket;

  constructor(endpoint: Endpoint, options: ConnectSignalingOptions) {
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
        onOpen: () => resolve(this),
        onFailed: reject,
      });
    });
  }

  abandon(): void {
    this.#socket.terminate();
  }
}

const BUSY = 'too many computers are connecting to it just now';

const REASONS: Readonly<Record<Sought, StatusReasons>> = {
  invite: { 404: 'this invite is not open there any more', 429: BUSY, 503: BUSY },
  device: { 404: 'the other computer is not waiting there', 429: BUSY, 503: BUSY },
};

/** A promise that rejects when time is up or the signal aborts. */
function interruption({ clock, signal }: ConnectSignalingOptions): {
  readonly promise: Promise<never>;
  cancel(): void;
} {
  const cancels: (() => void)[] = [];
  const promise = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => reject(toError(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    cancels.push(() => signal.removeEventListener('abort', onAbort));
    const reason = `no answer within ${SIGNALING_CONNECT_TIMEOUT_MS / 1000} s`;
    const onTimeout = (): void => reject(portholeError('E_UNREACHABLE', { reason }));
    cancels.push(clock.after(SIGNALING_CONNECT_TIMEOUT_MS, onTimeout));
  });
  return { promise, cancel: () => cancels.forEach((cancel) => cancel()) };
}

function unreachable(failures: readonly unknown[]): PortholeError {
  const told = mostTelling(failures) ?? new Error('the invite names no address');
  const cause = toError(told);
  return portholeError('E_UNREACHABLE', { reason: cause.message }, { cause });
}

/** A server without the room knows more than a busy one, and that more than silence. */
function mostTelling(failures: readonly unknown[]): unknown {
  const answered = failures.filter(
    (failure) => failure instanceof ConnectFailure && failure.status !== undefined,
  ) as readonly ConnectFailure[];
  return answered.find(({ status }) => status === 404) ?? answered[0] ?? failures[0];
}
