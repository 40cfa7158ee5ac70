/**
 * Connections through a forward that carry known bytes both ways without a pause: what an
 * application sees of a fault.
 *
 * Invariant: nothing is waited for without a limit.
 */
import { fileURLToPath } from 'node:url';
import type { Network } from '../networks.ts';
import type { ChildEvent } from '../processes.ts';
import { Child } from '../processes.ts';
import { within } from '../tcp.ts';
import type { StreamCommand } from './stream-ends.ts';

const SCRIPT = fileURLToPath(new URL('stream-ends.ts', import.meta.url));
/** Room for the attempts of one `through`. */
const NUMBERS = 10_000;
/** Bytes that must have come before a stream counts as flowing. */
const FLOWING_BYTES = 1024;
/** Longer than the longest fault and the longest hold together. */
const OVER_MS = 900_000;

/** How one end saw its connection end. */
export interface EndOfStream {
  /** `end` for FIN, else the name of errno. */
  readonly ending: string;
  /** The first byte that was not what the other end wrote. */
  readonly wrong: string | null;
  readonly received: number;
  readonly written: number;
  readonly atMs: number;
}

export interface EndsOfStream {
  readonly service: EndOfStream;
  readonly client: EndOfStream;
}

type Side = 'service' | 'client';
type Ends = Readonly<Record<Side, Child>>;

/** A service in one network and its clients in another. */
export class StreamPair {
  readonly servicePort: number;
  readonly #service: Child;
  readonly #client: Child;
  #numbers = 0;

  private constructor(service: Child, client: Child, servicePort: number) {
    this.#service = service;
    this.#client = client;
    this.servicePort = servicePort;
  }

  /** The service listens on `servicePort`. @default any that is free */
  static async start(service: Network, client: Network, servicePort = 0): Promise<StreamPair> {
    const children = [
      service.script('a service', SCRIPT, String(servicePort)),
      client.script('its clients', SCRIPT, '0'),
    ] as const;
    const [{ port }] = await Promise.all([
      children[0].event('listening'),
      children[1].event('listening'),
    ]);
    return new StreamPair(...children, Number(port));
  }

  /** A connection through the forward at `port` that flows both ways. */
  async open(port: number, ms = 60_000): Promise<Stream> {
    const id = this.#nextId();
    command(this.#client, { do: 'connect', id, port });
    const ends = { service: this.#service, client: this.#client };
    const stream = new Stream(id, ends);
    await stream.flowing(ms);
    return stream;
  }

  /** When a new connection through `port` first carried something. Starts trying now. */
  async through(port: number, ms: number): Promise<number> {
    const id = this.#nextId();
    command(this.#client, { do: 'through', id, port });
    const event = await this.#client.event('through', (at) => at['id'] === id, ms);
    return Number(event['atMs']);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#service.stop('SIGKILL'), this.#client.stop('SIGKILL')]);
  }

  #nextId(): number {
    return NUMBERS * ++this.#numbers;
  }
}

/** One connection, seen from both its ends. */
export class Stream {
  /** How each end saw it end, when it did. */
  readonly #over: Readonly<Record<Side, Promise<EndOfStream>>>;
  readonly #id: number;
  readonly #ends: Ends;

  constructor(id: number, ends: Ends) {
    this.#id = id;
    this.#ends = ends;
    this.#over = { service: this.#endOf('service'), client: this.#endOf('client') };
    // Whoever waits for it hears of a failure; nobody has to.
    for (const over of Object.values(this.#over)) over.catch(() => undefined);
  }

  /** Resolves when it is over at both ends. */
  async over(ms: number): Promise<EndsOfStream> {
    const { service, client } = this.#over;
    const both = Promise.all([service, client]);
    const [atService, atClient] = await within('the end of a stream', both, ms);
    return { service: atService, client: atClient };
  }

  /** When both directions had carried a byte that was written at `atMs` or later. */
  async fresh(atMs: number, ms: number): Promise<number> {
    const both = await Promise.all([
      this.#freshOneWay('service', 'client', { atMs, ms }),
      this.#freshOneWay('client', 'service', { atMs, ms }),
    ]);
    return Math.max(...both);
  }

  /** Ends it from the client's side. */
  async finish(ms: number): Promise<EndsOfStream> {
    command(this.#ends.client, { do: 'end', id: this.#id });
    return this.over(ms);
  }

  async flowing(ms: number): Promise<void> {
    const tooSoon = this.#over.client.then(({ ending }) => {
      throw new Error(`a connection was over before it carried anything: ${ending}`);
    });
    await Promise.race([this.carried(FLOWING_BYTES, ms), tooSoon]);
  }

  /** Resolves when each direction has carried so many bytes. */
  async carried(bytes: number, ms: number): Promise<void> {
    // The service knows a connection only when its number has come through: first the client.
    await this.#reach('client', bytes, ms);
    await this.#reach('service', bytes, ms);
  }

  async #freshOneWay(
    from: Side,
    to: Side,
    { atMs, ms }: { atMs: number; ms: number },
  ): Promise<number> {
    command(this.#ends[from], { do: 'first', id: this.#id, atMs });
    const { position } = await this.#event(from, 'first', { ms, sameAs: { atMs } });
    return this.#reach(to, Number(position), ms);
  }

  async #reach(side: Side, position: number, ms: number): Promise<number> {
    command(this.#ends[side], { do: 'reach', id: this.#id, position });
    const { atMs } = await this.#event(side, 'reached', { ms, sameAs: { position } });
    return Number(atMs);
  }

  async #endOf(side: Side): Promise<EndOfStream> {
    const { ending, wrong, received, written, atMs } = await this.#event(side, 'over', {
      ms: OVER_MS,
      sameAs: {},
    });
    return {
      ending: String(ending),
      wrong: typeof wrong === 'string' ? wrong : null,
      received: Number(received),
      written: Number(written),
      atMs: Number(atMs),
    };
  }

  /** An answer is told by what was asked: one that came too late is nobody else's. */
  async #event(side: Side, name: string, { ms, sameAs }: Sought): Promise<ChildEvent> {
    const wanted = Object.entries({ id: this.#id, ...sameAs });
    const fits = (event: ChildEvent): boolean =>
      wanted.every(([key, value]) => event[key] === value);
    return this.#ends[side].event(name, fits, ms);
  }
}

interface Sought {
  readonly ms: number;
  readonly sameAs: Readonly<Record<string, number>>;
}

function command(child: Child, what: StreamCommand): void {
  child.writeLine(JSON.stringify(what));
}
