/**
 * A link with one carrier: a lane and the peer link that takes it, which calls nobody and, unless told
 * otherwise, holds nothing. So its session ends with the carrier, and `onEnded` says why, once.
 */
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import type { Authenticator, PeerIdentity } from '../../src/engine/link/authenticator.ts';
import { Lane, type LaneEnd, type LaneReceiver } from '../../src/engine/link/lane.ts';
import type { LinkEvents, SharedService } from '../../src/engine/link/link.ts';
import { PeerLink } from '../../src/engine/link/peer-link.ts';
import type { Reach } from '../../src/engine/link/reach.ts';
import type { Dialer } from '../../src/engine/tunnel/dialer.ts';
import type { LocalConnection } from '../../src/engine/tunnel/local-connection.ts';
import type { Clock } from '../../src/shared/clock.ts';
import type { ErrorCode, PortholeError } from '../../src/shared/errors.ts';
import { seededRandom } from '../../src/shared/random.ts';

interface SoleLinkEvents extends Omit<LinkEvents, 'onLaneSignal'> {
  /** The peer is authenticated; nothing was sent to it yet but the handshake. */
  onPeer?(peer: PeerIdentity): void;
  /** The carrier carries a session. */
  onUp(): void;
  /** The session is over, or there never was one: `undefined` when this side ended it, else why. */
  onEnded(cause: PortholeError | undefined): void;
}

export interface SoleLinkOptions {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  readonly dialer: Dialer;
  /** @default 0 */
  readonly holdMs?: number;
  readonly events: SoleLinkEvents;
}

export class SoleLink {
  readonly lane: Lane;
  readonly #options: SoleLinkOptions;
  #peerLink: PeerLink | undefined;
  #began: 'no' | 'yes' = 'no';
  #reported: 'no' | 'yes' = 'no';
  #closed: 'no' | 'yes' = 'no';

  constructor(options: SoleLinkOptions) {
    this.#options = options;
    const { carrier, clock, authenticator } = options;
    this.lane = new Lane({
      carrier,
      clock,
      authenticator,
      onReady: (lane, peer) => this.#ready(lane, peer),
    });
    // Before the peer is authenticated nobody else hears of the end.
    this.lane.joined.catch((cause: PortholeError) => {
      if (this.#peerLink === undefined) this.#report(cause);
    });
  }

  get peerLink(): PeerLink | undefined {
    return this.#peerLink;
  }

  get roundTripMs(): number | undefined {
    return this.lane.roundTripMs;
  }

  get liveSockets(): number {
    return this.#peerLink?.liveSockets ?? 0;
  }

  get hasRoom(): boolean {
    return this.#peerLink?.hasRoom ?? false;
  }

  get reach() {
    return this.lane.carrier.reach;
  }

  openSocket(shareId: Uint8Array, local: LocalConnection): void {
    if (this.#peerLink === undefined) local.reset();
    else this.#peerLink.openSocket(shareId, local);
  }

  announce(services: readonly SharedService[]): void {
    this.#peerLink?.session?.announce(services);
  }

  announceReach(reach: Reach): void {
    this.#peerLink?.session?.announceReach(reach);
  }

  close(farewell?: ErrorCode): void {
    this.#closed = 'yes';
    this.#peerLink?.close(farewell);
    this.lane.close(farewell);
    if (this.#peerLink === undefined) this.#report(undefined);
  }

  #ready(lane: Lane, peer: PeerIdentity): LaneReceiver {
    const { clock, authenticator, dialer, holdMs = 0, events } = this.#options;
    const { deviceId } = authenticator;
    events.onPeer?.(peer);
    const peerLink = new PeerLink({
      clock,
      random: seededRandom(Buffer.from(deviceId).reduce((sum, byte) => sum + byte, 0)),
      deviceId,
      peerId: peer.deviceId,
      peerName: () => peer.name,
      holdMs,
      dialer,
      call: () => Promise.reject(new Error('there is nobody to call')),
      canCall: () => false,
      makeLane: () => Promise.reject(new Error('there is nothing to make it with')),
      events: {
        onState: () => undefined,
        onUp: () => events.onUp(),
        onOver: (cause) => this.#report(cause),
        onShares: (shares) => events.onShares(shares),
        onReach: (reach) => events.onReach(reach),
        onSocketRefused: (code) => events.onSocketRefused(code),
        onRoom: () => events.onRoom(),
        onLaneSignal: () => undefined,
      },
    });
    this.#peerLink = peerLink;
    return this.#watched(peerLink.take(lane, 'call'));
  }

  /** The same receiver, with a look at what nobody else is told: the end of a lane that never joined. */
  #watched(receiver: LaneReceiver): LaneReceiver {
    return {
      isActive: () => receiver.isActive(),
      onResume: (lane, part) => {
        receiver.onResume(lane, part);
        if (this.#peerLink?.session !== undefined) this.#began = 'yes';
      },
      onFrame: (lane, frame) => {
        this.#began = 'yes';
        receiver.onFrame(lane, frame);
      },
      onArrived: (lane) => receiver.onArrived(lane),
      onHealth: (lane) => receiver.onHealth(lane),
      onPeerLeft: (lane) => receiver.onPeerLeft(lane),
      onClosed: (lane, end) => {
        receiver.onClosed(lane, end);
        if (this.#began === 'no') this.#report(causeOf(end));
      },
    };
  }

  #report(cause: PortholeError | undefined): void {
    if (this.#reported === 'yes') return;
    this.#reported = 'yes';
    this.#options.events.onEnded(this.#closed === 'yes' ? undefined : cause);
  }
}

function causeOf(end: LaneEnd): PortholeError | undefined {
  return end.kind === 'left' ? undefined : end.cause;
}
