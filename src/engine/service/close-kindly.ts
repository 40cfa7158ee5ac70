/**
 * Ends a connection that was only opened to see whether somebody answers.
 *
 * A plain close, not a reset: to most servers that is a client that changed its mind, while a reset
 * is an error worth a line in the log. A server may speak first (SSH, SMTP, MySQL), and closing with
 * its greeting unread would reset too, so what comes is read until it closes in its turn.
 *
 * Invariant: the socket is closed after `HEALTH_PROBE_CLOSE_MS` at the latest.
 */
import type { Socket } from 'node:net';
import { HEALTH_PROBE_CLOSE_MS } from '../../shared/limits.ts';
import type { Clock } from '../../shared/clock.ts';

export function closeKindly(socket: Socket, clock: Clock): void {
  const cancel = clock.after(HEALTH_PROBE_CLOSE_MS, () => socket.destroy());
  socket.on('error', () => {});
  socket.once('close', cancel);
  socket.resume();
  socket.end();
}
