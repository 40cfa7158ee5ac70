/**
 * One paired device as this one knows it: its link while there is one, its forwards, and the calls
 * that bring the link back.
 *
 *   offline     no link; called again and again where it was last, or waited for
 *   connecting  a call is under way
 *   up          the link carries traffic
 *   removed     it has forgotten this device, or was forgotten here: final
 *
 * Invariant: at most one link counts; a second one takes its place, except where both sides called
 * at once: then the call of the device with the smaller id stays.
 */
import { isDeepStrictEqual } from 'node:util';
import type { EngineEvent, ForwardView, PeerView } from '../../shared/contract.ts';
import { compareDeviceIds } from '../../shared/device-id.ts';
import { portholeError, toPortholeError } from '../../shared/errors.ts';
import type { ErrorCode, PortholeError } from '../../shared/errors.ts';
import { CALL_COURTESY_MS, GLARE_MS, LINK_HEALTHY_MS } from '../../shared/limits.ts';
import type { Reach } from '../link/reach.ts';
import { dialable } from './dialable.ts';
import { shortDeviceId } from '../pairing/identity.ts';
import type { ForwardSet } from '../service/forward-set.ts';
import type { Session } from '../service/session.ts';
import type { PeerRecord } from '../store/peer-record.ts';
import type { PeerStore } from '../store/peer-store.ts';
import type { PeerContext } from './peer-context.ts';
import { PeerCaller } from './peer-caller.ts';

export interface PeerConnectionOptions {
  readonly deviceId: string;
  readonly context: PeerContext;
  readonly store: PeerStore;
  readonly forwards: ForwardSet | undefined;
  /** One call; resolves when the link is up. */
  readonly call: (record: PeerRecord, signal: AbortSignal) => Promise<void>;
  /** Whether there is any way to call this peer. */
  readonly canCall: (record: PeerRecord) => boolean;
  /** Where this device can be called, as the peer should know. */
  readonly reach: () => Reach;
  readonly emit: (event: EngineEvent) => void;
}

/** A link that came up. */
export interface NewLink {
  readonly session: Session;
  readonly initiator: 'us' | 'peer';
  /** A pairing always counts; of two calls one may have to go. */
  readonly origin: 'pairing' | 'call';
}

interface CurrentLink {
  readonly session: Session;
  readonly initiator: 'us' | 'peer';
  /** By the engine's clock, ms. */
  readonly since: number;
}

/** See the module header. */
export class PeerConnection {
  readonly deviceId: string;
  /** Short device id. */
  readonly id: string;
  readonly #options: PeerConnectionOptions;
  readonly #caller: PeerCaller;
  readonly #sharesArrived = new Set<() => void>();
  #link: CurrentLink | undefined;
  #calling: 'no' | 'wanted' = 'no';
  #hasShares: 'not-yet' | 'yes' = 'not-yet';
  #told: 'connecting' | 'up' | 'closed' | undefined;

  constructor(options: PeerConnectionOptions) {
    this.#options = options;
    this.deviceId = options.deviceId;
    this.id = shortDeviceId(options.deviceId);
    this.#caller = new PeerCaller({
      clock: options.context.clock,
      random: options.context.random,
      attempt: (signal) => this.#call(signal),
    });
  }

  get name(): string {
    return this.record.name;
  }

  /** Throws E_PEER_UNKNOWN once it was forgotten. */
  get record(): PeerRecord {
    const record = this.#options.store.get(this.deviceId);
    if (record === undefined) throw portholeError('E_PEER_UNKNOWN', { peer: this.id });
    return record;
  }

  get isUp(): boolean {
    return this.#link !== undefined;
  }

  /** Connections open over its link. */
  get liveSockets(): number {
    return this.#link?.session.liveSockets ?? 0;
  }

  get forwards(): ForwardSet | undefined {
    return this.#options.forwards;
  }

  view(): PeerView {
    const { name, pairedAt, lastSeen, trust } = this.record;
    const session = this.#link?.session;
    return {
      id: this.id,
      name,
      pairedAt: new Date(pairedAt).toISOString(),
      lastSeen: lastSeen === null ? null : new Date(lastSeen).toISOString(),
      state: trust === 'removed' ? 'removed' : this.#state(),
      path: session?.path ?? null,
      roundTripMs: session?.roundTripMs ?? null,
    };
  }

  forwardViews(): ForwardView[] {
    const peer = { peer: this.id, peerName: this.name };
    const states = this.#options.forwards?.states() ?? [];
    return states.map(({ down, state, ...forward }) => ({
      ...forward,
      state: down ? 'down' : state,
      ...peer,
    }));
  }

  /** Opens a forward to one of its shares; see `ForwardSet.connect`. */
  async connect(share: string, localPort: number | undefined): Promise<ForwardView> {
    const opened = await this.#options.forwards?.connect(share, localPort);
    const view = this.forwardViews().find((forward) => forward.share === opened?.share);
    if (view === undefined) throw portholeError('E_SHARE_UNKNOWN', { share });
    return view;
  }

  /** Calls the peer whenever there is no link, from now on. */
  keepCalling(): void {
    this.#calling = 'wanted';
    const { context, canCall } = this.#options;
    if (this.#link !== undefined || this.record.trust === 'removed') return;
    if (!canCall(this.record)) return;
    const isFirst = compareDeviceIds(context.identity.deviceId, this.deviceId) < 0;
    this.#caller.start(isFirst ? 0 : CALL_COURTESY_MS);
  }

  /** It authenticated under the pair key: both sides have stored it. */
  confirm(): void {
    if (this.record.trust !== 'confirmed') this.#remember({ trust: 'confirmed' });
  }

  /** Takes a link that is up, in place of the one before; or turns it away. */
  adopt({ session, initiator, origin }: NewLink): 'adopted' | 'turned-away' {
    const since = this.#options.context.clock.now();
    const current = this.#link;
    const isRival = origin === 'call' && current !== undefined;
    if (isRival && this.#staysBeside(current, { initiator, since })) return 'turned-away';
    this.#link = { session, initiator, since };
    current?.session.close();
    this.#caller.rest();
    this.#hasShares = 'not-yet';
    this.#tellLink('up', '');
    session.announceReach(this.#options.reach());
    this.#seen();
    return 'adopted';
  }

  /** The peer's whole list came over this link, and was taken in. */
  onShares(session: Session): void {
    if (this.#link?.session !== session) return;
    this.#hasShares = 'yes';
    for (const arrived of this.#sharesArrived) arrived();
  }

  onReach(session: Session, reach: Reach): void {
    if (this.#link?.session !== session) return;
    const before = this.record;
    const name = reach.name === '' ? before.name : reach.name;
    const after: PeerRecord = { ...before, ...dialable(reach, session.reach), name };
    if (!isDeepStrictEqual(after, before)) this.#remember(after);
  }

  /** A link that was adopted is over. `undefined` when this side ended it. */
  onClosed(session: Session, cause: PortholeError | undefined): void {
    const { clock } = this.#options.context;
    if (this.#link?.session !== session) return;
    if (clock.now() - this.#link.since >= LINK_HEALTHY_MS) this.#caller.reset();
    this.#seen();
    this.#link = undefined;
    const isRemoved = cause?.code === 'E_REMOVED';
    // What removing means is told by itself.
    this.#tellLink('closed', isRemoved ? '' : (cause?.message ?? ''));
    if (isRemoved) this.#removedByPeer(cause);
    else if (this.#calling === 'wanted') this.#callAgain();
  }

  /** Acts on a change of what is shared. */
  onShareChanged(shareId: string): void {
    this.#link?.session.onShareChanged(shareId);
  }

  announceReach(): void {
    this.#link?.session.announceReach(this.#options.reach());
  }

  /** Resolves when the first list of the peer's shares was taken in, after `patienceMs`, or at the end. */
  async firstShares(patienceMs: number): Promise<void> {
    if (this.#hasShares === 'not-yet') {
      await new Promise<void>((resolve) => {
        const arrived = (): void => {
          cancel();
          this.#sharesArrived.delete(arrived);
          resolve();
        };
        const cancel = this.#options.context.clock.after(patienceMs, arrived);
        this.#sharesArrived.add(arrived);
      });
    }
    await this.#options.forwards?.settled();
  }

  /** Ends the link and its forwards for good; `farewell` tells the peer why. */
  close(farewell?: ErrorCode): void {
    this.#calling = 'no';
    this.#caller.stop();
    this.#link?.session.close(farewell);
    this.#options.forwards?.close();
    for (const arrived of this.#sharesArrived) arrived();
  }

  #state(): 'up' | 'connecting' | 'offline' {
    if (this.#link !== undefined) return 'up';
    return this.#caller.isTrying ? 'connecting' : 'offline';
  }

  /** A second call of the same side says that its first link is gone. */
  #staysBeside(current: CurrentLink, rival: Omit<CurrentLink, 'session'>): boolean {
    const isGlare = rival.since - current.since < GLARE_MS && rival.initiator !== current.initiator;
    const own = this.#options.context.identity.deviceId;
    const smaller = compareDeviceIds(own, this.deviceId) < 0 ? 'us' : 'peer';
    return isGlare && current.initiator === smaller;
  }

  #callAgain(): void {
    if (this.#options.canCall(this.record)) this.#caller.startLater();
  }

  async #call(signal: AbortSignal): Promise<void> {
    // The first of many tries is news.
    if (this.#told !== 'connecting') this.#tellLink('connecting', '');
    await this.#options.call(this.record, signal);
  }

  #removedByPeer(cause: PortholeError): void {
    this.#remember({ trust: 'removed' });
    this.#tellError(cause);
  }

  /** A disk that is full must not end a link; the person hears of it. */
  #remember(change: Partial<PeerRecord>): void {
    try {
      this.#options.store.update(this.deviceId, (record) => ({ ...record, ...change }));
    } catch (thrown) {
      this.#tellError(toPortholeError(thrown));
    }
  }

  #tellError({ code, message }: PortholeError): void {
    this.#options.emit({ kind: 'notice', level: 'error', code, text: message });
  }

  #seen(): void {
    const { store, context } = this.#options;
    store.touch(this.deviceId, context.timeOfDay());
  }

  #tellLink(state: 'connecting' | 'up' | 'closed', reason: string): void {
    this.#told = state;
    const path = this.#link?.session.path ?? 'datachannel';
    const { id: peer, name: peerName } = this;
    this.#options.emit({ kind: 'link', peer, peerName, state, path, reason });
  }
}
