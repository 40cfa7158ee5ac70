/**
 * Why a WebSocket to a signaling server did not open, in a few words for a person.
 *
 * Invariant: the words hold no address and no tag.
 */
import type { IncomingMessage } from 'node:http';

import type { WebSocket } from 'ws';

/** Its message is a few words for a person. */
export class ConnectFailure extends Error {
  /** The HTTP status the server answered with; `undefined` when none answered. */
  readonly status: number | undefined;
  /** The server's time of day, ms since 1970, when its answer said it (RFC 9110 §6.6.1). */
  readonly serverTime: number | undefined;

  constructor(reason: string, answer: ServerAnswer = {}, options?: ErrorOptions) {
    super(reason, options);
    this.status = answer.status;
    this.serverTime = answer.serverTime;
  }
}

interface ServerAnswer {
  readonly status?: number;
  readonly serverTime?: number | undefined;
}

/** What the statuses of a server mean where it was asked for. */
export type StatusReasons = Readonly<Record<number, string>>;

export interface OpeningEvents {
  onOpen(): void;
  onFailed(failure: ConnectFailure): void;
}

/** Tells, before its `close` event, how the opening of `socket` ends; only the first call counts. */
export function watchOpening(
  socket: WebSocket,
  reasons: StatusReasons,
  events: OpeningEvents,
): void {
  socket.once('open', () => events.onOpen());
  socket.once('unexpected-response', (request, response) => {
    events.onFailed(failureOf(response, reasons));
    request.destroy();
  });
  socket.on('error', (cause) => {
    events.onFailed(new ConnectFailure(reasonOfError(cause), {}, { cause }));
  });
}

function failureOf(response: IncomingMessage, reasons: StatusReasons): ConnectFailure {
  const status = response.statusCode ?? 0;
  const time = Date.parse(response.headers.date ?? '');
  const reason = reasons[status] ?? `it answered with HTTP status ${status}`;
  return new ConnectFailure(reason, { status, serverTime: Number.isNaN(time) ? undefined : time });
}

const UNTRUSTED = 'its certificate is not trusted';
const NO_WAY = 'there is no way to its network';
const UNRESOLVED = 'its name could not be resolved';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  EHOSTUNREACH: NO_WAY,
  ENETUNREACH: NO_WAY,
  EADDRNOTAVAIL: NO_WAY,
  ETIMEDOUT: 'no answer',
  ENOTFOUND: UNRESOLVED,
  EAI_AGAIN: UNRESOLVED,
  CERT_HAS_EXPIRED: 'its certificate has expired, or a clock is wrong',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet, or a clock is wrong',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
};

function reasonOfError(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? 'the connection failed';
}
