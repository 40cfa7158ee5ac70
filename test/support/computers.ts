/**
 * Computers in this process, with real shares and real forwards, joined in memory in real time.
 *
 * Invariant: `close()` ends everything of a computer, and `joinComputers` cuts what is left.
 */
import { memoryCarrierPair } from '../../src/engine/carrier/memory.ts';
import type { Carrier, CarrierReach } from '../../src/engine/carrier/carrier.ts';
import type { Lookup } from '../../src/engine/service/dial-target.ts';
import type { ForwardEntry, ForwardMode } from '../../src/engine/service/forward-plan.ts';
import { ForwardSet } from '../../src/engine/service/forward-set.ts';
import type { OpenForward } from '../../src/engine/service/forward-set.ts';
import { ShareBook } from '../../src/engine/service/share-book.ts';
import type { Share } from '../../src/engine/service/share-book.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import type { ErrorCode, PortholeError } from '../../src/shared/errors.ts';
import { seededRandom } from '../../src/shared/random.ts';
import { FakeAuthenticator } from './fake-authenticator.ts';
import { SoleSession } from './sole-session.ts';
import { within } from './tcp.ts';

export interface ComputerOptions {
  /** @default 'off' */
  readonly probes?: 'on' | 'off';
  readonly ownPorts?: ReadonlySet<number>;
  readonly lookup?: Lookup;
  readonly forwards?: {
    readonly mode?: ForwardMode;
    readonly entries?: readonly ForwardEntry[];
    readonly declined?: readonly string[];
    readonly localPort?: number;
  };
}

/** Waits for things to become so, woken by everything a computer is told. */
export class Computer {
  readonly id: string;
  readonly book: ShareBook;
  readonly forwards: ForwardSet;
  readonly sessions = new Set<SoleSession>();
  readonly opened: OpenForward[] = [];
  readonly closedForwards: OpenForward[] = [];
  readonly failures: PortholeError[] = [];
  readonly refused: ErrorCode[] = [];
  readonly health: string[] = [];
  readonly endings: (PortholeError | undefined)[] = [];
  /** How often the link came or went, or the peer's list came. */
  news = 0;
  entries: readonly ForwardEntry[] = [];
  declined: readonly string[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(id: string, options: ComputerOptions = {}) {
    this.id = id;
    const { probes = 'off', ownPorts = new Set(), lookup, forwards = {} } = options;
    this.book = new ShareBook({
      clock: systemClock,
      random: seededRandom(1),
      ownPorts: () => ownPorts,
      probes,
      ...(lookup ? { lookup } : {}),
      events: {
        onChanged: (shareId) => {
          for (const session of this.sessions) session.onShareChanged(shareId);
        },
        onHealth: (_shareId, health) => this.#note(() => this.health.push(health)),
      },
    });
    this.forwards = new ForwardSet({
      clock: systemClock,
      mode: forwards.mode ?? 'all',
      entries: forwards.entries ?? [],
      declined: forwards.declined ?? [],
      localPort: forwards.localPort,
      events: {
        onOpened: (forward) => this.#note(() => this.opened.push(forward)),
        onClosed: (forward) => this.#note(() => this.closedForwards.push(forward)),
        onFailed: (error) => this.#note(() => this.failures.push(error)),
        onStates: () => this.#note(() => (this.news += 1)),
        onEntries: (entries, declined) =>
          this.#note(() => {
            this.entries = entries;
            this.declined = declined;
          }),
      },
    });
  }

  /** Shares a port of this computer with everyone, or as `change` says. */
  share(port: number, change: Partial<Share> = {}): Share {
    const share: Share = {
      id: port.toString(16).padStart(32, '0'),
      name: `port ${port}`,
      target: { host: 'loopback', port },
      access: { kind: 'everyone', except: [] },
      lan: 'this-computer',
      ...change,
    };
    this.book.add(share);
    return share;
  }

  /** Resolves when `holds` does; looked at again after everything this computer is told. */
  async until(what: string, holds: () => boolean): Promise<void> {
    if (holds()) return;
    let look!: () => void;
    const held = new Promise<void>((resolve) => {
      look = () => {
        if (holds()) resolve();
      };
    });
    this.#waiting.add(look);
    await within(what, held).finally(() => this.#waiting.delete(look));
  }

  /** The local port of the only forward that listens, once there is one. */
  async port(): Promise<number> {
    await this.until('a forward', () =>
      this.forwards.states().some(({ state }) => state === 'live'),
    );
    const live = this.forwards.states().filter(({ state }) => state === 'live');
    return Number(live[0]?.local.split(':')[1]);
  }

  session(carrier: Carrier): SoleSession {
    const session = new SoleSession({
      carrier,
      clock: systemClock,
      authenticator: new FakeAuthenticator(this.id),
      book: this.book,
      forwards: this.forwards,
      onSocketRefused: (code) => this.#note(() => this.refused.push(code)),
      onClosed: (cause) => this.#note(() => this.endings.push(cause)),
    });
    this.sessions.add(session);
    void session.ended.finally(() => this.sessions.delete(session));
    return session;
  }

  async close(): Promise<void> {
    const sessions = [...this.sessions];
    for (const session of sessions) session.close();
    await within('sessions ending', Promise.all(sessions.map(({ ended }) => ended)));
    this.forwards.close();
    this.book.close();
  }

  #note(change: () => void): void {
    change();
    for (const look of this.#waiting) look();
  }
}

export interface Joined {
  readonly sever: () => void;
}

/** Joins two computers; resolves when both sides may send. */
export async function joinComputers(
  one: Computer,
  other: Computer,
  reach: CarrierReach = 'this-computer',
): Promise<Joined> {
  const pair = memoryCarrierPair({ clock: systemClock, random: seededRandom(1) });
  const [first, second] = pair.ends;
  const sessions = [one.session(withReach(first, reach)), other.session(withReach(second, reach))];
  await within('two sessions', Promise.all(sessions.map(({ ready }) => ready)));
  return { sever: () => pair.sever() };
}

/** The same carrier, as if its other end were where `reach` says. */
function withReach(carrier: Carrier, reach: CarrierReach): Carrier {
  return {
    kind: carrier.kind,
    binding: carrier.binding,
    reach,
    route: carrier.route,
    dataPayloadBytes: carrier.dataPayloadBytes,
    start: (events) => carrier.start(events),
    send: (message) => carrier.send(message),
    bufferedAmount: () => carrier.bufferedAmount(),
    close: () => carrier.close(),
  };
}
