/**
 * A TCP connection on this computer as a socket's handler sees it: to the application on the
 * opener's side, to the target on the other.
 *
 * Invariant: `onEnd` and `onReset` exclude each other, each comes at most once and no data after;
 * `onClosed` comes exactly once, last.
 */
export interface LocalEvents {
  /** Bytes the application sent. They belong to the receiver. */
  onData(chunk: Uint8Array): void;
  /** The application sent all it wanted to (FIN). */
  onEnd(): void;
  /** The application reset the connection, or it broke. */
  onReset(): void;
  /** Some of what was written has left for the application. */
  onWritten(): void;
  /** The connection is closed and its descriptor given back. */
  onClosed(): void;
}

export interface LocalConnection {
  /** Sets the receiver of events, once, and starts reading. */
  start(events: LocalEvents): void;
  pause(): void;
  resume(): void;
  /** Queues bytes for the application; they leave at the next `flush()`. */
  write(bytes: Uint8Array): void;
  flush(): void;
  /** Bytes written that the operating system has not taken yet. */
  unwrittenBytes(): number;
  /** FIN behind what was written. */
  end(): void;
  /** RST behind what was written; a reader that takes nothing is waited for only so long. */
  reset(): void;
}
