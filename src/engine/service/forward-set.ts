/**
 * The forwards to one peer. It lives as long as the engine, links come and go: the ports stay open
 * meanwhile, and connections to them are reset at once while there is no link.
 *
 * Invariant: a forward listens exactly while its share is wanted (by mode, entries and what was
 * declined) and, as far as the peer's last list tells, offered; at most one listens for a share.
 */
import { portholeError, toPortholeError } from '../../shared/errors.ts';
import type { PortholeError } from '../../shared/errors.ts';
import type { Clock } from '../../shared/clock.ts';
import { FORWARDS_PER_PEER_MAX } from '../../shared/limits.ts';
import type { CarrierReach } from '../carrier/carrier.ts';
import type { SharedService } from '../link/link.ts';
import { NO_TRAFFIC, sumOfTraffic } from '../tunnel/meter.ts';
import type { Traffic } from '../tunnel/meter.ts';
import type { TcpConnection } from '../tunnel/tcp-connection.ts';
import { Forward } from './forward.ts';
import type { ForwardLink, PortWish, Room } from './forward.ts';
import {
  entryOf,
  exactWish,
  findShare,
  firstWish,
  laterWish,
  listedById,
  ownTargetPort,
  reasonOf,
  remembered,
} from './forward-plan.ts';
import type { ForwardEntry, ForwardMode, PortReason } from './forward-plan.ts';

export interface OpenForward {
  /** Share id, hexadecimal. */
  readonly share: string;
  readonly name: string;
  /** `127.0.0.1:PORT`. */
  readonly local: string;
  /** The port the share has at its own computer. */
  readonly sharedPort: number;
  readonly why: PortReason;
}

/** `waiting`: the peer is offline, or does not offer it; connections are not led anywhere. */
export interface ForwardState extends OpenForward {
  readonly state: 'live' | 'waiting';
  /** The peer says that nothing answers at its target now; connections are tried all the same. */
  readonly down: boolean;
  /** What has gone through it since it was opened. */
  readonly traffic: Traffic;
}

/** The link that leads connections to the peer now. */
export interface ForwardTarget {
  readonly hasRoom: boolean;
  readonly reach: CarrierReach;
  openSocket(shareId: Uint8Array, local: TcpConnection): void;
}

export interface ForwardSetEvents {
  onOpened(forward: OpenForward): void;
  onClosed(forward: OpenForward): void;
  /** A port could not be opened by itself; what `connect()` asked for is told by its promise. */
  onFailed(error: PortholeError): void;
  /** The link came or went, or the peer's list came: `states()` may say something else. */
  onStates(): void;
  /** What is to be stored changed; both whole. */
  onEntries(entries: readonly ForwardEntry[], declined: readonly string[]): void;
}

export interface ForwardSetOptions {
  readonly clock: Clock;
  readonly mode: ForwardMode;
  /** As stored. */
  readonly entries: readonly ForwardEntry[];
  /** Ids of shares that a person wants no forward to; counts with `all`. */
  readonly declined: readonly string[];
  /** The local port a person asked for; needs a peer with a single share. */
  readonly localPort?: number | undefined;
  readonly events: ForwardSetEvents;
}

/** A forward that listens. */
interface Slot {
  readonly forward: Forward;
  readonly opened: OpenForward;
}

interface Opening {
  readonly forward: Forward;
  readonly share: SharedService;
  readonly why: PortReason;
}

export class ForwardSet {
  readonly #options: ForwardSetOptions;
  readonly #events: ForwardSetEvents;
  readonly #entries: Map<string, ForwardEntry>;
  readonly #declined: Set<string>;
  readonly #slots = new Map<string, Slot>();
  /** Of forwards that are closed. */
  #past = NO_TRAFFIC;
  /** Shares whose port is being opened; wanted meanwhile. */
  readonly #pending = new Map<string, Promise<unknown>>();
  readonly #forwardLink: ForwardLink;
  #mode: ForwardMode;
  #localPort: number | undefined;
  /** The peer's last list; none came yet. */
  #listed: ReadonlyMap<string, SharedService> | undefined;
  #link: ForwardTarget | undefined;
  #state: 'open' | 'closed' = 'open';

  constructor(options: ForwardSetOptions) {
    this.#options = options;
    this.#events = options.events;
    this.#entries = new Map(options.entries.map((entry) => [entry.share, entry]));
    this.#declined = new Set(options.declined);
    this.#mode = options.mode;
    this.#localPort = options.localPort;
    this.#forwardLink = {
      room: () => this.#room(),
      openSocket: (shareId, local) =>
        this.#link === undefined ? local.reset() : this.#link.openSocket(shareId, local),
    };
  }

  /** From now on everything the peer offers is wanted, at this local port if one is given. */
  wantAll(localPort: number | undefined): void {
    this.#mode = 'all';
    this.#localPort = localPort;
  }

  /** Resolves when no port is being opened. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending.values());
  }

  /** The link in use. */
  get link(): ForwardTarget | undefined {
    return this.#link;
  }

  /** Opens the ports of the stored entries, with or without a link; resolves when that is settled. */
  async restore(): Promise<void> {
    const missing = [...this.#entries.values()].filter(
      ({ share }) => this.#isWanted(share) && !this.#slots.has(share),
    );
    await Promise.all(
      missing.map((entry) =>
        this.#openQuietly(entry.share, remembered(entry), laterWish(entry, undefined)),
      ),
    );
  }

  /** The link to lead connections over from now on; `undefined`: the peer is offline. */
  setLink(link: ForwardTarget | undefined): void {
    this.#link = link;
    for (const { forward } of this.#slots.values()) {
      if (link === undefined) forward.onOffline();
      else forward.onRoom();
    }
    this.#events.onStates();
  }

  /** Takes the peer's whole list. */
  update(shares: readonly SharedService[]): void {
    if (this.#state === 'closed') return;
    this.#listed = listedById(shares);
    if (this.#localPort !== undefined && this.#listed.size > 1) {
      const problem = '--local needs a single share, and the other computer shares several.';
      return this.#events.onFailed(portholeError('E_USAGE', { problem }));
    }
    this.#closeUnwanted();
    this.#refreshEntries();
    for (const [id, share] of this.#listed) if (this.#isWanted(id)) this.#keepOpen(id, share);
    this.#events.onStates();
  }

  onRoom(): void {
    for (const { forward } of this.#slots.values()) forward.onRoom();
  }

  /**
   * Opens a forward to a share named by id, name or port, on `localPort` or as usual. One that is
   * open already stays, or moves to `localPort`. Rejects with `E_SHARE_UNKNOWN`, `E_AMBIGUOUS`,
   * `E_PORT_BUSY` or `E_PORT_PRIVILEGED`; then all is as before.
   */
  async connect(named: string, localPort?: number): Promise<OpenForward> {
    const id = findShare(named, this.#known());
    while (this.#pending.has(id)) await this.#pending.get(id)?.catch(() => {});
    const share = this.#known().get(id);
    const { opened } = this.#slots.get(id) ?? {};
    if (opened !== undefined && (localPort === undefined || opened.local === localOf(localPort)))
      return opened;
    const forward = share && (await this.#open(id, share, this.#wishFor(id, share, localPort)));
    if (forward === undefined) throw portholeError('E_SHARE_UNKNOWN', { share: named });
    if (this.#declined.delete(id)) this.#tellEntries();
    return forward;
  }

  /**
   * Closes a forward named by share id, share name, local address or local port, and forgets it; with
   * `all` its share is declined. Returns what it was. Throws `E_FORWARD_UNKNOWN` or `E_AMBIGUOUS`.
   */
  disconnect(named: string): ForwardState {
    const states = this.states();
    const exact = states.find(
      ({ share, local }) => named === share || named === local || named === local.split(':')[1],
    );
    const byName = states.filter(({ name }) => name === named);
    const found = exact ?? byName[0];
    if (found === undefined) throw portholeError('E_FORWARD_UNKNOWN', { forward: named });
    if (exact === undefined && byName.length > 1) {
      const choices = byName.map(({ local }) => local).join(', ');
      throw portholeError('E_AMBIGUOUS', { name: named, choices });
    }
    this.#entries.delete(found.share);
    this.#pending.delete(found.share);
    if (this.#mode === 'all') this.#declined.add(found.share);
    this.#close(found.share);
    this.#tellEntries();
    return found;
  }

  /** Every forward there is, and those that wait for the peer to offer their share again. */
  states(): ForwardState[] {
    const open = [...this.#slots.values()].map((slot) => this.#stateOf(slot));
    const closed = [...this.#entries.values()]
      .filter(({ share }) => !this.#slots.has(share))
      .map((entry) => waitingState(entry));
    return [...open, ...closed];
  }

  /** What went through all of them since the engine started. */
  get traffic(): Traffic {
    const open = [...this.#slots.values()].map(({ forward }) => forward.traffic);
    return sumOfTraffic([this.#past, ...open]);
  }

  /** Closes every port, for good; the entries stay as they were told last. */
  close(): void {
    this.#state = 'closed';
    this.#link = undefined;
    for (const { forward } of this.#slots.values()) forward.close();
    this.#slots.clear();
  }

  // ── Which ───────────────────────────────────────────────────────────────────────────────────

  /** As far as is known: before the first list it may be. */
  #isOffered(id: string): boolean {
    return this.#listed?.has(id) ?? true;
  }

  #isWanted(id: string): boolean {
    if (!this.#isOffered(id)) return false;
    if (this.#pending.has(id)) return true;
    return this.#mode === 'all' ? !this.#declined.has(id) : this.#entries.has(id);
  }

  /** What can be named: the peer's list, or what is remembered of it before the first one came. */
  #known(): ReadonlyMap<string, SharedService> {
    const entries = [...this.#entries].map(([id, entry]) => [id, remembered(entry)] as const);
    return this.#listed ?? new Map(entries);
  }

  #closeUnwanted(): void {
    for (const id of this.#slots.keys()) if (!this.#isWanted(id)) this.#close(id);
  }

  #refreshEntries(): void {
    const before = JSON.stringify([...this.#entries.values()]);
    for (const [id, entry] of this.#entries) {
      const share = this.#listed?.get(id);
      if (share !== undefined) this.#entries.set(id, entryOf(id, share, entry.port));
    }
    if (JSON.stringify([...this.#entries.values()]) !== before) this.#tellEntries();
  }

  #keepOpen(id: string, share: SharedService): void {
    if (this.#pending.has(id)) return;
    const localPort = this.#localPort;
    this.#localPort = undefined;
    const { forward } = this.#slots.get(id) ?? {};
    const isRight =
      forward !== undefined &&
      forward.port !== ownTargetPort(share, this.#link?.reach) &&
      (localPort === undefined || forward.port === localPort);
    if (!isRight) void this.#openQuietly(id, share, this.#wishFor(id, share, localPort));
  }

  // ── Ports ───────────────────────────────────────────────────────────────────────────────────

  #wishFor(id: string, share: SharedService, localPort: number | undefined): PortWish {
    const ownTarget = ownTargetPort(share, this.#link?.reach);
    const entry = this.#entries.get(id);
    if (localPort !== undefined) return exactWish(localPort, ownTarget);
    return entry === undefined ? firstWish(share, ownTarget) : laterWish(entry, ownTarget);
  }

  async #openQuietly(id: string, share: SharedService, wish: PortWish): Promise<void> {
    try {
      await this.#open(id, share, wish);
    } catch (thrown) {
      if (this.#state === 'open') this.#events.onFailed(toPortholeError(thrown));
    }
  }

  /**
   * Opens a port for the share; one it had until then is closed once the new one is open. Resolves
   * with nothing when the share, or all of this, has gone meanwhile.
   */
  async #open(id: string, share: SharedService, wish: PortWish): Promise<OpenForward | undefined> {
    const { clock } = this.#options;
    const forward = new Forward({ shareId: share.id, clock, link: this.#forwardLink });
    const listening = forward.listen(wish);
    this.#pending.set(id, listening);
    let ownTarget: number | undefined;
    try {
      const outcome = await listening;
      ownTarget = ownTargetPort(share, this.#link?.reach);
      const isWanted = this.#pending.get(id) === listening && this.#isOffered(id);
      const leadsToItself = forward.port === ownTarget;
      if (this.#state === 'open' && isWanted && !leadsToItself)
        return this.#opened({ forward, share, why: reasonOf(wish, outcome, share) }, wish);
      forward.close();
      if (this.#state === 'closed' || !isWanted || ownTarget === undefined) return undefined;
    } finally {
      if (this.#pending.get(id) === listening) this.#pending.delete(id);
    }
    // The link came up meanwhile, and the peer is on this very computer.
    return this.#open(id, share, { anyBut: ownTarget });
  }

  #opened({ forward, share, why }: Opening, wish: PortWish): OpenForward {
    const id = Buffer.from(share.id).toString('hex');
    this.#close(id);
    const { name, port: sharedPort } = share;
    const opened = { share: id, name, local: localOf(forward.port), sharedPort, why };
    this.#slots.set(id, { forward, opened });
    this.#remember(id, { forward, share }, wish);
    this.#events.onOpened(opened);
    return opened;
  }

  /** A port that only stands in for the one that is kept, because that is taken now, is not kept. */
  #remember(id: string, { share, forward }: Omit<Opening, 'why'>, wish: PortWish): void {
    const kept = this.#entries.get(id);
    const standsIn = kept !== undefined && 'preferably' in wish && wish.preferably === kept.port;
    if (standsIn) return;
    this.#entries.set(id, entryOf(id, share, forward.port));
    this.#forgetSurplus();
    this.#tellEntries();
  }

  /** What is not offered is kept, it may come back; but a peer must not fill our store with it. */
  #forgetSurplus(): void {
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= FORWARDS_PER_PEER_MAX) return;
      if (!this.#isOffered(id)) this.#entries.delete(id);
    }
  }

  #close(id: string): void {
    const slot = this.#slots.get(id);
    this.#slots.delete(id);
    if (slot === undefined) return;
    // Connections that are open still belong to the link, and are counted no more.
    this.#past = { ...sumOfTraffic([this.#past, slot.forward.traffic]), connections: 0 };
    slot.forward.close();
    this.#events.onClosed(slot.opened);
  }

  // ── What is told ────────────────────────────────────────────────────────────────────────────

  #room(): Room {
    if (this.#link === undefined) return 'offline';
    return this.#link.hasRoom ? 'free' : 'full';
  }

  #stateOf({ opened, forward }: Slot): ForwardState {
    const share = this.#listed?.get(opened.share);
    const isLive = this.#link !== undefined && share !== undefined;
    return {
      ...opened,
      name: share?.name ?? opened.name,
      state: isLive ? 'live' : 'waiting',
      down: isLive && share.down,
      traffic: forward.traffic,
    };
  }

  #tellEntries(): void {
    this.#events.onEntries([...this.#entries.values()], [...this.#declined]);
  }
}

function localOf(port: number): string {
  return `127.0.0.1:${port}`;
}

function waitingState({ share, name, port, sharedPort }: ForwardEntry): ForwardState {
  const why = port === sharedPort ? 'same-port' : 'asked-for';
  return {
    share,
    name,
    local: localOf(port),
    sharedPort,
    why,
    state: 'waiting',
    down: false,
    traffic: NO_TRAFFIC,
  };
}
