/**
 * Two devices and their link, in virtual time: two peer links, and as many memory carriers between them
 * as a test wants, each of which can be cut, stalled and listened to.
 */
import type { Carrier, CarrierEvents } from '../../src/engine/carrier/carrier.ts';
import { memoryCarrierPair, type MemoryFaults } from '../../src/engine/carrier/memory.ts';
import { Lane } from '../../src/engine/link/lane.ts';
import type { LinkState } from '../../src/engine/link/link-states.ts';
import type { SharedService } from '../../src/engine/link/link.ts';
import type { CallAttempt } from '../../src/engine/link/peer-caller.ts';
import { type LanePurpose, PeerLink } from '../../src/engine/link/peer-link.ts';
import type { Reach } from '../../src/engine/link/reach.ts';
import type { ErrorCode, PortholeError } from '../../src/shared/errors.ts';
import { seededRandom } from '../../src/shared/random.ts';
import { FakeAuthenticator } from './fake-authenticator.ts';
import { type DialAnswer, FakeDialer } from './fake-dialer.ts';
import { FakeLocal, type FakeLocalOptions } from './fake-local.ts';
import { VirtualClock } from './virtual-clock.ts';

export const SHARE = Uint8Array.of(1, 2, 3);

/** A carrier that shows what is sent, and can hold back what arrives, as a path that goes silent. */
class TestCarrier implements Carrier {
  readonly kind = 'memory';
  readonly reach = 'network';
  readonly route = undefined;
  readonly binding;
  readonly dataPayloadBytes;
  readonly #inner: Carrier;
  readonly #onSend: (message: Uint8Array) => void;
  #events: CarrierEvents | undefined;
  #held: Uint8Array[] | undefined;

  constructor(inner: Carrier, onSend: (message: Uint8Array) => void) {
    this.#inner = inner;
    this.#onSend = onSend;
    this.binding = inner.binding;
    this.dataPayloadBytes = inner.dataPayloadBytes;
  }

  start(events: CarrierEvents): void {
    this.#events = events;
    this.#inner.start({ ...events, onMessage: (message) => this.#receive(message) });
  }

  send(message: Uint8Array): void {
    this.#onSend(message);
    this.#inner.send(message);
  }

  bufferedAmount(): number {
    return this.#inner.bufferedAmount();
  }

  close(): void {
    this.#inner.close();
  }

  /** From now on what arrives is held back. */
  stall(): void {
    this.#held ??= [];
  }

  /** What was held back arrives now, and all else as ever. */
  heal(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const message of held) this.#events?.onMessage(message);
  }

  #receive(message: Uint8Array): void {
    if (this.#held === undefined) this.#events?.onMessage(message);
    else this.#held.push(message);
  }
}

/** A carrier between the two, and the lane at either end. */
export interface Connection {
  readonly lanes: readonly [Lane, Lane];
  /** Names both ends have for it. */
  readonly id: string;
  /** What each side sent on it. */
  readonly sent: readonly [Uint8Array[], Uint8Array[]];
  sever(): void;
  /** Holds back what arrives at these sides. @default both */
  stall(...sides: (0 | 1)[]): void;
  heal(): void;
}

export interface PeerSideOptions {
  readonly holdMs?: number;
  readonly answer?: (shareId: Uint8Array) => DialAnswer;
  /** @default nobody can be called */
  readonly call?: (attempt: CallAttempt) => Promise<void>;
}

interface PeerLog {
  readonly states: LinkState[];
  readonly overs: (PortholeError | undefined)[];
  readonly shares: (readonly SharedService[])[];
  readonly reaches: Reach[];
  readonly refused: ErrorCode[];
  ups: number;
  rooms: number;
}

/** One device. */
export class PeerSide {
  readonly deviceId: string;
  readonly peerId: string;
  readonly clock: VirtualClock;
  readonly dialer: FakeDialer;
  /** Applications that dials led to, in order. */
  readonly targets: FakeLocal[] = [];
  readonly log: PeerLog = {
    states: [],
    overs: [],
    shares: [],
    reaches: [],
    refused: [],
    ups: 0,
    rooms: 0,
  };
  link: PeerLink;
  readonly #options: PeerSideOptions;
  #starts = 0;

  constructor(ids: readonly [string, string], clock: VirtualClock, options: PeerSideOptions) {
    [this.deviceId, this.peerId] = ids;
    this.clock = clock;
    this.#options = options;
    this.dialer = new FakeDialer(clock, options.answer ?? (() => this.#connected()));
    this.link = this.#makeLink();
  }

  /** The process ends without a word, and another one takes its place. */
  restart(): void {
    this.link = this.#makeLink();
  }

  /** An application here that opens a socket to the other side's share. */
  open(options: Omit<FakeLocalOptions, 'clock'> = {}): FakeLocal {
    const app = new FakeLocal({ clock: this.clock, ...options });
    this.link.openSocket(SHARE, app);
    return app;
  }

  target(index = 0): FakeLocal {
    const target = this.targets[index];
    if (target === undefined) throw new Error(`there is no target ${index}`);
    return target;
  }

  #connected(): DialAnswer {
    const local = new FakeLocal({ clock: this.clock });
    this.targets.push(local);
    return { kind: 'connected', local };
  }

  #makeLink(): PeerLink {
    const { holdMs = 60_000, call } = this.#options;
    const { log } = this;
    this.#starts += 1;
    return new PeerLink({
      clock: this.clock,
      random: seededRandom((this.deviceId.codePointAt(0) as number) * 1000 + this.#starts),
      deviceId: this.deviceId,
      peerId: this.peerId,
      peerName: () => this.peerId,
      holdMs,
      dialer: this.dialer,
      call: call ?? (() => Promise.reject(new Error('nobody'))),
      canCall: () => call !== undefined,
      makeLane: () => Promise.reject(new Error('there is nothing to make it with')),
      events: {
        onState: (state) => log.states.push(state),
        onUp: () => (log.ups += 1),
        onOver: (cause) => log.overs.push(cause),
        onShares: (shares) => log.shares.push(shares),
        onReach: (reach) => log.reaches.push(reach),
        onSocketRefused: (code) => log.refused.push(code),
        onRoom: () => (log.rooms += 1),
        onLaneSignal: () => undefined,
      },
    });
  }
}

export interface PeerPairOptions {
  readonly seed?: number;
  readonly sides?: readonly [PeerSideOptions, PeerSideOptions];
}

/** Two devices; the first one decides. */
export class PeerPair {
  readonly clock = new VirtualClock();
  readonly sides: readonly [PeerSide, PeerSide];
  readonly connections: Connection[] = [];
  readonly #random: () => number;

  constructor({ seed = 1, sides = [{}, {}] }: PeerPairOptions = {}) {
    this.#random = seededRandom(seed);
    this.sides = [
      new PeerSide(['a', 'b'], this.clock, sides[0]),
      new PeerSide(['b', 'a'], this.clock, sides[1]),
    ];
  }

  /** A carrier between the two comes up; time must pass until it has joined. */
  begin(purpose: LanePurpose = 'call', faults: MemoryFaults = { delayMs: [5, 5] }): Connection {
    const pair = memoryCarrierPair({ clock: this.clock, random: this.#random, faults });
    const sent: [Uint8Array[], Uint8Array[]] = [[], []];
    const carriers = [0, 1].map(
      (side) =>
        new TestCarrier(pair.ends[side] as Carrier, (bytes) =>
          (sent[side] as Uint8Array[]).push(bytes.slice()),
        ),
    ) as [TestCarrier, TestCarrier];
    const lanes = [0, 1].map((side) => {
      const { link, deviceId } = this.sides[side] as PeerSide;
      return new Lane({
        carrier: carriers[side] as TestCarrier,
        clock: this.clock,
        authenticator: new FakeAuthenticator(deviceId),
        onReady: (lane) => link.take(lane, purpose),
      });
    }) as [Lane, Lane];
    const connection: Connection = {
      lanes,
      id: lanes[0].id,
      sent,
      sever: () => pair.sever(),
      stall: (...sides) => {
        for (const side of sides.length === 0 ? [0, 1] : sides) carriers[side]?.stall();
      },
      heal: () => {
        for (const carrier of carriers) carrier.heal();
      },
    };
    this.connections.push(connection);
    return connection;
  }

  /** As `begin`, until it has joined. */
  connect(purpose: LanePurpose = 'call', faults?: MemoryFaults): Connection {
    const connection = this.begin(purpose, faults);
    this.clock.advance(1000);
    return connection;
  }

  get states(): LinkState[] {
    return this.sides.map(({ link }) => link.state);
  }

  /** Ids of the lanes each side sends on. */
  get sending(): string[][] {
    return this.sides.map(({ link }) =>
      [...(link.session?.sending ?? [])].map(({ id }) => id).toSorted(),
    );
  }

  /** Ids of all lanes of each side's session. */
  get lanes(): string[][] {
    return this.sides.map(({ link }) =>
      [...(link.session?.lanes ?? [])].map(({ id }) => id).toSorted(),
    );
  }

  get keptBytes(): number[] {
    return this.sides.map(({ link }) => link.session?.keptBytes ?? 0);
  }

  /** Ends both links, and lets all that is left run out. */
  close(): void {
    for (const { link } of this.sides) link.close();
    this.clock.runUntilIdle(60_000);
  }
}
