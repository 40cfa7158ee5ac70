/**
 * A net.Socket as a LocalConnection.
 *
 * It tells a reset from an end where Node does not, writes what one turn of the event loop brought
 * in one system call, and resets only behind what was written.
 */
import type { Socket } from 'node:net';
import { RESET_LINGER_MS, TCP_KEEPALIVE_MS } from '../../shared/limits.ts';
import type { Clock } from '../../shared/clock.ts';
import { ByteQueue } from './byte-queue.ts';
import type { LocalConnection, LocalEvents } from './local-connection.ts';
import { Meter } from './meter.ts';

type Incoming = 'open' | 'ended' | 'reset';

export class TcpConnection implements LocalConnection {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #meter: Meter;
  readonly #queue = new ByteQueue();
  #events: LocalEvents | undefined;
  #incoming: Incoming = 'open';
  #resetting: 'no' | 'when-written' = 'no';

  /**
   * The socket must allow half-open connections, and nobody may have asked for its remote address.
   * `meter` counts it.
   */
  constructor(socket: Socket, clock: Clock, meter: Meter = new Meter()) {
    this.#meter = meter;
    meter.connections += 1;
    socket.once('close', () => {
      meter.connections -= 1;
    });
    this.#socket = socket;
    this.#clock = clock;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
    socket.on('error', () => this.#onReset());
  }

  start(events: LocalEvents): void {
    this.#events = events;
    this.#socket.on('close', () => events.onClosed());
    this.#socket.on('end', () => this.#onEnd());
    this.#socket.on('data', (chunk: Uint8Array) => {
      this.#meter.sent += chunk.length;
      events.onData(chunk);
    });
    this.#socket.resume();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  write(bytes: Uint8Array): void {
    if (!this.#socket.writable) return;
    this.#meter.received += bytes.length;
    this.#queue.push(bytes);
  }

  /** One write at a time: what comes while the system takes no more waits in the queue, packed. */
  flush(): void {
    if (this.#socket.writableLength === 0) this.#writeQueue();
  }

  unwrittenBytes(): number {
    return this.#socket.destroyed ? 0 : this.#socket.writableLength + this.#queue.length;
  }

  end(): void {
    this.#writeQueue();
    this.#socket.end();
  }

  reset(): void {
    if (this.#socket.destroyed) return;
    this.#writeQueue();
    this.#socket.removeAllListeners('data');
    this.#socket.resume();
    if (this.#isAllOut) {
      this.#socket.resetAndDestroy();
      return;
    }
    this.#resetting = 'when-written';
    this.#socket.once('finish', this.#onWritten);
    const cancel = this.#clock.after(RESET_LINGER_MS, () => this.#socket.resetAndDestroy());
    this.#socket.once('close', cancel);
  }

  readonly #onWritten = (): void => {
    if (this.#resetting === 'when-written') {
      if (this.#isAllOut) this.#socket.resetAndDestroy();
      return;
    }
    this.flush();
    this.#events?.onWritten();
  };

  /**
   * Nothing waits to be written, and no FIN is on its way: libuv refuses to reset a connection while
   * it is shutting down (EINVAL), and Node then never closes it.
   */
  get #isAllOut(): boolean {
    const { writableLength, writableEnded, writableFinished } = this.#socket;
    return writableLength === 0 && writableEnded === writableFinished;
  }

  #writeQueue(): void {
    if (this.#queue.length === 0 || !this.#socket.writable) return;
    const pieces = this.#queue.take();
    this.#socket.cork();
    pieces.forEach((piece, index) => {
      if (index < pieces.length - 1) this.#socket.write(piece);
      else this.#socket.write(piece, this.#onWritten);
    });
    this.#socket.uncork();
  }

  /**
   * libuv reports a clean end when data and RST arrive together. The kernel knows better: a
   * connection that was reset has no peer any more, one that was only ended by the other side has
   * (getpeername(2), ENOTCONN). Once our own FIN is out the two look alike, and it passes for an end.
   */
  #onEnd(): void {
    const wasReset = !this.#socket.writableFinished && this.#socket.remoteAddress === undefined;
    if (wasReset) this.#onReset();
    else if (this.#incoming === 'open') {
      this.#incoming = 'ended';
      this.#events?.onEnd();
    }
  }

  #onReset(): void {
    if (this.#incoming === 'reset') return;
    this.#incoming = 'reset';
    this.#events?.onReset();
    this.#socket.destroy();
  }
}
