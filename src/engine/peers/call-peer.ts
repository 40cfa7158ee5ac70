/**
 * Calls a paired device where it was last: all its addresses at once, and through its rendezvous
 * servers.
 */
import type { Clock } from '../../shared/clock.ts';
import { portholeError, toError } from '../../shared/errors.ts';
import { CALL_DAYS_MAX, CALL_TIMEOUT_MS } from '../../shared/limits.ts';
import { startDeadline } from '../deadline.ts';
import type { Deadline } from '../deadline.ts';
import type { Room } from '../pairing/claim.ts';
import { derivePeerKeys } from '../pairing/keys.ts';
import type { PairingKeys } from '../pairing/keys.ts';
import { SignalingFailure } from '../signaling/client.ts';
import type { Endpoint } from '../signaling/endpoint.ts';
import type { PeerRecord } from '../store/peer-record.ts';
import { meet } from './meet.ts';
import type { MeetOptions } from './meet.ts';
import { utcDayOf } from './peer-room.ts';

export interface CallPeerOptions extends Omit<
  MeetOptions<void>,
  'room' | 'deadline' | 'useCarrier'
> {
  readonly record: Pick<PeerRecord, 'pairKey'>;
  readonly endpoints: readonly Endpoint[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Time of day, ms since 1970. */
  readonly timeOfDay: () => number;
  readonly useCarrier: (
    carrier: Parameters<MeetOptions<void>['useCarrier']>[0],
    keys: PairingKeys,
    cancelled: AbortSignal,
  ) => Promise<void>;
}

/**
 * Resolves when the link is up. Rejects with E_UNREACHABLE, E_IDENTITY, or the reason of `signal`.
 * A wrong clock here does not matter: the server that answered says what day it is there.
 */
export async function callPeer(options: CallPeerOptions): Promise<void> {
  const { clock, signal, timeOfDay } = options;
  const deadline = startDeadline({
    clock,
    parent: signal,
    afterMs: CALL_TIMEOUT_MS,
    error: portholeError('E_UNREACHABLE', { reason: 'no connection came about in time' }),
  });
  const today = utcDayOf(timeOfDay());
  try {
    await callOn(today, options, deadline);
  } catch (thrown) {
    const others = daysThere(thrown).filter((day) => day !== today);
    await callOnOneOf(others, { thrown, options, deadline });
  } finally {
    deadline.cancel();
  }
}

/** The days that servers that answered say it is; whoever answers can say one, so only a few count. */
function daysThere(thrown: unknown): number[] {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const times = cause instanceof SignalingFailure ? cause.serverTimes : [];
  return [...new Set(times.map(utcDayOf))].slice(0, CALL_DAYS_MAX);
}

interface Fallback {
  /** Why it failed today. */
  readonly thrown: unknown;
  readonly options: CallPeerOptions;
  readonly deadline: Deadline;
}

/** Tries the days in turn; throws what the last one failed with, today if there is none. */
async function callOnOneOf(days: readonly number[], fallback: Fallback): Promise<void> {
  let { thrown } = fallback;
  for (const day of days) {
    try {
      await callOn(day, fallback.options, fallback.deadline);
      return;
    } catch (failure) {
      thrown = failure;
    }
  }
  throw toError(thrown);
}

async function callOn(day: number, options: CallPeerOptions, deadline: Deadline): Promise<void> {
  const { record, endpoints, useCarrier, ...rest } = options;
  const keys = derivePeerKeys(record.pairKey, day);
  const room: Room = {
    keys,
    endpoints,
    sought: 'device',
    refusal: () => portholeError('E_UNREACHABLE', { reason: 'it turned the call down' }),
  };
  await meet({
    ...rest,
    room,
    deadline,
    useCarrier: (carrier, use) => useCarrier(carrier, keys, use.cancelled),
  });
}
