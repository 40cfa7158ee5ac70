/**
 * Reaches a signaling server: tries all endpoints at once and keeps the first that opens.
 *
 * Invariant: when the promise settles no other connection is left, opening or open.
 */
import { WebSocket } from 'ws';

import type { Clock } from '../../shared/clock.ts';
import { type PortholeError, portholeError, toError } from '../../shared/errors.ts';
import { CONNECT_TIMEOUT_MS, SIGNALING_CONNECT_TIMEOUT_MS } from '../../shared/limits.ts';
import { type SignalingChannel, WEBSOCKET_OPTIONS, WebSocketChannel } from './channel.ts';
import { type Endpoint, roomUrl } from './endpoint.ts';

export interface ConnectSignalingOptions {
  /** Most likely first; the first one's failure is the one reported. */
  readonly endpoints: readonly Endpoint[];
  /** Tag of the room, 16 bytes. */
  readonly room: Uint8Array;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Connects to a room. Rejects with E_UNREACHABLE and the most telling reason when no endpoint
 * answers within SIGNALING_CONNECT_TIMEOUT_MS, and with the reason of `signal` when it aborts.
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
    this.channel = new WebSocketChannel(this.#socket, {
      clock: options.clock,
      firstMessageMs: CONNECT_TIMEOUT_MS,
      lifeMs: CONNECT_TIMEOUT_MS,
    });
    this.opened = new Promise((resolve, reject) => {
      this.#socket.once('open', () => resolve(this));
      this.#socket.once('unexpected-response', (request, response) => {
        reject(new ConnectFailure(reasonOfStatus(response.statusCode ?? 0), 'answered'));
        request.destroy();
      });
      this.#socket.on('error', (error) => {
        reject(new ConnectFailure(reasonOfError(error), 'silent', { cause: error }));
      });
    });
  }

  abandon(): void {
    this.#socket.terminate();
  }
}

/** Its message is a few words for a person. */
class ConnectFailure extends Error {
  readonly server: 'answered' | 'silent';

  constructor(reason: string, server: 'answered' | 'silent', options?: ErrorOptions) {
    super(reason, options);
    this.server = server;
  }
}

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
  const answered = failures.find(
    (failure) => failure instanceof ConnectFailure && failure.server === 'answered',
  );
  const told = answered ?? failures[0] ?? new Error('the invite names no address');
  const cause = toError(told);
  return portholeError('E_UNREACHABLE', { reason: cause.message }, { cause });
}

function reasonOfStatus(status: number): string {
  if (status === 404) return 'this invite is not open there any more';
  if (status === 429 || status === 503) return 'too many computers are connecting to it just now';
  return `it answered with HTTP status ${status}`;
}

function reasonOfError(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ECONNREFUSED':
      return 'the connection was refused';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return 'there is no way to its network';
    case 'ETIMEDOUT':
      return 'no answer';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name could not be resolved';
    default:
      return 'the connection failed';
  }
}
