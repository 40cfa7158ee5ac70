/** Two sessions in this process, joined in memory in real time: a forward of the one leads to a share of the other. */
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import { memoryCarrierPair, type MemoryFaults } from '../../src/engine/carrier/memory.ts';
import { ForwardSet } from '../../src/engine/service/forward-set.ts';
import type { OpenForward } from '../../src/engine/service/forward-set.ts';
import { ShareBook } from '../../src/engine/service/share-book.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import type { PortholeError } from '../../src/shared/errors.ts';
import { FakeAuthenticator } from './fake-authenticator.ts';
import { SoleSession } from './sole-session.ts';
import { tapCarrier } from './tap-carrier.ts';
import { within, type Target } from './tcp.ts';

export interface SessionPairOptions {
  readonly target: Target;
  readonly random: () => number;
  readonly faults: MemoryFaults;
  /** Share of messages that arrive twice, 0 to 1, and how much later at most, ms. */
  readonly duplicates: number;
  readonly lateMs: number;
}

export class SessionPair {
  readonly #sharer: SoleSession;
  readonly #joiner: SoleSession;
  /** Why a session was over, or a forward failed, before anybody asked for it. */
  readonly #failures: PortholeError[] = [];
  readonly #forward: Promise<OpenForward>;

  private constructor(options: SessionPairOptions) {
    const { random, faults, target } = options;
    const [sharing, joining] = memoryCarrierPair({ clock: systemClock, random, faults }).ends;
    const shares = shareBook();
    shares.add({
      id: 'a5'.repeat(16),
      name: 'the target',
      target: { host: { name: target.host }, port: target.port },
      access: { kind: 'everyone', except: [] },
      lan: 'this-computer',
    });
    let onForward!: (forward: OpenForward) => void;
    this.#forward = new Promise((resolve) => {
      onForward = resolve;
    });
    this.#sharer = this.#session(sharing, { id: 'sharer', book: shares, options, onForward });
    const nothing = shareBook();
    this.#joiner = this.#session(joining, { id: 'joiner', book: nothing, options, onForward });
  }

  static async start(
    options: SessionPairOptions,
  ): Promise<{ readonly pair: SessionPair; readonly port: number }> {
    const pair = new SessionPair(options);
    await within('two sessions', Promise.all([pair.#sharer.ready, pair.#joiner.ready]));
    const { local, sharedPort } = await within('a forward', pair.#forward);
    const port = Number(local.split(':')[1]);
    if (port === sharedPort) throw new Error('the forward has the port of its target');
    return { pair, port };
  }

  /** Ends both; throws what went wrong in one of them before. */
  async stop(): Promise<void> {
    const [failure] = this.#failures;
    this.#joiner.close();
    await within('two sessions ending', Promise.all([this.#sharer.ended, this.#joiner.ended]));
    if (failure !== undefined) throw failure;
  }

  #session(
    inner: Carrier,
    {
      id,
      book,
      options,
      onForward,
    }: {
      id: string;
      book: ShareBook;
      options: SessionPairOptions;
      onForward: (forward: OpenForward) => void;
    },
  ): SoleSession {
    const { random, duplicates, lateMs } = options;
    const forwards = new ForwardSet({
      clock: systemClock,
      mode: 'all',
      entries: [],
      declined: [],
      events: {
        onOpened: onForward,
        onClosed: () => undefined,
        onFailed: (error) => this.#failures.push(error),
        onStates: () => undefined,
        onEntries: () => undefined,
      },
    });
    const session = new SoleSession({
      carrier: tapCarrier(inner, { clock: systemClock, random, duplicates, lateMs }),
      clock: systemClock,
      authenticator: new FakeAuthenticator(id),
      book,
      forwards,
      onClosed: (cause) => {
        if (cause !== undefined) this.#failures.push(cause);
      },
    });
    void session.ended.then(() => forwards.close());
    return session;
  }
}

/** Its targets hear from nobody but the tests. */
function shareBook(): ShareBook {
  return new ShareBook({
    clock: systemClock,
    random: Math.random,
    ownPorts: () => new Set(),
    probes: 'off',
    events: { onChanged: () => undefined, onHealth: () => undefined },
  });
}
