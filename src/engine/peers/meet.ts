/**
 * The calling side of a new carrier: claims a room, answers the offer found there, and hands over
 * the open carrier.
 *
 * Invariant: when it rejects, nothing it opened is left; signaling is let go of when it settles.
 */
import type { Clock } from '../../shared/clock.ts';
import { portholeError, toPortholeError } from '../../shared/errors.ts';
import { JOIN_TRIES_MAX, JOIN_TRY_MS } from '../../shared/limits.ts';
import type { Carrier } from '../carrier/carrier.ts';
import type { DataChannelConnector } from '../carrier/datachannel.ts';
import { startDeadline } from '../deadline.ts';
import type { Deadline } from '../deadline.ts';
import { claimRoom } from '../pairing/claim.ts';
import type { Room } from '../pairing/claim.ts';
import { packDescription, unpackDescription } from '../pairing/description.ts';
import type { Identity } from '../pairing/identity.ts';
import type { Connectors } from './connectors.ts';

/** What goes with a carrier that opened. */
interface CarrierUse {
  /** When it aborts the carrier is to be ended, with a farewell. */
  readonly cancelled: AbortSignal;
  /** The other side is authenticated: from now on no time limit of this module counts. */
  readonly onProved: () => void;
}

export interface MeetOptions<T> {
  readonly room: Room;
  readonly identity: Pick<Identity, 'publicKey'>;
  /** Name of this device. */
  readonly name: string;
  readonly clock: Clock;
  readonly connectors: Connectors;
  /** For all attempts together; its time counts until the other side is authenticated. */
  readonly deadline: Deadline;
  /** Somebody who knows the room has answered. */
  readonly onAnswered?: () => void;
  /** Makes a link of the carrier; resolves when it is up. */
  useCarrier(carrier: Carrier, use: CarrierUse): Promise<T>;
}

/**
 * Claims and connects, and again where the claim was taken but no channel came about: a first
 * attempt can fail for reasons that are gone at the second (a NAT that had to be opened first).
 */
export async function meet<T>(options: MeetOptions<T>): Promise<T> {
  const { deadline, connectors } = options;
  for (let tries = 1; ; tries += 1) {
    const connector = connectors.create('answerer', 'live');
    try {
      return await meetOnce(options, connector);
    } catch (thrown) {
      connector.abandon();
      if (deadline.signal.aborted) throw connectors.explain(deadline.signal.reason, connector);
      const error = toPortholeError(thrown);
      const mayHelp = error.code === 'E_UNREACHABLE' && connector.wasAnswered;
      if (!mayHelp || tries === JOIN_TRIES_MAX) throw connectors.explain(error, connector);
    }
  }
}

async function meetOnce<T>(options: MeetOptions<T>, connector: DataChannelConnector): Promise<T> {
  const { room, identity, name, clock, connectors } = options;
  const attempt = startDeadline({
    clock,
    parent: options.deadline.signal,
    afterMs: JOIN_TRY_MS,
    error: portholeError('E_UNREACHABLE', { reason: 'no connection came about in time' }),
  });
  try {
    const claim = await claimRoom({
      room,
      identity,
      name,
      clock,
      signal: attempt.signal,
      answerOffer: async (offer) => {
        options.onAnswered?.();
        const description = unpackDescription(offer);
        // Here, where the time for signaling has passed already.
        await connectors.prepared();
        connector.accept(description);
        return packDescription(await connector.describe());
      },
      onRefused: (error) => attempt.abort(error),
    });
    try {
      const carrier = await Promise.race([connector.opened, attempt.aborted]);
      const onProved = (): void => {
        attempt.disarm();
        options.deadline.disarm();
      };
      const use = { cancelled: attempt.signal, onProved };
      return await Promise.race([options.useCarrier(carrier, use), attempt.aborted]);
    } finally {
      claim.close();
    }
  } finally {
    attempt.cancel();
  }
}
