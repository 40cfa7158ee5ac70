/**
 * A computer of a test: a real engine with a data folder of its own, and what it told. Starting it
 * again on the same folder is a restart of the computer.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine } from '../../src/engine/engine.ts';
import type { EngineOptions, Purpose } from '../../src/engine/engine.ts';
import type { PairingTalk } from '../../src/engine/peers/pairing-talk.ts';
import { openDataFolder } from '../../src/engine/store/open-data-folder.ts';
import type { FileSystem } from '../../src/engine/store/file-system.ts';
import type { DataFolder } from '../../src/engine/store/open-data-folder.ts';
import type {
  EngineEvent,
  PairingEvent,
  PairingInput,
  PeerView,
} from '../../src/shared/contract.ts';
import { within } from './tcp.ts';

type Changes = Partial<Pick<EngineOptions, 'rendezvous' | 'timeOfDay'>> & {
  /** @default the real one */
  readonly fileSystem?: FileSystem;
};

const opened = new Set<EngineComputer>();

/** Ends what a test left; to be called after each. */
export async function closeComputers(): Promise<void> {
  await Promise.all([...opened].map((computer) => computer.remove()));
}

export class EngineComputer {
  readonly folder = mkdtempSync(join(tmpdir(), 'porthole-engine-'));
  readonly events: EngineEvent[] = [];
  readonly #name: string;
  #waiting: (() => void)[] = [];
  #running: { readonly engine: Engine; readonly data: DataFolder } | undefined;

  constructor(name: string) {
    this.#name = name;
    opened.add(this);
  }

  get engine(): Engine {
    if (this.#running === undefined) throw new Error(`${this.#name} is off`);
    return this.#running.engine;
  }

  get peers(): readonly PeerView[] {
    return this.engine.peers();
  }

  async start(purpose: Purpose = 'keep', changes: Changes = {}): Promise<this> {
    const { fileSystem, ...engineChanges } = changes;
    const data = openDataFolder(this.folder, 'write', fileSystem ? { fileSystem } : {});
    const engine = new Engine({
      data,
      purpose,
      deviceName: this.#name,
      rendezvous: [],
      stun: [],
      emit: (event) => this.#tell(event),
      ...engineChanges,
    });
    this.#running = { engine, data };
    await engine.start();
    return this;
  }

  async stop(): Promise<void> {
    await this.#running?.engine.close();
    this.#running?.data.close();
    this.#running = undefined;
    this.events.length = 0;
  }

  async remove(): Promise<void> {
    opened.delete(this);
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Resolves when `condition` holds; looked at after each event. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const wait = async (): Promise<void> => {
      while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    };
    await within(`${this.#name}: ${what}`, wait());
  }

  /** Resolves when the link with its only peer is up. */
  async up(): Promise<void> {
    await this.until('the link is up', () => this.peers[0]?.state === 'up');
  }

  #tell(event: EngineEvent): void {
    this.events.push(event);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** A person who confirms whatever they see, and tells what it was. */
export class Person implements PairingTalk {
  readonly signal: AbortSignal;
  readonly seen: PairingEvent[] = [];
  readonly #says: readonly PairingInput[];
  #next = 0;
  #resolveLink!: (link: string) => void;
  #resolveAsked!: () => void;
  #resolveAnswered!: () => void;
  readonly link = new Promise<string>((resolve) => {
    this.#resolveLink = resolve;
  });

  /** It was asked to compare. */
  readonly asked = new Promise<void>((resolve) => {
    this.#resolveAsked = resolve;
  });
  /** It said whether the digits match, and that was taken in. */
  readonly answered = new Promise<void>((resolve) => {
    this.#resolveAnswered = resolve;
  });

  constructor(
    says: readonly PairingInput[] = [{ kind: 'verdict', match: true }],
    signal: AbortSignal = new AbortController().signal,
  ) {
    this.#says = says;
    this.signal = signal;
  }

  get digits(): string | undefined {
    const compare = this.seen.find((event) => event.kind === 'compare');
    return compare?.kind === 'compare' ? compare.digits : undefined;
  }

  emit(event: PairingEvent): void {
    this.seen.push(event);
    if (event.kind === 'invite') this.#resolveLink(event.link);
    if (event.kind === 'compare') this.#resolveAsked();
  }

  nextInput(): Promise<PairingInput> {
    const input = this.#says[this.#next++];
    if (input?.kind === 'verdict') setImmediate(() => this.#resolveAnswered());
    if (input !== undefined) return Promise.resolve(input);
    return new Promise((_resolve, reject) => {
      this.signal.addEventListener('abort', () => reject(new Error('gone')), { once: true });
    });
  }
}

/** Pairs two computers that run; `joiner` forwards what `sharer` shares. `grant`: id of a share. */
export async function pairComputers(
  sharer: EngineComputer,
  joiner: EngineComputer,
  grant: string | null = null,
) {
  const [host, guest] = [new Person(), new Person()];
  const invited = sharer.engine.invite({ mode: 'online', trust: 'compare', grant }, host);
  const joined = joiner.engine.join(
    { code: await host.link, trust: 'compare', localPort: null },
    guest,
  );
  await Promise.all([invited, joined]);
  return { host, guest };
}
