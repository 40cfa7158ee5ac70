/**
 * Calls a paired device where it was last: all its addresses at once, and through its rendezvous
 * servers.
 */
import type { Clock } from '../../shared/clock.ts';
import { portholeError } from '../../shared/errors.ts';
import { CALL_TIMEOUT_MS } from '../../shared/limits.ts';
import { startDeadline } from '../deadline.ts';
import type { Deadline } from '../deadline.ts';
import type { Room } from '../pairing/claim.ts';
import { derivePeerKeys } from '../pairing/keys.ts';
import type { PairingKeys } from '../pairing/keys.ts';
import { ConnectFailure } from '../signaling/connect-failure.ts';
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
    const there = serverTimeOf(thrown);
    const day = there === undefined ? today : utcDayOf(there);
    if (day === today) throw thrown;
    await callOn(day, options, deadline);
  } finally {
    deadline.cancel();
  }
}

/** What a server that answered said the time is, ms since 1970. */
function serverTimeOf(thrown: unknown): number | undefined {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof ConnectFailure ? cause.serverTime : undefined;
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
