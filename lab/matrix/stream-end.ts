/**
 * An application at one end of what is measured, as a process of its own. As `serve` it sends each
 * connection what that asks for; as `take` it asks, checks every byte, and tells what came when.
 *
 *   serve HOST
 *   take HOST PORT WISH      (WISH: see below, as JSON)
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { ByteCheck, SeededBytes } from '../../test/support/seeded-bytes.ts';

/** How long a transfer goes on: for a time of which the first part is not counted, or to its end. */
export type Box =
  | { readonly kind: 'time'; readonly warmUpMs: number; readonly ms: number }
  | { readonly kind: 'bytes'; readonly bytes: number; readonly limitMs: number };

export interface Wish {
  readonly seed: number;
  readonly box: Box;
}

export interface Taken {
  /** All that came, each byte the right one at its place. */
  readonly bytes: number;
  /** Of those, what came when it was counted, and in which time. */
  readonly countedBytes: number;
  readonly countedMs: number;
  /** The longest time without a byte, from the connection to the end of it all. */
  readonly longestGapMs: number;
  /** `time` when the box was full, else how the stream ended: `end`, or an error. */
  readonly ending: string;
}

const SLICE_BYTES = 65_536;

function tell(event: string, fields: object): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

// ── serve ───────────────────────────────────────────────────────────────────────────────────────

function pour(socket: Socket, { seed, box }: Wish): void {
  const stream = new SeededBytes(seed);
  const end = box.kind === 'bytes' ? box.bytes : Number.POSITIVE_INFINITY;
  let sent = 0;
  const fill = (): void => {
    let goesOn = true;
    while (goesOn && sent < end && !socket.destroyed) {
      const slice = stream.slice(sent, Math.min(SLICE_BYTES, end - sent));
      sent += slice.length;
      goesOn = socket.write(slice);
    }
    if (sent === end) socket.end();
  };
  socket.on('drain', fill);
  fill();
}

function serve(host: string): void {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    createInterface({ input: socket })
      .on('error', () => undefined)
      .once('line', (line) => pour(socket, JSON.parse(line) as Wish));
  });
  server.listen({ port: 0, host }, () => {
    tell('listening', { port: (server.address() as AddressInfo).port });
  });
}

// ── take ────────────────────────────────────────────────────────────────────────────────────────

class Taking {
  readonly #box: Box;
  readonly #check: ByteCheck;
  #startedAt = performance.now();
  #startedBytes = 0;
  #lastAt = performance.now();
  #longestGapMs = 0;

  constructor({ seed, box }: Wish) {
    this.#box = box;
    this.#check = new ByteCheck(new SeededBytes(seed));
  }

  /** From now on it is counted. */
  start(): void {
    this.#startedAt = performance.now();
    this.#startedBytes = this.#check.received;
  }

  /** Throws at the first wrong byte. */
  take(chunk: Buffer): void {
    this.#noteGap();
    this.#check.add(chunk);
  }

  taken(ending: string): Taken {
    this.#noteGap();
    const bytes = this.#check.received;
    const isShort = this.#box.kind === 'bytes' && ending === 'end' && bytes !== this.#box.bytes;
    return {
      bytes,
      countedBytes: bytes - this.#startedBytes,
      countedMs: performance.now() - this.#startedAt,
      longestGapMs: this.#longestGapMs,
      ending: isShort ? 'an end too early' : ending,
    };
  }

  #noteGap(): void {
    const now = performance.now();
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lastAt);
    this.#lastAt = now;
  }
}

function take(to: { readonly host: string; readonly port: number }, wish: Wish): void {
  const { box } = wish;
  const taking = new Taking(wish);
  const finish = (ending: string): never => {
    tell('taken', taking.taken(ending));
    process.exit(0);
  };
  const socket = connect({ ...to, noDelay: true }, () => socket.write(`${JSON.stringify(wish)}\n`));
  socket.on('data', (chunk: Buffer) => {
    try {
      taking.take(chunk);
    } catch (thrown) {
      finish(thrown instanceof Error ? thrown.message : String(thrown));
    }
  });
  socket.once('end', () => finish('end'));
  socket.once('error', (error) => finish('code' in error ? String(error.code) : error.message));
  if (box.kind === 'bytes') {
    setTimeout(() => finish('time'), box.limitMs);
    return;
  }
  setTimeout(() => taking.start(), box.warmUpMs);
  setTimeout(() => finish('time'), box.warmUpMs + box.ms);
}

const [role, host = '', port, wish = ''] = process.argv.slice(2);
if (role === 'serve') serve(host);
else take({ host, port: Number(port) }, JSON.parse(wish) as Wish);
