/** Two dispatchers joined in memory and virtual time; what a lane and a link would do is done here. */
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import { memoryCarrierPair, type MemoryFaults } from '../../src/engine/carrier/memory.ts';
import { FRAME, parseFrame, parseOffset, type Frame } from '../../src/engine/protocol/frame.ts';
import { Dispatcher } from '../../src/engine/tunnel/dispatcher.ts';
import { LaneGate } from '../../src/engine/tunnel/lane-gate.ts';
import type { TunnelSocket } from '../../src/engine/tunnel/tunnel-socket.ts';
import type { ErrorCode, PortholeError } from '../../src/shared/errors.ts';
import { toPortholeError } from '../../src/shared/errors.ts';
import { seededRandom } from '../../src/shared/random.ts';
import { FakeDialer, type DialAnswer } from './fake-dialer.ts';
import { FakeLocal, type FakeLocalOptions } from './fake-local.ts';
import { tapCarrier } from './tap-carrier.ts';
import { VirtualClock } from './virtual-clock.ts';

export const SHARE = Uint8Array.of(1, 2, 3);

export interface DispatcherSide {
  readonly dispatcher: Dispatcher;
  readonly dialer: FakeDialer;
  readonly carrier: Carrier;
  readonly lane: LaneGate;
  /** Takes a message as it comes from the carrier. Throws `E_PROTOCOL`. */
  readonly onMessage: (message: Uint8Array) => void;
  /** Frames that arrived, in order of arrival. */
  readonly frames: Frame[];
  readonly refused: ErrorCode[];
  readonly abuse: string[];
  roomCalls: number;
  error: PortholeError | undefined;
}

export interface DispatcherPairOptions {
  readonly faults?: MemoryFaults;
  readonly duplicates?: number;
  readonly seed?: number;
  /** What dials on the answering side come to. @default a target that reads all */
  readonly answer?: (shareId: Uint8Array) => DialAnswer;
  /** Remember the frames that arrive. @default true */
  readonly keepFrames?: boolean;
  /** The opener's frames come from the test: its dispatcher hears nothing. @default false */
  readonly isOpenerScripted?: boolean;
}

export class DispatcherPair {
  readonly clock = new VirtualClock();
  /** Targets the default dialer connected to, in order. */
  readonly targets: FakeLocal[] = [];
  readonly opener: DispatcherSide;
  readonly answerer: DispatcherSide;
  readonly sever: () => void;

  constructor(options: DispatcherPairOptions = {}) {
    const random = seededRandom(options.seed ?? 1);
    const { faults } = options;
    const pair = memoryCarrierPair({ clock: this.clock, random, ...(faults ? { faults } : {}) });
    this.sever = () => pair.sever();
    const answer =
      options.answer ?? (() => ({ kind: 'connected', local: this.#target() }) as const);
    this.opener = this.#side(pair.ends[0], 'odd', { options, random, answer });
    this.answerer = this.#side(pair.ends[1], 'even', { options, random, answer });
  }

  local(options: Omit<FakeLocalOptions, 'clock'> = {}): FakeLocal {
    return new FakeLocal({ clock: this.clock, ...options });
  }

  /** A socket from the opener's side and the application that opened it. */
  open(options: Omit<FakeLocalOptions, 'clock'> = {}): { app: FakeLocal; socket: TunnelSocket } {
    const app = this.local(options);
    return { app, socket: this.opener.dispatcher.open(SHARE, app) };
  }

  /** The target of the `index`th connection. */
  target(index = 0): FakeLocal {
    const target = this.targets[index];
    if (target === undefined) throw new Error(`there is no target ${index}`);
    return target;
  }

  /** Whether nothing of any socket is left on either side. */
  get isEmpty(): boolean {
    return this.opener.dispatcher.liveSockets + this.answerer.dispatcher.liveSockets === 0;
  }

  checkInvariants(): void {
    this.opener.dispatcher.gate.checkInvariants();
    this.answerer.dispatcher.gate.checkInvariants();
  }

  #target(): FakeLocal {
    const target = this.local();
    this.targets.push(target);
    return target;
  }

  #side(
    inner: Carrier,
    parity: 'odd' | 'even',
    made: {
      options: DispatcherPairOptions;
      random: () => number;
      answer: (shareId: Uint8Array) => DialAnswer;
    },
  ): DispatcherSide {
    const { options, random, answer } = made;
    const carrier = tapCarrier(inner, {
      clock: this.clock,
      random,
      ...(options.duplicates === undefined ? {} : { duplicates: options.duplicates }),
      onMessage: (message) => {
        if (options.keepFrames !== false) frames.push(parseFrame(message));
      },
    });
    const frames: Frame[] = [];
    const dialer = new FakeDialer(this.clock, answer);
    const lane = new LaneGate(carrier, this.clock);
    const dispatcher = new Dispatcher({
      clock: this.clock,
      parity,
      dialer,
      events: {
        onSessionFrame: () => undefined,
        onSocketRefused: (code) => side.refused.push(code),
        onAbuse: (reason) => {
          side.abuse.push(reason);
          end();
        },
        onRoom: () => (side.roomCalls += 1),
      },
    });
    dispatcher.gate.use([lane]);
    const side: DispatcherSide = {
      dispatcher,
      dialer,
      carrier,
      lane,
      onMessage: (message) => {
        const frame = parseFrame(message);
        if (frame.type === FRAME.ARRIVED) return lane.onArrived(parseOffset(frame.payload));
        if (frame.type === FRAME.MARK) return;
        lane.countReceived(message.length);
        dispatcher.onFrame(frame);
      },
      frames,
      refused: [],
      abuse: [],
      roomCalls: 0,
      error: undefined,
    };
    function end(): void {
      dispatcher.close();
      lane.close();
      carrier.close();
    }
    carrier.start({
      onMessage: (message) => {
        if (parity === 'odd' && options.isOpenerScripted === true) return;
        try {
          side.onMessage(message);
        } catch (thrown) {
          side.error ??= toPortholeError(thrown);
          end();
        }
        dispatcher.gate.checkInvariants();
      },
      onDrained: () => lane.onDrained(),
      onClosed: () => {
        dispatcher.close();
        lane.close();
      },
    });
    return side;
  }
}
