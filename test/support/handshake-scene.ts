/** A link in the middle of its handshake, and an honest peer whose messages the test lets through. */
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import { memoryCarrierPair } from '../../src/engine/carrier/memory.ts';
import { Handshake, type HandshakeState, parseHandshake } from '../../src/engine/link/handshake.ts';
import type { AuthRole } from '../../src/engine/pairing/authentication.ts';
import type { ChannelMode } from '../../src/engine/pairing/channel-authenticator.ts';
import { FRAME, parseFrame } from '../../src/engine/protocol/frame.ts';
import type { Handshake as HandshakeMessage } from '../../src/engine/protocol/generated/session_pb.ts';
import type { ErrorCode } from '../../src/shared/errors.ts';
import { seededRandom } from '../../src/shared/random.ts';
import { resume } from './attack.ts';
import { FakeDialer } from './fake-dialer.ts';
import { linkSide, type LinkSide } from './link-pair.ts';
import { PairingSide, promisesSettled } from './pairing-sides.ts';
import { VirtualClock } from './virtual-clock.ts';

/** The states of a link that lasts, in order. */
export const STATES: Record<ChannelMode['kind'], readonly HandshakeState[]> = {
  pair: ['greeting', 'proving', 'waiting', 'confirming', 'keeping', 'ready'],
  peer: ['greeting', 'proving', 'waiting', 'ready'],
};

export class HandshakeScene {
  readonly clock = new VirtualClock();
  readonly dialer = new FakeDialer(this.clock, () => ({ kind: 'not-allowed' }));
  readonly victim: LinkSide;
  readonly side: PairingSide;
  readonly peerSide: PairingSide;
  /** The peer's end: what is sent here reaches the victim. */
  readonly peer: Carrier;
  /** What the victim sent. */
  readonly heard: HandshakeMessage['kind'][] = [];
  /** What the honest peer sent and the test has not let through yet. */
  readonly outbox: Uint8Array[] = [];
  /** Ends the victim's storing of its peer. */
  store!: () => void;
  readonly #kind: ChannelMode['kind'];
  readonly #stored = new Promise<void>((resolve) => {
    this.store = resolve;
  });

  constructor(role: AuthRole, kind: ChannelMode['kind']) {
    const [carrier, peer] = memoryCarrierPair({ clock: this.clock, random: seededRandom(1) }).ends;
    this.peer = peer;
    this.#kind = kind;
    this.side = new PairingSide({ role, kind, onPaired: () => this.#stored });
    this.peerSide = new PairingSide({ role: role === 'offerer' ? 'answerer' : 'offerer', kind });
    const honest = new Handshake(this.peerSide.authenticator(this.side), {
      send: (message) => this.outbox.push(message),
      onConfirming: () => undefined,
      onReady: () => this.#askForSession(),
      onFailed: (error) => {
        throw error;
      },
    });
    peer.start({
      onMessage: (message) => this.#hear(message, honest),
      onDrained: () => undefined,
      onClosed: () => undefined,
    });
    this.victim = linkSide({
      carrier,
      clock: this.clock,
      dialer: this.dialer,
      authenticator: this.side.authenticator(this.peerSide),
    });
    honest.start();
    this.clock.advance(0);
  }

  get code(): ErrorCode | 'none' {
    return this.victim.log.endings[0]?.code ?? 'none';
  }

  /** Goes on until the victim is in this state. */
  async goTo(state: HandshakeState): Promise<this> {
    const states = STATES[this.#kind];
    for (const passed of states.slice(0, states.indexOf(state))) await this.#leaveState(passed);
    return this;
  }

  /** Goes on from this state to the end of the handshake. */
  async goOn(from: HandshakeState): Promise<void> {
    const states = STATES[this.#kind];
    for (const passed of states.slice(states.indexOf(from), -1)) await this.#leaveState(passed);
  }

  /** Sends messages to the victim, and lets it act on them. */
  async send(...messages: Uint8Array[]): Promise<void> {
    for (const message of messages) this.peer.send(message);
    this.clock.advance(1);
    await promisesSettled();
    this.clock.advance(1000);
  }

  /** Lets the peer's next message through. */
  async passNext(): Promise<void> {
    this.peer.send(this.outbox.shift() as Uint8Array);
    this.clock.advance(0);
    await promisesSettled();
    this.clock.advance(0);
  }

  async #leaveState(state: HandshakeState): Promise<void> {
    if (state === 'confirming') {
      this.side.say(true);
      this.peerSide.say(true);
      await promisesSettled();
      this.clock.advance(0);
    }
    if (state !== 'keeping') return this.passNext();
    this.store();
    await promisesSettled();
    this.clock.advance(0);
  }

  #hear(message: Uint8Array, honest: Handshake): void {
    if (message[0] !== FRAME.HANDSHAKE) return;
    const frame = parseFrame(message);
    const kind = parseHandshake(frame);
    this.heard.push(kind);
    if (['hello', 'auth', 'ready', 'confirm'].includes(kind.case ?? '')) honest.onFrame(frame);
    if (kind.case === 'resume' && !this.#victimDecides) this.peer.send(resume('begins'));
  }

  /** The larger id asks for a session, and the other decides. */
  #askForSession(): void {
    if (this.#victimDecides) this.peer.send(resume('asks'));
  }

  get #victimDecides(): boolean {
    return this.side.identity.deviceId < this.peerSide.identity.deviceId;
  }
}
