/**
 * Whole engines in this process, each with a data folder of its own, and the people in front of
 * them: everything is real but the terminal.
 *
 * Invariant: `closeEngines()` leaves nothing of them behind.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine, type Purpose } from '../../src/engine/engine.ts';
import type { PairingTalk } from '../../src/engine/peers/pairing-talk.ts';
import { openDataFolder, type DataFolder } from '../../src/engine/store/open-data-folder.ts';
import type {
  EngineEvent,
  PairingEvent,
  PairingInput,
  PeerView,
} from '../../src/shared/contract.ts';
import { closeLater } from './pairing-computers.ts';

export interface TestEngineOptions {
  readonly name: string;
  readonly purpose: Purpose;
  readonly rendezvous?: readonly string[];
  /** @default a new one */
  readonly folder?: string;
}

/** One computer: its engine, and what it told. */
export class TestEngine {
  readonly engine: Engine;
  readonly data: DataFolder;
  readonly folder: string;
  readonly events: EngineEvent[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor({ name, purpose, rendezvous = [], folder }: TestEngineOptions) {
    this.folder = folder ?? mkdtempSync(join(tmpdir(), 'porthole-engine-'));
    this.data = openDataFolder(this.folder, 'write');
    this.engine = new Engine({
      data: this.data,
      purpose,
      deviceName: name,
      rendezvous,
      stun: [],
      emit: (event) => {
        this.events.push(event);
        for (const look of this.#waiting) look();
      },
    });
  }

  static async start(options: TestEngineOptions): Promise<TestEngine> {
    const made = new TestEngine(options);
    closeLater(async () => {
      await made.close();
      rmSync(made.folder, { recursive: true, force: true });
    });
    await made.engine.start();
    return made;
  }

  #closing: Promise<void> | undefined;

  /** Ends the engine; its folder stays. Safe to call again. */
  async close(): Promise<void> {
    this.#closing ??= this.engine.close().then(() => this.data.close());
    await this.#closing;
  }

  /** The first event that fits, of those told and those to come. */
  async event(fits: (event: EngineEvent) => boolean): Promise<EngineEvent> {
    for (;;) {
      const found = this.events.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const look = (): void => {
          this.#waiting.delete(look);
          resolve();
        };
        this.#waiting.add(look);
      });
    }
  }
}

/** A person who answers every question with `match`, or thinks for ever. */
export class Person implements PairingTalk {
  /** All that was said to them. */
  readonly heard: PairingEvent[] = [];
  readonly #abort = new AbortController();
  readonly #match: boolean | 'silent';
  #wake: (() => void)[] = [];

  constructor(match: boolean | 'silent' = true) {
    this.#match = match;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  emit(event: PairingEvent): void {
    this.heard.push(event);
    for (const wake of this.#wake.splice(0)) wake();
  }

  async nextInput(): Promise<PairingInput> {
    if (this.#match !== 'silent') return { kind: 'verdict', match: this.#match };
    return new Promise((_resolve, reject) => {
      const { signal } = this;
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }

  goAway(): void {
    this.#abort.abort(new Error('went away'));
  }

  /** The first event of that kind, said already or still to come. */
  async event<Kind extends PairingEvent['kind']>(
    kind: Kind,
  ): Promise<Extract<PairingEvent, { kind: Kind }>> {
    for (;;) {
      const found = this.heard.find((event) => event.kind === kind);
      if (found !== undefined) return found as Extract<PairingEvent, { kind: Kind }>;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** The link they were shown. */
  async link(): Promise<string> {
    return (await this.event('invite')).link;
  }
}

const ONLINE = { mode: 'online', trust: 'compare', grant: null } as const;

/** Pairs two engines as two honest people do. */
export async function pairEngines(
  one: TestEngine,
  other: TestEngine,
): Promise<[PeerView, PeerView]> {
  const [owner, guest] = [new Person(), new Person()];
  const inviting = one.engine.invite(ONLINE, owner);
  const code = await owner.link();
  const joining = other.engine.join({ code, trust: 'compare', localPort: null }, guest);
  return await Promise.all([inviting, joining]);
}
