/**
 * Opens a TCP connection to a target. A name is resolved anew each time, and all its addresses are
 * tried (RFC 8305 by Node's autoSelectFamily).
 *
 * Invariant: exactly one of `onConnected` and `onFailed` is called, unless `cancel()` came first;
 * no socket outlives a cancelled or failed attempt.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { DIAL_TIMEOUT_MS } from '../../shared/limits.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Target } from '../../shared/target.ts';
import type { DialAttempt, DialOutcome } from '../tunnel/dialer.ts';
import { TcpConnection } from '../tunnel/tcp-connection.ts';

const LOOPBACK_HOSTS = ['127.0.0.1', '::1'];

/** Starts dialing; the outcome comes later, never before this returns. */
export function dialTarget(target: Target, outcome: DialOutcome, clock: Clock): DialAttempt {
  const hosts = target.host === 'loopback' ? LOOPBACK_HOSTS : [target.host.name];
  let socket: Socket | undefined;
  let done = false;

  const finish = (report: () => void): void => {
    if (done) return;
    done = true;
    cancelTimer();
    report();
  };
  const fail = (code: ErrorCode): void => {
    socket?.destroy();
    finish(() => outcome.onFailed(code));
  };
  const cancelTimer = clock.after(DIAL_TIMEOUT_MS, () => fail('E_TARGET_TIMEOUT'));

  // The first answer tells more: a computer without IPv6 has nothing to say about ::1.
  let firstError: NodeJS.ErrnoException | undefined;
  const tryNext = (index: number): void => {
    const attempt = connect({
      host: hosts[index] as string,
      port: target.port,
      allowHalfOpen: true,
    });
    socket = attempt;
    attempt.once('error', (error: NodeJS.ErrnoException) => {
      if (done) return;
      firstError ??= error;
      if (index + 1 < hosts.length) tryNext(index + 1);
      else fail(codeOf(firstError));
    });
    attempt.once('connect', () => {
      attempt.removeAllListeners('error');
      finish(() => outcome.onConnected(new TcpConnection(attempt, clock)));
    });
  };
  tryNext(0);
  return {
    cancel: () => {
      finish(() => socket?.destroy());
    },
  };
}

/** Node wraps the errors of several addresses in one AggregateError that carries the code of the first. */
function codeOf(error: NodeJS.ErrnoException): ErrorCode {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'E_TARGET_REFUSED';
    case 'ETIMEDOUT':
      return 'E_TARGET_TIMEOUT';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'ENODATA':
      return 'E_TARGET_UNRESOLVED';
    case undefined:
    default:
      return 'E_TARGET_UNREACHABLE';
  }
}
