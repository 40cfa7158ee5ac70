/**
 * What is to be told of one paired device, as a state machine without a clock: time is passed in.
 *
 * Invariant: nothing that lasted less than NOTICE_FLAP_MS is told. Connection:
 *
 *   | phase | what is seen                                               | then | told |
 *   | ----- | ---------------------------------------------------------- | ---- | ---- |
 *   | near  | not up, and it had open connections                        | gone |      |
 *   | gone  | up for NOTICE_FLAP_MS                                      | near |      |
 *   | gone  | NOTICE_LOST_MS without (while this computer is offline, or what | lost | lost |
 *   |       | answers has another key, no time passes)                   |      |      |
 *   | lost  | up for NOTICE_FLAP_MS                                      | near | back |
 *   | any   | it has removed this computer                               | near |      |
 *
 * A step that is told happens only when it may be told (notice-policy.ts); if it is not true any more
 * by then, it never does.
 */
import type { ForwardView, PeerView } from '../../shared/contract.ts';
import { NOTICE_FLAP_MS, NOTICE_LEAST_MS, NOTICE_LOST_MS } from '../../shared/limits.ts';

/** What is told of a device. */
export type DeviceNews =
  | { readonly kind: 'other-key' }
  | { readonly kind: 'lost'; readonly connections: number }
  | { readonly kind: 'back' }
  | { readonly kind: 'paired' }
  | { readonly kind: 'shares'; readonly shares: readonly ForwardView[] };

type Phase =
  | { readonly kind: 'near' }
  | { readonly kind: 'gone' | 'lost'; readonly at: number; readonly connections: number };

/** What a device was before this computer knew it. */
export type DeviceOrigin = 'known' | 'just-paired';

export class DeviceNotices {
  #peer: PeerView;
  #phase: Phase = { kind: 'near' };
  /** Since when it is up again; null while it is not, or was never away. */
  #upAt: number | null = null;
  #pairing: 'told' | 'to-tell';
  readonly #pairedAt: number;
  #otherKey: 'none' | 'to-tell' | 'told' = 'none';
  #network: 'online' | 'offline' = 'online';
  #shares: ForwardView[] = [];

  constructor(peer: PeerView, origin: DeviceOrigin, now: number) {
    this.#peer = peer;
    this.#pairing = origin === 'known' ? 'told' : 'to-tell';
    this.#pairedAt = origin === 'known' ? Number.NEGATIVE_INFINITY : now;
    this.#noteObstacle(peer);
  }

  get peer(): PeerView {
    return this.#peer;
  }

  /** Whether it is told to be lost, and that is over. */
  get isBack(): boolean {
    return this.#phase.kind === 'lost' && this.#upAt !== null;
  }

  onPeer(peer: PeerView, network: 'online' | 'offline', now: number): void {
    const before = this.#peer;
    const wasExplained = this.#isExplained;
    this.#peer = peer;
    this.#network = network;
    this.#noteObstacle(peer);
    if (peer.state === 'removed') this.#phase = { kind: 'near' };
    else if (peer.state === 'up') this.#upAt ??= now;
    else this.#onAway(Math.max(before.connections, peer.connections), now);
    if (wasExplained) this.restart(now);
  }

  /** Shares that this device never offered before. What comes with pairing is no news. */
  onShares(shares: readonly ForwardView[], now: number): void {
    if (now - this.#pairedAt < NOTICE_LEAST_MS) return;
    this.#shares.push(...shares);
  }

  /** The time that it was away does not count: this computer slept, or had no network. */
  restart(now: number): void {
    if (this.#phase.kind === 'gone') this.#phase = { ...this.#phase, at: now };
  }

  /** Whether its other key is still to be told. */
  get waitsForKey(): boolean {
    return this.#otherKey === 'to-tell';
  }

  /** Blocked by its key, which is told apart from everything else; told by this call. */
  takeOtherKey(): DeviceNews | null {
    if (this.#otherKey !== 'to-tell') return null;
    this.#otherKey = 'told';
    return { kind: 'other-key' };
  }

  /** What is to be told now, if anything; told by this call. */
  take(now: number): DeviceNews | null {
    return this.#takeConnection(now) ?? this.#takePairing() ?? this.#takeShares();
  }

  /** That two devices were paired is news only at once. */
  dropPairing(): void {
    this.#pairing = 'told';
  }

  /** When there may be something to tell; null while nothing is on its way. */
  nextAt(): number | null {
    if (this.#shares.length > 0) return Number.NEGATIVE_INFINITY;
    if (this.#phase.kind === 'near') return null;
    if (this.#upAt !== null) return this.#upAt + NOTICE_FLAP_MS;
    if (this.#phase.kind === 'lost' || this.#isExplained) return null;
    return this.#phase.at + NOTICE_LOST_MS;
  }

  /** Whether something else is known, and told, that keeps the device away. */
  get #isExplained(): boolean {
    return this.#network === 'offline' || this.#otherKey !== 'none';
  }

  #onAway(connections: number, now: number): void {
    this.#upAt = null;
    if (this.#phase.kind === 'near' && connections > 0) {
      this.#phase = { kind: 'gone', at: now, connections };
    }
  }

  #noteObstacle({ obstacle, state }: PeerView): void {
    if (obstacle === 'E_IDENTITY') {
      if (this.#otherKey === 'none') this.#otherKey = 'to-tell';
    } else if (state === 'up') this.#otherKey = 'none';
  }

  #takeConnection(now: number): DeviceNews | null {
    const phase = this.#phase;
    if (phase.kind === 'near') return null;
    if (this.#upAt !== null) {
      if (now - this.#upAt < NOTICE_FLAP_MS) return null;
      this.#phase = { kind: 'near' };
      return phase.kind === 'lost' ? { kind: 'back' } : null;
    }
    if (phase.kind === 'lost' || this.#isExplained) return null;
    if (now - phase.at < NOTICE_LOST_MS) return null;
    this.#phase = { ...phase, kind: 'lost' };
    return { kind: 'lost', connections: phase.connections };
  }

  #takePairing(): DeviceNews | null {
    if (this.#pairing === 'told') return null;
    this.#pairing = 'told';
    return { kind: 'paired' };
  }

  #takeShares(): DeviceNews | null {
    if (this.#shares.length === 0) return null;
    const shares = this.#shares;
    this.#shares = [];
    return { kind: 'shares', shares };
  }
}
