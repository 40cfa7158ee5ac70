/**
 * A process at one end of connections that carry a known stream both ways, a little every few
 * milliseconds: the service behind a share, or a client of a forward. One command a line on its
 * standard input, one event a line on its standard output; ends with its standard input. Its argument
 * is the port it listens on, 0 for any.
 *
 * A client's connection begins with its number (4 bytes); the bytes behind it depend on the number,
 * the direction and the position alone. A connection that sends no number (a look at the service's
 * health) is nobody's.
 *
 * Invariant: times are those of the kernel's monotonic clock, in ms, which all processes share.
 */
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { ByteCheck, SeededBytes } from '../seeded-bytes.ts';
import { dial, readBytes, readToEnd, tame } from '../tcp.ts';
import { nowMs } from './time.ts';

const NUMBER_BYTES = 4;
/** 50 KB/s each way: enough to see a gap of 10 ms, too little to fill the windows within 45 s. */
const PACE_MS = 10;
const PACE_BYTES = 512;
/** Between two attempts to get a connection through. */
const ATTEMPT_MS = 100;

export type StreamCommand =
  /** Opens connection `id`; `open`, and `over` when it is. */
  | { readonly do: 'connect'; readonly id: number; readonly port: number }
  /** `first`: the `position` of the first byte written at `atMs` or later. */
  | { readonly do: 'first'; readonly id: number; readonly atMs: number }
  /** `reached`: when the byte at `position` came. */
  | { readonly do: 'reach'; readonly id: number; readonly position: number }
  /** Writes no more and ends; the other side does the same when it has read it. */
  | { readonly do: 'end'; readonly id: number }
  /** `through`: when the first of many new connections carried something. */
  | { readonly do: 'through'; readonly id: number; readonly port: number };

const tell = (event: string, fields: object): void => {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
};

/** Something that was so from a time on; positions only grow. */
interface Mark {
  readonly atMs: number;
  readonly position: number;
}

/** One connection and both its streams. */
class StreamEnd {
  readonly #socket: Socket;
  readonly #id: number;
  readonly #written: Mark[] = [];
  readonly #received: Mark[] = [];
  readonly #source: SeededBytes;
  readonly #check: ByteCheck;
  #timer: NodeJS.Timeout | undefined;
  #position = 0;
  #wake: (() => void)[] = [];

  constructor(socket: Socket, { id, role }: { id: number; role: 'service' | 'client' }) {
    this.#socket = socket;
    this.#id = id;
    const [toClient, toService] = [new SeededBytes(2 * id), new SeededBytes(2 * id + 1)];
    this.#source = role === 'service' ? toClient : toService;
    this.#check = new ByteCheck(role === 'service' ? toService : toClient);
  }

  async run(): Promise<void> {
    this.#timer = setInterval(() => this.#write(), PACE_MS);
    let wrong: string | null = null;
    const reading = readToEnd(this.#socket, (chunk) => this.#take(chunk), 2 ** 31 - 1);
    const ending = await reading.catch((thrown: unknown) => {
      wrong = String(thrown);
      return 'wrong bytes';
    });
    this.end();
    const [received, written] = [this.#check.received, this.#position];
    tell('over', { id: this.#id, ending, wrong, received, written, atMs: nowMs() });
  }

  end(): void {
    clearInterval(this.#timer);
    if (this.#socket.writable) this.#socket.end();
  }

  async first(atMs: number): Promise<void> {
    const found = await this.#find(this.#written, (mark) => mark.atMs >= atMs);
    tell('first', { id: this.#id, atMs, position: found.position });
  }

  async reach(position: number): Promise<void> {
    const found = await this.#find(this.#received, (mark) => mark.position > position);
    tell('reached', { id: this.#id, position, atMs: found.atMs });
  }

  #write(): void {
    if (!this.#socket.writable || this.#socket.writableNeedDrain) return;
    const bytes = this.#source.slice(this.#position, PACE_BYTES);
    this.#mark(this.#written, this.#position);
    this.#position += bytes.length;
    this.#socket.write(bytes);
  }

  #take(chunk: Buffer): void {
    this.#check.add(chunk);
    this.#mark(this.#received, this.#check.received);
  }

  #mark(marks: Mark[], position: number): void {
    marks.push({ atMs: nowMs(), position });
    const wake = this.#wake;
    this.#wake = [];
    for (const look of wake) look();
  }

  async #find(marks: readonly Mark[], fits: (mark: Mark) => boolean): Promise<Mark> {
    for (;;) {
      const found = marks.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

const ends = new Map<number, StreamEnd>();

async function serve(socket: Socket): Promise<void> {
  tame(socket);
  const number = await readBytes(socket, NUMBER_BYTES).catch(() => undefined);
  if (number === undefined) return void socket.destroy();
  // What came together with the number is the stream's.
  if (number.length > NUMBER_BYTES) socket.unshift(number.subarray(NUMBER_BYTES));
  const id = number.readUInt32BE();
  const end = new StreamEnd(socket, { id, role: 'service' });
  ends.set(id, end);
  await end.run();
}

async function connect(id: number, port: number): Promise<void> {
  const socket = dial(port);
  socket.write(numbered(id));
  const end = new StreamEnd(socket, { id, role: 'client' });
  ends.set(id, end);
  await end.run();
}

/** Opens connections, one behind the other, until one has carried a byte from the service. */
async function through(firstId: number, port: number): Promise<void> {
  const sockets: Socket[] = [];
  const atMs = await new Promise<number>((resolve) => {
    const attempt = (): void => {
      const socket = dial(port);
      socket.write(numbered(firstId + sockets.length));
      socket.once('data', () => {
        clearInterval(timer);
        resolve(nowMs());
      });
      sockets.push(socket.resume());
    };
    const timer = setInterval(attempt, ATTEMPT_MS);
    attempt();
  });
  for (const socket of sockets) socket.destroy();
  tell('through', { id: firstId, atMs, attempts: sockets.length });
}

function numbered(id: number): Buffer {
  const bytes = Buffer.alloc(NUMBER_BYTES);
  bytes.writeUInt32BE(id);
  return bytes;
}

function endOf(id: number): StreamEnd {
  const end = ends.get(id);
  if (end === undefined) throw new Error(`there is no connection ${id}`);
  return end;
}

async function obey(command: StreamCommand): Promise<void> {
  switch (command.do) {
    case 'connect':
      return connect(command.id, command.port);
    case 'first':
      return endOf(command.id).first(command.atMs);
    case 'reach':
      return endOf(command.id).reach(command.position);
    case 'end':
      return endOf(command.id).end();
    case 'through':
      return through(command.id, command.port);
  }
}

const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
  void serve(socket);
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => {
  tell('listening', { port: (server.address() as AddressInfo).port });
});
createInterface({ input: process.stdin })
  .on('line', (line) => void obey(JSON.parse(line) as StreamCommand))
  .on('close', () => process.exit());
