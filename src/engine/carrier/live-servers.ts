/**
 * Which of the configured STUN and TURN servers answer, so that the library is only ever given one
 * of each that does. It would ask one STUN server at random and wait 23.5 s for a dead one; for a
 * dead TURN server too.
 *
 * Invariant: `usable()` never waits and never names a server that did not answer in the last round;
 * after `close()` no round runs.
 */
import type { Clock } from '../../shared/clock.ts';
import {
  STUN_FRESH_MS,
  STUN_PATIENCE_MS,
  STUN_RETRY_MS,
  STUN_ROUND_MS,
} from '../../shared/limits.ts';
import type { IceServer } from './ice-server.ts';
import { StunRound, type LiveServer, type ResolveName } from './stun-round.ts';

/**
 * What the servers show about this network.
 *   unknown    there are none, or they are being asked for the first time
 *   answers    UDP goes out and comes back
 *   silent     none of them answered: no UDP gets out, or all are dead
 */
export type UdpVerdict = 'unknown' | 'answers' | 'silent';

export interface LiveServersOptions {
  readonly clock: Clock;
  readonly servers: readonly IceServer[];
  /** @default the system's resolver */
  readonly resolveName?: ResolveName | undefined;
}

/** See the module header. */
export class LiveServers {
  readonly #options: LiveServersOptions;
  #round: { readonly round: StunRound; readonly since: number } | undefined;
  /** Of the round that is over, and of the one under way. */
  #known: readonly LiveServer[] = [];
  #heard: LiveServer[] = [];
  #askedAt: number | undefined;
  #verdict: UdpVerdict = 'unknown';
  #state: 'open' | 'closed' = 'open';
  readonly #waiting = new Set<() => void>();

  constructor(options: LiveServersOptions) {
    this.#options = options;
  }

  get udp(): UdpVerdict {
    return this.#verdict;
  }

  /** Asks all servers anew. With `forget` what is known no longer counts: this is another network. */
  refresh(what: 'keep' | 'forget'): void {
    const { clock, servers, resolveName } = this.#options;
    if (servers.length === 0 || this.#state === 'closed') return;
    if (what === 'keep' && this.#round !== undefined) return;
    this.#round?.round.close();
    if (what === 'forget') {
      this.#known = [];
      this.#verdict = 'unknown';
    }
    this.#heard = [];
    this.#askedAt = clock.now();
    const round = new StunRound({
      servers,
      clock,
      resolveName,
      onAnswer: (live) => this.#answered(live),
      onDone: () => this.#finished(),
    });
    this.#round = { round, since: this.#askedAt };
  }

  /**
   * Resolves when there is something to go on: at once, but for the first time on a network. Then
   * when one server of each kind has answered, or STUN_PATIENCE_MS after they were asked.
   */
  async settled(): Promise<void> {
    if (this.#askedAt === undefined) this.refresh('forget');
    const { clock } = this.#options;
    if (this.#round === undefined || this.#isEnough()) return;
    const left = this.#round.since + STUN_PATIENCE_MS - clock.now();
    if (left <= 0) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        cancel();
        this.#waiting.delete(settle);
        resolve();
      };
      const cancel = clock.after(left, settle);
      this.#waiting.add(settle);
    });
  }

  /** The servers to give to the library now: at most one of each kind, by address. */
  usable(): readonly IceServer[] {
    this.#refreshIfAged();
    return ['stun' as const, 'turn' as const].flatMap((kind) => {
      const live = this.#live().filter(({ server }) => server.kind === kind);
      const [best] = live.toSorted((a, b) => a.family - b.family || a.roundTripMs - b.roundTripMs);
      return best === undefined ? [] : [{ ...best.server, host: best.address }];
    });
  }

  close(): void {
    this.#state = 'closed';
    this.#round?.round.close();
    this.#round = undefined;
    this.#wakeAll();
  }

  /** What a round under way has heard counts beside what was known before it. */
  #live(): readonly LiveServer[] {
    const heard = new Set(this.#heard.map(({ server }) => server.kind));
    return [...this.#heard, ...this.#known.filter(({ server }) => !heard.has(server.kind))];
  }

  #isEnough(): boolean {
    const live = this.#live();
    return this.#options.servers.every(({ kind }) =>
      live.some(({ server }) => server.kind === kind),
    );
  }

  #answered(live: LiveServer): void {
    this.#heard.push(live);
    this.#verdict = 'answers';
    if (this.#isEnough()) this.#wakeAll();
  }

  #finished(): void {
    this.#round = undefined;
    this.#known = this.#heard;
    this.#heard = [];
    this.#verdict = this.#known.length > 0 ? 'answers' : 'silent';
    this.#wakeAll();
  }

  #refreshIfAged(): void {
    const freshMs = this.#verdict === 'silent' ? STUN_RETRY_MS : STUN_FRESH_MS;
    const age = this.#options.clock.now() - (this.#askedAt ?? Number.NEGATIVE_INFINITY);
    if (age >= freshMs + STUN_ROUND_MS) this.refresh('keep');
  }

  #wakeAll(): void {
    for (const settle of this.#waiting) settle();
  }
}
