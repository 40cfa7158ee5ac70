/**
 * Finds paired devices on the local network, and lets them find this one, by multicast DNS.
 *
 * A device answers for each paired device it waits for to a name that only the two can know
 * (lan-names.ts), and says it unasked when it comes to a network. A device that calls asks for the
 * names of that device, of yesterday, today and tomorrow, so that a clock may be wrong by a day.
 * Everybody hears all of it and learns from it that these two addresses talk, on one day.
 *
 * Invariant: what is found is a hint where to call, never who is there, and is only ever an address
 * of a network this computer is in; however much a network says, a seeker is told at most
 * LAN_ENDPOINTS_MAX places in LAN_REPEAT_MS and a name is answered for at most once a second; no
 * trouble of a network ends anything.
 */
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import {
  LAN_ADDRESSES_MAX,
  LAN_ANSWERS_PER_PACKET,
  LAN_ANSWERS_PER_SECOND_MAX,
  LAN_ENDPOINTS_MAX,
  LAN_GATHER_MS,
  LAN_PEERS_MAX,
  LAN_QUERY_MAX_MS,
  LAN_QUESTIONS_PER_PACKET,
  LAN_REPEAT_MS,
  LAN_SPEAK_AGAIN_MS,
} from '../../shared/limits.ts';
import type { Secret } from '../pairing/secret.ts';
import { dialable } from '../peers/dialable.ts';
import { type Endpoint, endpointUrl, type Interfaces } from './endpoint.ts';
import { deriveLanNames, type LanNames } from './lan-names.ts';
import { answersFor, askedIn, foundIn, questionFor, type ReceivedPacket } from './lan-records.ts';
import { LanSockets } from './lan-sockets.ts';
import { RateLimit } from './rate-limit.ts';

const DAY_MS = 86_400_000;

/** A paired device. */
export interface LanPeer {
  readonly pairKey: Secret;
  /** Of the peer: Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface LanDiscoveryOptions {
  readonly clock: Clock;
  /** Time of day, ms since 1970. */
  readonly timeOfDay: () => number;
  /** Of this device: Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Multicast does not work here; told once until it works, or the network is another. */
  readonly onTrouble: (error: Error) => void;
  /** @default os.networkInterfaces */
  readonly interfaces?: () => Interfaces;
}

interface Announcement {
  readonly peer: LanPeer;
  readonly port: number;
  /** By the clock, ms. */
  answeredAt: number;
  /** Of the day they were asked for last. */
  names: (LanNames & { readonly utcDay: number }) | undefined;
}

interface Seeker {
  readonly peer: LanPeer;
  readonly onEndpoint: (endpoint: Endpoint) => void;
  /** When each endpoint was told last, by URL. */
  readonly told: Map<string, number>;
}

/** See the module header. */
export class LanDiscovery {
  readonly #options: LanDiscoveryOptions;
  readonly #announced = new Set<Announcement>();
  readonly #seekers = new Set<Seeker>();
  readonly #answerRate: RateLimit;
  #sockets: LanSockets | undefined;
  #soughtNames: { readonly utcDay: number; readonly names: Map<string, Seeker> } | undefined;
  #trouble: 'none' | 'told' = 'none';
  #state: 'open' | 'closed' = 'open';
  #cancelSpeech: CancelTimer = () => {};
  #cancelQuery: CancelTimer = () => {};
  #queriedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LanDiscoveryOptions) {
    this.#options = options;
    this.#answerRate = new RateLimit(options.clock, LAN_ANSWERS_PER_SECOND_MAX);
  }

  /**
   * From now on lets `peer` find the signaling server of this computer at TCP `port`, until the
   * function returned is called. More than LAN_PEERS_MAX at once are not announced.
   */
  announce(peer: LanPeer, port: number): () => void {
    if (this.#state === 'closed' || this.#announced.size >= LAN_PEERS_MAX) return () => {};
    const announcement = { peer, port, answeredAt: Number.NEGATIVE_INFINITY, names: undefined };
    this.#announced.add(announcement);
    this.#open();
    this.#speakSoon();
    return () => void this.#announced.delete(announcement);
  }

  /**
   * From now on looks for `peer`, until the function returned is called: `onEndpoint` gets every
   * place it is said to be at, again and again while it is said. Not more than LAN_PEERS_MAX at once.
   */
  seek(peer: LanPeer, onEndpoint: (endpoint: Endpoint) => void): () => void {
    if (this.#state === 'closed' || this.#seekers.size >= LAN_PEERS_MAX) return () => {};
    const seeker = { peer, onEndpoint, told: new Map<string, number>() };
    this.#seekers.add(seeker);
    this.#soughtNames = undefined;
    this.#open();
    this.#querySoon();
    return () => {
      this.#seekers.delete(seeker);
      this.#soughtNames = undefined;
    };
  }

  /** This computer has other addresses, or was asleep: everything is said and asked anew. */
  onNetworkChanged(): void {
    if (this.#sockets === undefined) return;
    this.#trouble = 'none';
    for (const { told } of this.#seekers) told.clear();
    this.#sockets.refresh();
    this.#speakSoon();
    this.#querySoon();
  }

  close(): void {
    this.#state = 'closed';
    this.#announced.clear();
    this.#seekers.clear();
    this.#soughtNames = undefined;
    this.#cancelSpeech();
    this.#cancelQuery();
    this.#sockets?.close();
    this.#sockets = undefined;
  }

  #open(): void {
    this.#sockets ??= new LanSockets({
      interfaces: this.#options.interfaces,
      onQuery: (packet) => this.#onQuery(packet),
      onResponse: (packet) => this.#onResponse(packet),
      onTrouble: (error) => this.#tellTrouble(error),
    });
  }

  #tellTrouble(error: Error): void {
    if (this.#trouble === 'told') return;
    this.#trouble = 'told';
    this.#options.onTrouble(error);
  }

  // ── Being found ─────────────────────────────────────────────────────────────────────────────

  /** Says all of it, twice (RFC 6762 §8.3): the first packet on a new network is often lost. */
  #speakSoon(): void {
    const { clock } = this.#options;
    this.#cancelSpeech();
    this.#cancelSpeech = clock.after(LAN_GATHER_MS, () => {
      this.#answer([...this.#announced]);
      this.#cancelSpeech = clock.after(LAN_SPEAK_AGAIN_MS, () =>
        this.#answer([...this.#announced]),
      );
    });
  }

  #onQuery(packet: ReceivedPacket): void {
    const asked = new Set(askedIn(packet));
    if (asked.size === 0 || this.#announced.size === 0) return;
    const now = this.#options.clock.now();
    const due = [...this.#announced].filter(
      (announcement) =>
        now - announcement.answeredAt >= LAN_SPEAK_AGAIN_MS &&
        asked.has(this.#namesOf(announcement).service),
    );
    this.#answer(due);
  }

  #answer(announcements: readonly Announcement[]): void {
    for (let at = 0; at < announcements.length; at += LAN_ANSWERS_PER_PACKET) {
      if (this.#answerRate.admit() === 'refused') return;
      const some = announcements.slice(at, at + LAN_ANSWERS_PER_PACKET);
      for (const announcement of some) announcement.answeredAt = this.#options.clock.now();
      this.#sockets?.send((addresses) => ({
        kind: 'response',
        answers: some.flatMap((announcement) =>
          answersFor(
            this.#namesOf(announcement),
            announcement.port,
            addresses.slice(0, LAN_ADDRESSES_MAX),
          ),
        ),
      }));
    }
  }

  #namesOf(announcement: Announcement): LanNames {
    const utcDay = this.#today();
    if (announcement.names?.utcDay !== utcDay) {
      const { pairKey } = announcement.peer;
      const { publicKey: announcer } = this.#options;
      announcement.names = { utcDay, ...deriveLanNames({ pairKey, announcer, utcDay }) };
    }
    return announcement.names;
  }

  // ── Finding ─────────────────────────────────────────────────────────────────────────────────

  /** Asks at once, and again and again in growing intervals (RFC 6762 §5.2). */
  #querySoon(): void {
    const { clock } = this.#options;
    const earliest = this.#queriedAt + LAN_SPEAK_AGAIN_MS - clock.now();
    this.#cancelQuery();
    this.#cancelQuery = clock.after(Math.max(LAN_GATHER_MS, earliest), () =>
      this.#query(LAN_SPEAK_AGAIN_MS),
    );
  }

  #query(nextMs: number): void {
    const { clock } = this.#options;
    this.#queriedAt = clock.now();
    const names = [...this.#sought().keys()];
    for (let at = 0; at < names.length; at += LAN_QUESTIONS_PER_PACKET) {
      const questions = names.slice(at, at + LAN_QUESTIONS_PER_PACKET).map(questionFor);
      this.#sockets?.send(() => ({ kind: 'query', questions }));
    }
    if (names.length === 0) return;
    this.#cancelQuery = clock.after(nextMs, () =>
      this.#query(Math.min(2 * nextMs, LAN_QUERY_MAX_MS)),
    );
  }

  #onResponse(packet: ReceivedPacket): void {
    if (this.#seekers.size === 0) return;
    const sought = this.#sought();
    for (const { service, endpoints } of foundIn(packet, (name) => sought.has(name))) {
      const seeker = sought.get(service);
      if (seeker === undefined) continue;
      const { endpoints: allowed } = dialable({ endpoints, rendezvous: [] }, 'network');
      for (const endpoint of allowed) this.#tell(seeker, endpoint);
    }
  }

  #tell(seeker: Seeker, endpoint: Endpoint): void {
    if (this.#sockets?.isNeighbour(endpoint.host) !== true) return;
    const { told } = seeker;
    const now = this.#options.clock.now();
    for (const [url, at] of told) if (now - at >= LAN_REPEAT_MS) told.delete(url);
    const url = endpointUrl(endpoint);
    if (told.has(url) || told.size >= LAN_ENDPOINTS_MAX) return;
    told.set(url, now);
    seeker.onEndpoint(endpoint);
  }

  /** By the names under which the sought may announce themselves. */
  #sought(): Map<string, Seeker> {
    const today = this.#today();
    if (this.#soughtNames?.utcDay === today) return this.#soughtNames.names;
    const names = new Map<string, Seeker>();
    for (const seeker of this.#seekers) {
      const { pairKey, publicKey } = seeker.peer;
      for (const utcDay of [today - 1, today, today + 1]) {
        names.set(deriveLanNames({ pairKey, announcer: publicKey, utcDay }).service, seeker);
      }
    }
    this.#soughtNames = { utcDay: today, names };
    return names;
  }

  #today(): number {
    return Math.floor(this.#options.timeOfDay() / DAY_MS);
  }
}
