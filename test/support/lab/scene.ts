/**
 * Two paired computers in a place: a service at the one, the forward to it at the other.
 *
 * Invariant: `stop()` leaves no process, network or folder behind.
 */
import { LabComputer, pair } from './computer.ts';
import type { Place } from './places.ts';
import { StreamPair } from './stream-pair.ts';

/** A service shared by one computer, forwarded by the other. */
export interface Pairing<At extends Place = Place> {
  readonly place: At;
  /** Has the service, and shares it. */
  readonly desk: LabComputer;
  /** Has the forward. */
  readonly laptop: LabComputer;
  readonly forwardPort: number;
  stop(): Promise<void>;
}

/** One whose service streams. */
export interface Scene<At extends Place = Place> extends Pairing<At> {
  readonly streams: StreamPair;
}

/** Pairs two computers there, with the service at `servicePort`; takes the place along. */
export async function startPairing<At extends Place>(
  place: At,
  servicePort: number,
): Promise<Pairing<At>> {
  const desk = new LabComputer('desk', place.desk.network, place.settings);
  const laptop = new LabComputer('laptop', place.laptop.network, place.settings);
  const stop = async (): Promise<void> => {
    await Promise.all([desk.remove(), laptop.remove()]);
    await place.stop();
  };
  try {
    await Promise.all([desk.up(), laptop.up()]);
    return { place, desk, laptop, forwardPort: await pair(desk, laptop, servicePort), stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** Takes the place along, also when it fails. */
export async function startScene<At extends Place>(place: At): Promise<Scene<At>> {
  let streams: StreamPair | undefined;
  try {
    streams = await StreamPair.start(place.desk.network, place.laptop.network);
    const pairing = await startPairing(place, streams.servicePort);
    const both = [pairing, streams] as const;
    const stop = async (): Promise<void> => {
      await Promise.all(both.map(async (one) => one.stop()));
    };
    return { ...pairing, streams, stop };
  } catch (thrown) {
    await streams?.stop();
    await place.stop();
    throw thrown;
  }
}
