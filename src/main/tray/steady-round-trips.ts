/**
 * Round trips as a menu shows them: each stays what it was until the measured one is clearly another,
 * so that a menu does not change four times a second while nothing happens.
 */
import type { PeerView, StatusView } from '../../shared/contract.ts';
import { TRAY_ROUND_TRIP_FRACTION, TRAY_ROUND_TRIP_STEP_MS } from '../../shared/limits.ts';

export class SteadyRoundTrips {
  #shown = new Map<string, number>();

  /** `status` with the round trips to show. */
  steady(status: StatusView): StatusView {
    const shown = new Map<string, number>();
    const peers = status.peers.map((peer) => {
      const roundTripMs = this.#steadyOf(peer);
      if (roundTripMs !== null) shown.set(peer.id, roundTripMs);
      return { ...peer, roundTripMs };
    });
    this.#shown = shown;
    return { ...status, peers };
  }

  #steadyOf({ id, roundTripMs }: PeerView): number | null {
    const before = this.#shown.get(id);
    if (roundTripMs === null || before === undefined) return roundTripMs;
    const step = Math.max(TRAY_ROUND_TRIP_STEP_MS, before / TRAY_ROUND_TRIP_FRACTION);
    return Math.abs(roundTripMs - before) > step ? roundTripMs : before;
  }
}
