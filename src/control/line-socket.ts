/**
 * A stream socket that carries lines of text.
 *
 * Invariant: no more is held than one line of the longest allowed (and what one read brought), and
 * no more waits to be taken by the other side than CONTROL_OUTPUT_BYTES_MAX; whoever goes past
 * either is cut.
 */
import type { Socket } from 'node:net';
import { CONTROL_LINE_BYTES_MAX, CONTROL_OUTPUT_BYTES_MAX } from '../shared/limits.ts';

const NEWLINE = 0x0a;

export interface LineEvents {
  onLine(line: string): void;
  /** The last word; called once, also when this side ended it. */
  onClose(): void;
}

export class LineSocket {
  readonly #socket: Socket;
  readonly #events: LineEvents;
  /** Longest line taken now, bytes. */
  #lineBytesMax: number;
  #begun: Buffer[] = [];
  #begunBytes = 0;

  constructor(socket: Socket, lineBytesMax: number, events: LineEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#lineBytesMax = lineBytesMax;
    // The close that follows says it all.
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('close', () => events.onClose());
  }

  allowLongLines(): void {
    this.#lineBytesMax = CONTROL_LINE_BYTES_MAX;
  }

  /** Sends a whole line with its end. */
  write(line: string): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.write(line);
    if (this.#socket.writableLength > CONTROL_OUTPUT_BYTES_MAX) this.cut();
  }

  /** Says a last line and hangs up once it is on its way; `cut()` is for who does not take it. */
  end(line: string): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.end(line, () => this.cut());
  }

  cut(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    let rest = chunk;
    for (let at = rest.indexOf(NEWLINE); at >= 0; at = rest.indexOf(NEWLINE)) {
      this.#keep(rest.subarray(0, at));
      rest = rest.subarray(at + 1);
      if (this.#isDeaf()) return;
      this.#events.onLine(this.#takeLine());
    }
    this.#keep(rest);
    this.#isDeaf();
  }

  /** Whether nothing more is to be read: this side has hung up, or the line has become too long. */
  #isDeaf(): boolean {
    if (this.#begunBytes > this.#lineBytesMax) this.cut();
    if (!this.#socket.destroyed && !this.#socket.writableEnded) return false;
    this.#begun = [];
    this.#begunBytes = 0;
    return true;
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#begun.push(part);
    this.#begunBytes += part.length;
  }

  #takeLine(): string {
    const line = Buffer.concat(this.#begun).toString('utf8');
    this.#begun = [];
    this.#begunBytes = 0;
    return line;
  }
}
