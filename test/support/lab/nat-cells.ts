/**
 * A cell of the NAT grid: two computers that were paired elsewhere, each at home behind a NAT of a
 * kind, and whether they find a way to each other.
 *
 * Invariant: the way is what goes through the internet, not what Porthole says.
 */
import type { HomeKind } from '../networks.ts';
import { LabComputer, pair } from './computer.ts';
import { nowMs } from './time.ts';
import { Homes } from './places.ts';
import { StreamPair } from './stream-pair.ts';

export const HOME_KINDS = ['open', 'easy', 'hard', 'udp-blocked'] as const;

/** So many that what else goes from home to home (tries of ICE) is nothing beside them. */
const TELLING_BYTES = 65_536;
const CARRIED_MS = 60_000;

export interface CellKinds {
  readonly desk: HomeKind;
  readonly laptop: HomeKind;
}

export type Way = 'direct' | 'relayed' | 'none';

/** Which way there is: two NATs of which one is hard need a relay, and without UDP there is none. */
export function wayBetween({ desk, laptop }: CellKinds): Way {
  if (desk === 'udp-blocked' || laptop === 'udp-blocked') return 'none';
  const isHard = desk === 'hard' || laptop === 'hard';
  return isHard && desk !== 'open' && laptop !== 'open' ? 'relayed' : 'direct';
}

export interface Cell {
  readonly way: Way;
  /** From the second daemon's start to its link, for each time it started. */
  readonly connectMs: readonly number[];
}

/** Two computers that are paired, for one place after another. */
export class Wanderers {
  readonly desk: LabComputer;
  readonly laptop: LabComputer;
  readonly #servicePort: number;
  readonly #forwardPort: number;

  private constructor(computers: Paired, ports: { service: number; forward: number }) {
    this.desk = computers.desk;
    this.laptop = computers.laptop;
    this.#servicePort = ports.service;
    this.#forwardPort = ports.forward;
  }

  /** Pairs them where nothing is in the way; every place has the same servers. */
  static async start(): Promise<Wanderers> {
    const place = await Homes.start({ desk: 'open', laptop: 'open', turn: 'coturn' });
    const desk = new LabComputer('desk', place.desk.network, place.settings);
    const laptop = new LabComputer('laptop', place.laptop.network, place.settings);
    const streams = await StreamPair.start(desk.network, laptop.network);
    try {
      await Promise.all([desk.up(), laptop.up()]);
      const service = streams.servicePort;
      const forward = await pair(desk, laptop, service);
      return new Wanderers({ desk, laptop }, { service, forward });
    } catch (thrown) {
      await Promise.all([desk.remove(), laptop.remove()]);
      throw thrown;
    } finally {
      await Promise.all([desk.down('SIGTERM'), laptop.down('SIGTERM'), streams.stop()]);
      await place.stop();
    }
  }

  /** Starts the daemons there, the second one `times` times; gives up after `ms`. */
  async try(kinds: CellKinds, { times, ms }: { times: number; ms: number }): Promise<Cell> {
    const place = await Homes.start({ ...kinds, turn: 'coturn' });
    this.desk.network = place.desk.network;
    this.laptop.network = place.laptop.network;
    const streams = await StreamPair.start(
      this.desk.network,
      this.laptop.network,
      this.#servicePort,
    );
    try {
      await this.desk.up();
      const cell: { way: Way; connectMs: number[] } = { way: 'none', connectMs: [] };
      while (cell.connectMs.length < times) {
        const took = await this.#connect(ms);
        if (took === null) break;
        cell.connectMs.push(took);
        cell.way = await this.#wayOf(place, streams);
        await this.laptop.down('SIGTERM');
      }
      return cell;
    } finally {
      await Promise.all([this.desk.down('SIGTERM'), this.laptop.down('SIGTERM'), streams.stop()]);
      await place.stop();
    }
  }

  async remove(): Promise<void> {
    await Promise.all([this.desk.remove(), this.laptop.remove()]);
  }

  async #connect(ms: number): Promise<number | null> {
    const daemon = await this.laptop.up();
    const startedAt = nowMs();
    const link = daemon.event('link', ({ state }) => state === 'up', ms);
    return link.then(() => nowMs() - startedAt).catch(() => null);
  }

  async #wayOf(place: Homes, streams: StreamPair): Promise<Way> {
    const stream = await streams.open(this.#forwardPort);
    const before = await place.traffic();
    await stream.carried(TELLING_BYTES, CARRIED_MS);
    const { direct, relayed } = await place.traffic();
    await stream.finish(CARRIED_MS);
    return relayed - before.relayed > direct - before.direct ? 'relayed' : 'direct';
  }
}

interface Paired {
  readonly desk: LabComputer;
  readonly laptop: LabComputer;
}

export interface Refusal {
  /** `null` when `join` was still at it after the time it was given. */
  readonly code: number | null;
  readonly afterMs: number;
  readonly words: string;
}

/** What a person reads who joins a computer that no way leads to; waits for at most `ms`. */
export async function joinInVain(kinds: CellKinds, ms: number): Promise<Refusal> {
  const place = await Homes.start(kinds);
  const desk = new LabComputer('desk', place.desk.network, place.settings);
  const laptop = new LabComputer('laptop', place.laptop.network, place.settings);
  const inviting = desk.command(['invite', '--trust-invite']);
  try {
    const { link } = await inviting.event('invite');
    const startedAt = nowMs();
    const run = await laptop.say(['join', '--trust-invite'], `${String(link)}\n`, ms);
    return {
      code: run.code === -1 ? null : run.code,
      afterMs: nowMs() - startedAt,
      // Behind what it printed, Node repeats it with the command line.
      words: `${run.stdout}${run.stderr.split('Command failed:')[0] ?? ''}`.trim(),
    };
  } finally {
    await inviting.stop('SIGKILL');
    await Promise.all([desk.remove(), laptop.remove()]);
    await place.stop();
  }
}
