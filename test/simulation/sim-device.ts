/**
 * The one place where the simulation touches the engine: the link with one peer, over carriers that
 * the simulated network brings.
 */
import { tapCarrier } from '../support/tap-carrier.ts';
import { FakeAuthenticator } from '../support/fake-authenticator.ts';
import { Lane } from '../../src/engine/link/lane.ts';
import type { LinkState } from '../../src/engine/link/link-states.ts';
import { PeerLink, type LanePurpose } from '../../src/engine/link/peer-link.ts';
import type { Dialer } from '../../src/engine/tunnel/dialer.ts';
import type { LocalConnection } from '../../src/engine/tunnel/local-connection.ts';
import type { SimEnd } from './sim-carrier.ts';
import type { DeviceClock } from './device-clock.ts';

export type PeerState = LinkState;

export interface SimPeerOptions {
  readonly clock: DeviceClock;
  readonly random: () => number;
  readonly deviceId: string;
  readonly peerId: string;
  readonly holdMs: number;
  /** Share of messages that arrive twice. */
  readonly duplicates: number;
  readonly dialer: Dialer;
  readonly call: (signal: AbortSignal, onAnswered: () => void) => Promise<void>;
  /** Makes one more carrier beside those there are. */
  readonly makeLane: (purpose: LanePurpose) => Promise<void>;
  readonly onState: (state: PeerState) => void;
  /** A peer proved who it is on some carrier. */
  readonly onAuthenticated: () => void;
  readonly onMessage: (message: Uint8Array, carrier: string) => void;
  /** A session is over: why. */
  readonly onOver: (why: string) => void;
}

export class SimPeer {
  readonly #options: SimPeerOptions;
  readonly #link: PeerLink;
  #lastSession: string | undefined;
  #announcements = 0;
  /** The last that the peer announced. */
  heard: string | undefined;

  constructor(options: SimPeerOptions) {
    this.#options = options;
    const { clock, random, deviceId, peerId, holdMs, dialer } = options;
    this.#link = new PeerLink({
      clock,
      random,
      deviceId,
      peerId,
      peerName: () => peerId,
      holdMs,
      dialer,
      call: ({ signal, onAnswered }) => options.call(signal, onAnswered),
      canCall: () => true,
      makeLane: (_path, purpose) => options.makeLane(purpose),
      events: {
        onState: (state) => options.onState(state),
        onUp: () => this.#announce(),
        onOver: (cause) =>
          options.onOver(cause === undefined ? 'this side ended it' : String(cause)),
        onShares: ([share]) => {
          this.heard = share?.name;
        },
        onReach: () => undefined,
        onLaneSignal: () => undefined,
        onSocketRefused: () => undefined,
        onRoom: () => undefined,
      },
    });
  }

  get state(): PeerState {
    return this.#link.state;
  }

  /** Id of the session there is. */
  get session(): string | undefined {
    return this.#noteSession();
  }

  /** Id of the session there is, or else of the one before. */
  get lastSession(): string | undefined {
    this.#noteSession();
    return this.#lastSession;
  }

  get liveSockets(): number {
    return this.#link.liveSockets;
  }

  /** Bytes kept until the peer acknowledges them. */
  get keptBytes(): number {
    return this.#link.session?.keptBytes ?? 0;
  }

  /** Calls the peer from now on. */
  start(): void {
    this.#link.keepCalling();
  }

  /** Takes a carrier of either direction; resolves when it has joined or is not needed. */
  onCarrier(inner: SimEnd, purpose: LanePurpose): Promise<void> {
    const { clock, random, duplicates, deviceId, onAuthenticated } = this.#options;
    const onMessage = (message: Uint8Array): void => this.#options.onMessage(message, inner.name);
    const lane = new Lane({
      carrier: tapCarrier(inner, { clock, random, duplicates, onMessage }),
      clock,
      authenticator: new FakeAuthenticator(deviceId),
      onReady: (ready) => {
        onAuthenticated();
        return this.#link.take(ready, purpose);
      },
    });
    return lane.joined;
  }

  /** The last that was announced to the peer. */
  get announced(): string {
    return String(this.#announcements);
  }

  openSocket(shareId: Uint8Array, local: LocalConnection): void {
    this.#announce();
    this.#link.openSocket(shareId, local);
  }

  nudge(): void {
    this.#link.nudge();
  }

  close(): void {
    this.#link.close();
  }

  #noteSession(): string | undefined {
    const id = this.#link.session?.id;
    if (id !== undefined) this.#lastSession = id;
    return id;
  }

  /** Tells the peer something new, if there is a carrier; else it is told when there is one. */
  #announce(): void {
    this.#noteSession();
    this.#announcements += 1;
    const name = String(this.#announcements);
    this.#link.session?.announce([
      { id: Uint8Array.of(1), name, port: 1, loopback: true, down: false },
    ]);
  }
}
