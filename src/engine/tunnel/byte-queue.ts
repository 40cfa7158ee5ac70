/**
 * Bytes that wait for an application, in as few pieces as they need: small ones are copied together,
 * so that a window full of one-byte frames costs a window of memory and not a hundred.
 *
 * Invariant: what is waiting costs little more than its bytes, whatever the pieces were.
 */

/** Pieces under this are copied together, bytes: keeping one costs some 250 bytes of objects. */
const SMALL_PIECE_BYTES = 4096;

/** Size of the blocks small pieces are copied into, bytes. The last one is trimmed by `take()`. */
const BLOCK_BYTES = 16_384;

export class ByteQueue {
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  /** The last piece while it has room, with how much of it is used. */
  #block: Uint8Array | undefined;
  #used = 0;

  /** Bytes waiting. */
  get length(): number {
    return this.#bytes;
  }

  /** Adds bytes; they must not change afterwards. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#bytes += bytes.length;
    if (bytes.length < SMALL_PIECE_BYTES && this.#bytes > bytes.length) this.#pack(bytes);
    else this.#append(bytes);
  }

  /** All that waits, in order; the queue is empty then. */
  take(): Uint8Array[] {
    this.#closeBlock();
    const pieces = this.#pieces;
    this.clear();
    return pieces;
  }

  clear(): void {
    this.#pieces = [];
    this.#bytes = 0;
    this.#block = undefined;
  }

  #append(bytes: Uint8Array): void {
    this.#closeBlock();
    this.#pieces.push(bytes);
  }

  #pack(bytes: Uint8Array): void {
    if (this.#block === undefined || this.#used + bytes.length > BLOCK_BYTES) {
      this.#closeBlock();
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#used = 0;
    }
    this.#block.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #closeBlock(): void {
    if (this.#block !== undefined) this.#pieces.push(this.#block.subarray(0, this.#used));
    this.#block = undefined;
  }
}
