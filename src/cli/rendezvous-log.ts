/**
 * The log of a rendezvous server: one JSON object a line on standard error.
 *
 * Invariant: counts and what the server itself does, never a tag, an address or anything else about
 * one person; counts at most every RENDEZVOUS_LOG_MS, and only when something happened.
 */
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import type { RendezvousLoad } from '../engine/rendezvous.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';
import { RENDEZVOUS_LOG_MS } from '../shared/limits.ts';

/** Writes at once: what was logged is not lost when the process ends. */
export function createLog(
  destination: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Logger {
  return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

export interface CountLogOptions {
  readonly log: Logger;
  readonly clock: Clock;
  readonly load: () => RendezvousLoad;
}

/** Logs what happened since the last time; the returned function stops it. */
export function logCounts({ log, clock, load }: CountLogOptions): CancelTimer {
  let before = load().counts;
  let cancel = clock.after(RENDEZVOUS_LOG_MS, tick);
  function tick(): void {
    const { rooms, connections, counts } = load();
    const since = {
      hosts: counts.hosts - before.hosts,
      guests: counts.guests - before.guests,
      messages: counts.messages - before.messages,
      refused: counts.refused - before.refused,
    };
    if (Object.values(since).some((count) => count > 0)) {
      log.info({ rooms, connections, ...since }, 'counts');
    }
    before = counts;
    cancel = clock.after(RENDEZVOUS_LOG_MS, tick);
  }
  return () => cancel();
}
