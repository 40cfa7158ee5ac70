/**
 * More carriers for a session that is up: their descriptions travel over the session itself, so no
 * server and no address has to be found again. The deciding side offers, the other one answers.
 *
 * Invariant: one offer at a time, and at most LANES_MAX answers; what it opened is closed unless it became a lane, and ends with
 * `close()`.
 */
import { create } from '@bufbuild/protobuf';
import type { Clock } from '../../shared/clock.ts';
import { portholeError } from '../../shared/errors.ts';
import { LANE_MAKE_MS, LANES_MAX } from '../../shared/limits.ts';
import type { Carrier } from '../carrier/carrier.ts';
import type { DataChannelConnector } from '../carrier/datachannel.ts';
import type { PathKind } from '../link/lane-plan.ts';
import type { LanePurpose } from '../link/peer-link.ts';
import { packDescription, unpackDescription } from '../pairing/description.ts';
import { LaneAnswerSchema, LaneOfferSchema } from '../protocol/generated/session_pb.ts';
import type { LaneAnswer, LaneOffer } from '../protocol/generated/session_pb.ts';
import { startDeadline } from '../deadline.ts';
import type { Deadline } from '../deadline.ts';
import type { Connectors } from './connectors.ts';
import { utcDayOf } from './peer-room.ts';

/** A carrier on its way to become a lane. */
export interface NewLane {
  readonly role: 'offerer' | 'answerer';
  /** UTC day of the keys it is authenticated with. */
  readonly day: number;
  readonly purpose: LanePurpose;
}

export interface LaneMakerOptions {
  readonly clock: Clock;
  readonly connectors: Connectors;
  /** Time of day, ms since 1970. */
  readonly timeOfDay: () => number;
  readonly sendOffer: (offer: LaneOffer) => void;
  readonly sendAnswer: (answer: LaneAnswer) => void;
  /** Authenticates the carrier and has it join; resolves then. */
  readonly openLane: (carrier: Carrier, lane: NewLane, cancelled: AbortSignal) => Promise<void>;
}

/** Turns an offer down. */
const NO_LANE = new Uint8Array(0);

interface PendingOffer {
  readonly id: number;
  readonly connector: DataChannelConnector;
  readonly deadline: Deadline;
}

/** See the module header. */
export class LaneMaker {
  readonly #options: LaneMakerOptions;
  readonly #life = new AbortController();
  #pending: PendingOffer | undefined;
  #offers = 0;
  /** Offers of the peer that are being answered. */
  #answering = 0;

  constructor(options: LaneMakerOptions) {
    this.#options = options;
  }

  /** Makes one more lane. Rejects with E_UNREACHABLE, or what authentication says. */
  async make(path: PathKind, purpose: 'growth' | 'change'): Promise<void> {
    const { connectors, timeOfDay, openLane, sendOffer } = this.#options;
    const connector = connectors.create('offerer', 'live', path);
    const deadline = this.#deadline();
    this.#offers = (this.#offers + 1) >>> 0;
    const id = this.#offers;
    this.#pending = { id, connector, deadline };
    const day = utcDayOf(timeOfDay());
    try {
      const description = packDescription(await connector.describe());
      sendOffer(create(LaneOfferSchema, { id, day, far: path === 'far', description }));
      const carrier = await Promise.race([connector.opened, deadline.aborted]);
      const lane: NewLane = { role: 'offerer', day, purpose };
      await Promise.race([openLane(carrier, lane, deadline.signal), deadline.aborted]);
    } finally {
      connector.abandon();
      deadline.cancel();
      if (this.#pending?.id === id) this.#pending = undefined;
    }
  }

  /** The peer, which decides, offers one. Never rejects: it hears by the answer, or by silence. */
  async onOffer({ id, day, far, description }: LaneOffer): Promise<void> {
    const { connectors, openLane, sendAnswer } = this.#options;
    const answer = (text: Uint8Array): void =>
      sendAnswer(create(LaneAnswerSchema, { id, description: text }));
    if (this.#answering >= LANES_MAX) return answer(NO_LANE);
    this.#answering += 1;
    const deadline = this.#deadline();
    let connector: DataChannelConnector | undefined;
    try {
      connector = connectors.create('answerer', 'live', far ? 'far' : 'near');
      connector.accept(unpackDescription(description));
      answer(packDescription(await connector.describe()));
      const carrier = await Promise.race([connector.opened, deadline.aborted]);
      const lane: NewLane = { role: 'answerer', day, purpose: 'growth' };
      await Promise.race([openLane(carrier, lane, deadline.signal), deadline.aborted]);
    } catch {
      if (connector?.wasAnswered !== true) answer(NO_LANE);
    } finally {
      this.#answering -= 1;
      connector?.abandon();
      deadline.cancel();
    }
  }

  /** The peer answered an offer; one that nobody waits for any more is ignored. */
  onAnswer({ id, description }: LaneAnswer): void {
    if (this.#pending?.id !== id) return;
    const { connector, deadline } = this.#pending;
    try {
      connector.accept(unpackDescription(description));
    } catch (cause) {
      const reason = 'it takes no more connections';
      deadline.abort(portholeError('E_UNREACHABLE', { reason }, { cause }));
    }
  }

  /** Ends what is on its way. */
  close(): void {
    this.#life.abort(portholeError('E_UNREACHABLE', { reason: 'it was stopped' }));
  }

  #deadline(): Deadline {
    return startDeadline({
      clock: this.#options.clock,
      parent: this.#life.signal,
      afterMs: LANE_MAKE_MS,
      error: portholeError('E_UNREACHABLE', { reason: 'no connection came about in time' }),
    });
  }
}
