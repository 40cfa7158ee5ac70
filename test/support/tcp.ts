/**
 * TCP connections of the tests: opened, filled, read to their end, with errors that say what was
 * waited for.
 *
 * Invariant: every socket from here allows half-open connections and has an error listener, so an
 * unexpected reset fails the test that waits for something and never the whole run.
 */
import type { Server, Socket } from 'node:net';
import { connect } from 'node:net';
import { once } from 'node:events';
import { ByteCheck } from './seeded-bytes.ts';
import type { SeededBytes } from './seeded-bytes.ts';

const WAIT_MS = 30_000;
/** Longest wait of all; less makes a way that is known to be broken fail sooner. */
const PATIENCE_MS = Number(process.env['TEST_PATIENCE_MS'] ?? Number.POSITIVE_INFINITY);

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Waits for `promise`; after `ms` fails with a sentence about `what`. */
export async function within<T>(what: string, promise: Promise<T>, ms = WAIT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const patience = Math.min(ms, PATIENCE_MS);
    timer = setTimeout(() => reject(new Error(`${what}: not within ${patience} ms`)), patience);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Listens on a free port of 127.0.0.1 and returns it. */
export async function listen(server: Server, backlog = 2048): Promise<number> {
  server.listen({ port: 0, host: '127.0.0.1', backlog });
  await within('listening', once(server, 'listening'));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A port of 127.0.0.1 that nothing listens on. */
export async function freePort(server: Server): Promise<number> {
  const port = await listen(server);
  server.close();
  await within('closing a server', once(server, 'close'));
  return port;
}

/** Readies a socket for the tests; nothing is read from it yet. */
export function tame(socket: Socket): Socket {
  socket.pause();
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  return socket;
}

/** Starts a connection to 127.0.0.1 without waiting; reading is paused. */
export function dial(port: number): Socket {
  return tame(connect({ port, host: '127.0.0.1', allowHalfOpen: true }));
}

/** A connection to 127.0.0.1 once it is open; reading is paused. */
export async function connectTo(port: number): Promise<Socket> {
  const socket = dial(port);
  await within(`connecting to port ${port}`, once(socket, 'connect'));
  return socket;
}

/** Resolves when the socket is closed, at once if it already is. */
export async function closed(socket: Socket, what = 'a connection'): Promise<void> {
  if (socket.closed) return;
  await within(`${what} closing`, new Promise<void>((resolve) => socket.once('close', resolve)));
}

/** How a stream of bytes ended: FIN, or the error code of its end (`ECONNRESET` for RST). */
export type Ending = 'end' | 'ECONNRESET' | (string & {});

/**
 * Node reports a plain end when data and RST came together; the kernel then has no peer any more.
 * Behind our own FIN the two look alike, so tests that wait for a reset must not have ended before.
 */
function endingAtEnd(socket: Socket): Ending {
  return !socket.writableFinished && socket.remoteAddress === undefined ? 'ECONNRESET' : 'end';
}

function endingAtClose(socket: Socket): Ending {
  const { errored } = socket;
  if (errored === null) return 'closed';
  return 'code' in errored ? String(errored.code) : errored.message;
}

/** Reads to the end of the stream, calling `take` with all that comes; resolves with how it ended. */
export async function readToEnd(
  socket: Socket,
  take: (chunk: Buffer) => void,
  ms = WAIT_MS,
): Promise<Ending> {
  if (socket.destroyed) return endingAtClose(socket);
  const ending = new Promise<Ending>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (thrown) {
        reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
        socket.destroy();
      }
    });
    socket.once('end', () => resolve(endingAtEnd(socket)));
    socket.once('close', () => resolve(endingAtClose(socket)));
  });
  socket.resume();
  return within('the end of a stream', ending, ms);
}

export interface Received {
  readonly bytes: number;
  readonly ending: Ending;
}

/** Reads to the end and compares every byte; says how many came and how the stream ended. */
export async function receive(
  socket: Socket,
  expected: SeededBytes,
  ms = WAIT_MS,
): Promise<Received> {
  const check = new ByteCheck(expected);
  try {
    const ending = await readToEnd(socket, (chunk) => check.add(chunk), ms);
    return { bytes: check.received, ending };
  } catch (thrown) {
    throw new Error(`after ${check.received} bytes`, { cause: thrown });
  }
}

/** Reads exactly the first `count` bytes and stops reading. */
export async function readBytes(socket: Socket, count: number): Promise<Buffer> {
  const listening = new AbortController();
  const parts: Buffer[] = [];
  let missing = count;
  const done = new Promise<void>((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      parts.push(chunk);
      missing -= chunk.length;
      if (missing <= 0) resolve();
    };
    const onOver = (): void => reject(new Error(`over with ${missing} of ${count} bytes missing`));
    socket.on('data', onData).on('end', onOver).on('close', onOver);
    listening.signal.addEventListener('abort', () => {
      socket.off('data', onData).off('end', onOver).off('close', onOver);
    });
  });
  socket.resume();
  try {
    await within(`${count} bytes`, done);
  } finally {
    socket.pause();
    listening.abort();
  }
  return Buffer.concat(parts);
}

/** The next time there is room to write, or the end of the connection. */
async function room(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}

/**
 * Writes `total` bytes as fast as the connection takes them; resolves with how many were written
 * when all are, or the connection is closed. Does not end the stream.
 */
export async function send(
  socket: Socket,
  { bytes, total, chunkBytes = 65_536 }: { bytes: SeededBytes; total: number; chunkBytes?: number },
): Promise<number> {
  let sent = 0;
  while (sent < total && socket.writable) {
    const chunk = bytes.slice(sent, Math.min(total - sent, chunkBytes));
    sent += chunk.length;
    if (!socket.write(chunk)) await room(socket);
  }
  return sent;
}

/** What the operating system has taken of what was written to the socket. */
export function takenByKernel(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength;
}

/**
 * Resolves with `progress()` once it has not moved for `quietMs`. The only honest way to see that
 * something has stopped; whoever calls this must be right even when it is merely slow.
 */
export async function settled(progress: () => number, quietMs = 500): Promise<number> {
  let seen = progress();
  let since = performance.now();
  while (performance.now() - since < quietMs) {
    await new Promise((resolve) => {
      setTimeout(resolve, quietMs / 10);
    });
    const now = progress();
    if (now === seen) continue;
    seen = now;
    since = performance.now();
  }
  return seen;
}
